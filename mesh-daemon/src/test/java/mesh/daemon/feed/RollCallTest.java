package mesh.daemon.feed;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RollCallTest {
    private static final Set<String> NOBODY = Set.of();

    private final RollCall rollCall = new RollCall();

    @Test
    void whoVanishesIsLostUntilItIsBackOrForgotten() {
        rollCall.missing(members("ada", "bob"), NOBODY, 0);

        var lost = rollCall.missing(members("ada"), NOBODY, 100);
        var back = rollCall.missing(members("ada", "bob"), NOBODY, 200);
        rollCall.missing(members("ada"), NOBODY, 300);
        var forgotten = rollCall.missing(members("ada"), NOBODY, 301 + RollCall.LOST_MILLIS);

        assertThat(lost).hasSize(1);
        assertThat(lost.getFirst())
                .containsEntry("id", "bob")
                .containsEntry("state", "lost")
                .containsEntry("lostMillis", 100L);
        assertThat(lost.getFirst()).doesNotContainKey("rttMillis");
        assertThat(back).isEmpty();
        assertThat(forgotten).isEmpty();
    }

    @Test
    void whoSaidGoodbyeIsNotMissed() {
        rollCall.missing(members("ada", "bob"), NOBODY, 0);

        assertThat(rollCall.missing(members("ada"), Set.of("bob"), 100)).isEmpty();
    }

    @Test
    void jitterIsNoNews() {
        assertThat(rollCall.rtt("bob", 20.04)).isEqualTo(20);
        assertThat(rollCall.rtt("bob", 24)).isEqualTo(20);
        assertThat(rollCall.rtt("bob", 31.26)).isEqualTo(31.3);
        assertThat(rollCall.heard("bob", 10_000)).isEqualTo(10_000);
        assertThat(rollCall.heard("bob", 14_000)).isEqualTo(10_000);
        assertThat(rollCall.heard("bob", 15_500)).isEqualTo(15_500);
    }

    private static Map<String, Map<String, Object>> members(String... ids) {
        var members = new LinkedHashMap<String, Map<String, Object>>();
        for (String id : ids) members.put(id, Map.of("id", id, "state", "alive", "rttMillis", 1));
        return members;
    }
}
