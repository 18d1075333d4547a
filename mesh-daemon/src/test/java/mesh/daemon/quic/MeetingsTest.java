package mesh.daemon.quic;

import static mesh.daemon.quic.TestNode.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import mesh.core.id.Role;
import mesh.core.wire.StreamType;
import mesh.daemon.store.NodeKey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Nodes that cannot reach each other meet with the help of others. One speaks only IPv4 and the other only IPv6. */
@Timeout(90)
class MeetingsTest {
    private final NodeKey mesh = NodeKey.fresh();

    @Test
    void stalePeerIsFoundWhereAHelperSeesIt() throws Exception {
        try (var helper = member("127.0.0.1");
                var seeker = member("127.0.0.1");
                var sought = member("127.0.0.1");
                var silent = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            seeker.dial(helper);
            sought.dial(helper);

            var outcome = seeker.dial(sought.key.id(), (InetSocketAddress) silent.getLocalSocketAddress());

            assertThat(outcome).isInstanceOf(Dialled.Reached.class);
            var path = seeker.peer(sought).path().orElseThrow();
            assertThat(path.kind()).isEqualTo(PathKind.LAN);
            assertThat(path.address()).isEqualTo(sought.endpoint.address());
        }
    }

    @Test
    void nodesWithoutAWayBetweenThemAreCarried() throws Exception {
        try (var helper = member("::");
                var four = member("127.0.0.1");
                var six = member("::1")) {
            meet(helper, four, six);
            var hearing = new TestNode.Hearing();

            var stream = four.peer(six).open(StreamType.RPC, hearing).sync().getNow();
            TestNode.say(stream, "hello");

            assertThat(hearing.heard.poll(10, TimeUnit.SECONDS)).isEqualTo("hello");
            for (var path : List.of(
                    four.peer(six).path().orElseThrow(), six.peer(four).path().orElseThrow())) {
                assertThat(path.kind()).isEqualTo(PathKind.RELAYED);
                assertThat(path.via()).contains(helper.key.id());
            }
            eventually(() -> helper.endpoint.carried().bytes() > 0);
            six.peer(four).post(StreamType.GOSSIP, "news".getBytes(StandardCharsets.UTF_8));
            assertThat(four.messages.poll(10, TimeUnit.SECONDS)).endsWith("GOSSIP news");
        }
    }

    @Test
    void anotherRelayIsFoundWhenTheFirstFallsSilent() throws Exception {
        try (var first = member("::");
                var second = member("::");
                var four = member("127.0.0.1");
                var six = member("::1")) {
            four.endpoint.relays(List.of(first.key.id()));
            dialOnLoopback(four, "127.0.0.1", second);
            dialOnLoopback(six, "::1", second);
            meet(first, four, six);
            assertThat(four.peer(six).path().orElseThrow().via()).contains(first.key.id());

            first.endpoint.close();

            eventually(() -> four.endpoint.peer(six.key.id()).isEmpty());
            assertThat(four.dial(six.key.id())).isInstanceOf(Dialled.Reached.class);
            assertThat(four.peer(six).path().orElseThrow().via()).contains(second.key.id());
        }
    }

    @Test
    void nobodyHelpsWhoKnowsNeither() throws Exception {
        try (var helper = member("127.0.0.1");
                var seeker = member("127.0.0.1")) {
            seeker.dial(helper);

            var outcome = seeker.dial(NodeKey.fresh().id());

            assertThat(outcome).isEqualTo(new Dialled.Unreachable("no_address"));
        }
    }

    @Test
    void clientCarriesNothingForOthers() throws Exception {
        try (var client = new TestNode(at("::")).belong(mesh, Role.CLIENT);
                var four = member("127.0.0.1");
                var six = member("::1")) {
            dialOnLoopback(four, "127.0.0.1", client);
            dialOnLoopback(six, "::1", client);

            assertThat(four.dial(six.key.id())).isInstanceOf(Dialled.Unreachable.class);
        }
    }

    private void meet(TestNode helper, TestNode four, TestNode six) throws Exception {
        dialOnLoopback(four, "127.0.0.1", helper);
        dialOnLoopback(six, "::1", helper);
        eventually(() -> helper.endpoint.peers().size() >= 2);
        assertThat(four.dial(six.key.id())).isInstanceOf(Dialled.Reached.class);
        eventually(() -> six.endpoint.peer(four.key.id()).isPresent());
    }

    private static void dialOnLoopback(TestNode from, String host, TestNode to) throws Exception {
        var address = new InetSocketAddress(
                InetAddress.ofLiteral(host), to.endpoint.address().getPort());
        assertThat(from.dial(to.key.id(), address)).isInstanceOf(Dialled.Reached.class);
    }

    private TestNode member(String host) throws Exception {
        return new TestNode(at(host)).belong(mesh, Role.SPLIT);
    }

    private static QuicConfig at(String host) {
        return QuicConfig.on(new InetSocketAddress(InetAddress.ofLiteral(host), 0));
    }
}
