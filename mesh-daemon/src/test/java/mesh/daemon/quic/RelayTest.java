package mesh.daemon.quic;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import mesh.core.id.NodeId;
import mesh.daemon.store.NodeKey;
import org.junit.jupiter.api.Test;

class RelayTest {
    private static final int PACKET_BYTES = 1_000;
    private static final Relay.Bounds NARROW = new Relay.Bounds(3, 2, 40_000, 60_000);

    private final NodeId ann = NodeKey.fresh().id();
    private final NodeId bob = NodeKey.fresh().id();
    private final NodeId cem = NodeKey.fresh().id();
    private final Map<NodeId, InetSocketAddress> homes =
            new HashMap<>(Map.of(ann, home(1), bob, home(2), cem, home(3)));
    private final Relay relay = new Relay(NARROW, id -> Optional.ofNullable(homes.get(id)));
    private final long now = System.nanoTime();

    @Test
    void packetGoesOnUnderTheOthersTicket() {
        var tickets = relay.pair(ann, bob, now).orElseThrow();

        assertThat(carry(tickets.first(), ann)).contains(new Relay.Onward(home(2), tickets.second()));
        assertThat(carry(tickets.second(), bob)).contains(new Relay.Onward(home(1), tickets.first()));
    }

    @Test
    void ticketIsWorthNothingInAnotherHand() {
        var tickets = relay.pair(ann, bob, now).orElseThrow();

        assertThat(carry(tickets.first(), cem)).isEmpty();
        assertThat(carry(tickets.first(), bob)).isEmpty();
    }

    @Test
    void pairKeepsItsTicketsFromEitherSide() {
        var tickets = relay.pair(ann, bob, now).orElseThrow();

        assertThat(relay.pair(bob, ann, now)).contains(tickets.swapped());
    }

    @Test
    void pairsAreBoundedForAllAndForEach() {
        relay.pair(ann, bob, now);
        relay.pair(ann, cem, now);
        assertThat(relay.pair(ann, NodeKey.fresh().id(), now)).isEmpty();

        assertThat(relay.pair(bob, cem, now)).isPresent();
        assertThat(relay.pair(NodeKey.fresh().id(), NodeKey.fresh().id(), now)).isEmpty();
    }

    @Test
    void pairGetsItsBandwidthAndNoMore() {
        var tickets = relay.pair(ann, bob, now).orElseThrow();

        int carried = 0;
        for (int millis = 0; millis < 2_000; millis++)
            if (relay.carry(tickets.first(), home(1), PACKET_BYTES, now + TimeUnit.MILLISECONDS.toNanos(millis))
                    .isPresent()) carried++;

        // Two seconds of 40 packets, and a quarter of a second's in the bucket.
        assertThat(carried).isBetween(88, 90);
    }

    @Test
    void allPairsTogetherStayWithinTheTotal() {
        var first = relay.pair(ann, bob, now).orElseThrow();
        var second = relay.pair(bob, cem, now).orElseThrow();

        int carried = 0;
        for (int millis = 0; millis < 2_000; millis++) {
            long then = now + TimeUnit.MILLISECONDS.toNanos(millis);
            if (relay.carry(first.first(), home(1), PACKET_BYTES, then).isPresent()) carried++;
            if (relay.carry(second.second(), home(3), PACKET_BYTES, then).isPresent()) carried++;
        }

        assertThat(carried).isBetween(132, 136);
    }

    @Test
    void pairIsForgottenWhenIdleOrWhenOneIsGone() {
        var idle = relay.pair(ann, bob, now).orElseThrow();
        relay.tick(now + TimeUnit.SECONDS.toNanos(61));
        assertThat(relay.knows(idle.first())).isFalse();

        var tickets = relay.pair(ann, bob, now).orElseThrow();
        relay.gone(bob);
        assertThat(carry(tickets.first(), ann)).isEmpty();
    }

    private Optional<Relay.Onward> carry(long ticket, NodeId from) {
        return relay.carry(ticket, Objects.requireNonNull(homes.get(from)), PACKET_BYTES, now);
    }

    private static InetSocketAddress home(int number) {
        return new InetSocketAddress("192.0.2." + number, 4_000);
    }
}
