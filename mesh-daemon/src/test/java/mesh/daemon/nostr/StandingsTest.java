package mesh.daemon.nostr;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Relays that refuse or lie are left alone for a while, and never too many of them. */
class StandingsTest {
    private static final long HOUR = 3_600_000;
    private static final URI A = URI.create("wss://a.example");
    private static final URI B = URI.create("wss://b.example");
    private static final URI C = URI.create("wss://c.example");

    private final Standings standings = new Standings(List.of(A, B, C));

    @ParameterizedTest
    @ValueSource(strings = {"blocked", "restricted", "payment", "auth-required", "mute", "pow"})
    void relayThatRefusesForGoodRestsForSixHours(String prefix) {
        standings.published(A, new Published.Rejected(prefix + ": no"), 0);

        assertThat(standings.publishTo(1)).containsExactly(B, C);
        assertThat(standings.publishTo(6 * HOUR)).containsExactly(A, B, C);
    }

    @ParameterizedTest
    @ValueSource(strings = {"error", "invalid", "replaced", "deleted"})
    void otherRefusalsAreTriedAgainWithTheNextRefresh(String prefix) {
        standings.published(A, new Published.Rejected(prefix + ": no"), 0);

        assertThat(standings.publishTo(1)).contains(A);
    }

    @Test
    void relayThatIsTooBusyIsAskedLessAndLess() {
        standings.published(A, new Published.Rejected("rate-limited: slow down"), 0);
        assertThat(standings.publishTo(119_999)).doesNotContain(A);
        assertThat(standings.publishTo(120_000)).contains(A);

        standings.published(A, new Published.Rejected("rate-limited: slow down"), 120_000);
        assertThat(standings.publishTo(120_000 + 239_999)).doesNotContain(A);
    }

    @Test
    void relayThatSaysYesAndKeepsNothingRestsAfterFiveTimesAndLongerEachTime() {
        for (int lie = 0; lie < 4; lie++) standings.readBack(A, false, 0);
        assertThat(standings.isQuarantined(A, 1)).isFalse();

        standings.readBack(A, false, 0);
        assertThat(standings.isQuarantined(A, HOUR - 1)).isTrue();
        assertThat(standings.isQuarantined(A, HOUR)).isFalse();

        for (int lie = 0; lie < 5; lie++) standings.readBack(A, false, HOUR);
        assertThat(standings.isQuarantined(A, 3 * HOUR - 1)).isTrue();
    }

    @Test
    void twoAreAlwaysAskedTheSoonestToReturnFirst() {
        standings.published(B, new Published.Rejected("blocked: no"), 0);
        standings.published(C, new Published.Rejected("blocked: no"), 10);
        standings.published(A, new Published.Rejected("blocked: no"), 20);

        assertThat(standings.publishTo(30)).containsExactly(B, C);
        standings.readBack(B, true, 40);
        assertThat(standings.publishTo(50)).containsExactly(B, C);
    }
}
