package mesh.daemon.nostr;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The form that is hashed, for the characters on which implementations differ; JavaScript agrees, see NostrToolsIT. */
class CanonicalJsonTest {
    @Test
    void controlsAreEscapedShortOrInLowerCaseAndAllElseIsRaw() {
        assertThat(written("\b\t\n\f\r\"\\/")).isEqualTo("\"\\b\\t\\n\\f\\r\\\"\\\\/\"");
        assertThat(written("\u0000\u001b\u001f")).isEqualTo("\"\\u0000\\u001b\\u001f\"");
        assertThat(written("\u007f\u2028\u00e9\ud83c\udf55<>&'")).isEqualTo("\"\u007f\u2028\u00e9\ud83c\udf55<>&'\"");
        assertThat(written("a\ud800b\udfff")).isEqualTo("\"a\\ud800b\\udfff\"");
    }

    @Test
    void whatIsWrittenIsReadBackAsItWas() {
        var key = NostrKey.fresh();
        Event event = key.sign(new Event.Draft(
                7, 31_990, List.of(List.of("d", "\"\u001b\u2028"), List.of()), "\ud83c\udf55 \ud800 \u0000"));

        Event read = EventReader.json(CanonicalJson.event(event))
                .flatMap(EventReader::event)
                .orElseThrow();

        assertThat(read).isEqualTo(event);
        assertThat(read.isGenuine()).isTrue();
    }

    @Test
    void eventsThatAreNotStrictlyOneAreNone() {
        String good = CanonicalJson.event(NostrKey.fresh().sign(new Event.Draft(7, 1, List.of(), "x")));

        assertThat(parsed(good)).isTrue();
        assertThat(parsed(good.replaceFirst("\"id\":\"(.)", "\"id\":\"G"))).isFalse();
        assertThat(parsed(good.replace("\"kind\":1", "\"kind\":65536"))).isFalse();
        assertThat(parsed(good.replace("\"kind\":1", "\"kind\":1.5"))).isFalse();
        assertThat(parsed(good.replace("\"created_at\":7", "\"created_at\":-7")))
                .isFalse();
        assertThat(parsed(good.replace("\"created_at\":7", "\"created_at\":1e99")))
                .isFalse();
        assertThat(parsed(good.replace("\"tags\":[]", "\"tags\":[[1]]"))).isFalse();
        assertThat(parsed(good.replace("\"content\":\"x\"", "\"content\":null")))
                .isFalse();
        assertThat(parsed(good.replace("\"content\":\"x\"", "\"content\":\"x\",\"content\":\"y\"")))
                .isFalse();
        assertThat(parsed(good + "x")).isFalse();
    }

    @Test
    void hexInUpperCaseIsNone() {
        Event event = NostrKey.fresh().sign(new Event.Draft(7, 1, List.of(), "x"));
        String shouted = CanonicalJson.event(event)
                .replace(event.signature(), event.signature().toUpperCase(java.util.Locale.ROOT));

        assertThat(parsed(shouted)).isFalse();
    }

    private static boolean parsed(String json) {
        return EventReader.json(json).flatMap(EventReader::event).isPresent();
    }

    private static String written(String text) {
        return CanonicalJson.string(new StringBuilder(), text).toString();
    }
}
