package mesh.daemon.quic;

import static mesh.daemon.quic.TestNode.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import mesh.core.id.Role;
import mesh.core.wire.StreamType;
import mesh.daemon.store.NodeKey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A peer whose address changes under a live connection, and one that is cut off by the change. */
@Timeout(60)
class RoamingTest {
    private final NodeKey mesh = NodeKey.fresh();

    @Test
    void connectionFollowsADiallerWhoseNatGivesItAnotherPort() throws Exception {
        try (var home = new TestNode().belong(mesh, Role.SPLIT);
                var roamer = new TestNode().belong(mesh, Role.SPLIT);
                var nat = new Nat(home.endpoint.address())) {
            assertThat(roamer.dial(home.key.id(), nat.inside())).isInstanceOf(Dialled.Reached.class);
            eventually(() -> home.endpoint.peer(roamer.key.id()).isPresent());
            var before = home.peer(roamer).path().orElseThrow().address();
            var hearing = new TestNode.Hearing();
            var stream = roamer.peer(home).open(StreamType.RPC, hearing).sync().getNow();

            nat.move();
            TestNode.say(stream, "still here");

            assertThat(hearing.heard.poll(10, TimeUnit.SECONDS)).isEqualTo("still here");
            assertThat(home.peer(roamer).path().orElseThrow().address()).isNotEqualTo(before);
            assertThat(home.down).isEmpty();
        }
    }

    @Test
    void changeOfNetworkEndsOnlyWhatDoesNotAnswer() throws Exception {
        try (var near = new TestNode().belong(mesh, Role.SPLIT);
                var far = new TestNode().belong(mesh, Role.SPLIT);
                var roamer = new TestNode().belong(mesh, Role.SPLIT);
                var nat = new Nat(far.endpoint.address())) {
            roamer.dial(near);
            roamer.dial(far.key.id(), nat.inside());

            nat.cut();
            roamer.endpoint.networkChanged();

            assertThat(roamer.down.poll(10, TimeUnit.SECONDS)).isEqualTo("path_silent");
            assertThat(roamer.endpoint.peers()).extracting(Peer::id).containsExactly(near.key.id());
        }
    }

    /** Carries datagrams between one node inside and one outside, and can change the port it sends from. */
    private static final class Nat implements AutoCloseable {
        private final DatagramSocket inner = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        private final InetSocketAddress outside;
        private volatile DatagramSocket outer = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        private volatile InetSocketAddress client = new InetSocketAddress(InetAddress.getLoopbackAddress(), 9);

        Nat(InetSocketAddress outside) throws IOException {
            this.outside = outside;
            Thread.ofPlatform().daemon().name("nat-out").start(this::carryOut);
            carryIn(outer);
        }

        InetSocketAddress inside() {
            return (InetSocketAddress) inner.getLocalSocketAddress();
        }

        void move() throws IOException {
            DatagramSocket old = outer;
            outer = new DatagramSocket(0, InetAddress.getLoopbackAddress());
            carryIn(outer);
            old.close();
        }

        private void carryOut() {
            var packet = new DatagramPacket(new byte[2_048], 2_048);
            try {
                while (true) {
                    inner.receive(packet);
                    client = (InetSocketAddress) packet.getSocketAddress();
                    outer.send(new DatagramPacket(packet.getData(), packet.getLength(), outside));
                }
            } catch (IOException closed) {
                // The test is over.
            }
        }

        private void carryIn(DatagramSocket from) {
            Thread.ofPlatform().daemon().name("nat-in").start(() -> {
                var packet = new DatagramPacket(new byte[2_048], 2_048);
                try {
                    while (true) {
                        from.receive(packet);
                        inner.send(new DatagramPacket(packet.getData(), packet.getLength(), client));
                    }
                } catch (IOException closed) {
                    // Moved, or the test is over.
                }
            });
        }

        void cut() {
            inner.close();
            outer.close();
        }

        @Override
        public void close() {
            cut();
        }
    }
}
