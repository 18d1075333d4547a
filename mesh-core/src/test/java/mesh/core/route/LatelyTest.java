package mesh.core.route;

import static mesh.core.member.Profiles.id;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Profile.Phase;
import mesh.core.member.Profile.Served;
import org.junit.jupiter.api.Test;

/** Which absence is worth waiting for. */
class LatelyTest {
    private static final ModelRef MODEL = new ModelRef("small");

    private final Lately lately = new Lately();
    private final Map<NodeId, Long> lives = new LinkedHashMap<>();
    private boolean isMeant;

    @Test
    void modelWhoseLastHostDiedIsExpectedForAMinute() {
        see(0, host(1, Phase.READY), host(2, Phase.READY));
        see(1_000, host(1, Phase.READY));
        lives.remove(id(2));
        lives.remove(id(1));
        see(10_000);

        assertThat(lately.slots("small", 10_000)).hasValue(8);
        assertThat(lately.slots("auto", 10_000)).hasValue(8);
        assertThat(lately.slots("small", 70_000)).hasValue(8);
        assertThat(lately.slots("small", 70_001)).isEmpty();
        assertThat(lately.slots("other", 10_000)).isEmpty();
    }

    @Test
    void modelThatWasStoppedOnALivingHostIsNotExpected() {
        see(0, host(1, Phase.READY));
        see(1_000);

        assertThat(lately.slots("small", 1_000)).isEmpty();
    }

    @Test
    void modelOfAHostThatStartedAgainIsExpectedBeforeTheHostTakesItUp() {
        see(0, host(1, Phase.READY));
        lives.put(id(1), 2L);
        see(1_000);
        see(2_000, host(1, Phase.LOADING));
        OptionalInt loading = lately.slots("small", 2_000);
        see(3_000);

        assertThat(loading).hasValue(4);
        assertThat(lately.slots("small", 3_000))
                .as("dropped while it loads again")
                .isEmpty();
    }

    @Test
    void modelThatTheMeshMovesIsExpected() {
        see(0, host(1, Phase.READY));
        isMeant = true;
        see(1_000);

        assertThat(lately.slots("small", 1_000)).hasValue(4);
    }

    @Test
    void modelThatNeverAnsweredIsNotExpected() {
        see(0, host(1, Phase.LOADING));
        lives.remove(id(1));
        see(1_000);

        assertThat(lately.slots("small", 1_000)).isEmpty();
    }

    private void see(long nowMillis, Host... hosts) {
        for (Host host : hosts) lives.putIfAbsent(host.node(), 1L);
        lately.seen(RouteTable.of(id(99), List.of(hosts), new LinkedHashMap<>()), lives, model -> isMeant, nowMillis);
    }

    private static Host host(int node, Phase phase) {
        var served = new Served(MODEL, phase, 4, 0, 0, List.of(), 8_192, 1, List.of(), false, List.of());
        return new Host(id(node), served, 5, false, false);
    }
}
