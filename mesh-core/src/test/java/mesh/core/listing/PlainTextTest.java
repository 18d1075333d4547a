package mesh.core.listing;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Words of strangers move no cursor, turn no line around and fit. */
class PlainTextTest {
    @Test
    void escapesDirectionMarksAndInvisiblesAreGone() {
        assertThat(PlainText.of("\u001b[31mred\u001b[0m\u0007", 64)).isEqualTo("[31mred[0m");
        assertThat(PlainText.of("a\u202egnp.exe\u2066\u200b\ufeff\u00ad", 64)).isEqualTo("agnp.exe");
        assertThat(PlainText.of("a\r\nb\u0085\u2028c\ud800", 64)).isEqualTo("abc");
    }

    @Test
    void namesOfAllScriptsStay() {
        assertThat(PlainText.of(" Zürich 東京 🍕 ", 64)).isEqualTo("Zürich 東京 🍕");
    }

    @Test
    void whatIsTooLongIsCutBetweenCharacters() {
        assertThat(PlainText.of("x".repeat(10_000), 64)).hasSize(64);
        assertThat(PlainText.of("🍕🍕", 3)).isEqualTo("🍕");
    }
}
