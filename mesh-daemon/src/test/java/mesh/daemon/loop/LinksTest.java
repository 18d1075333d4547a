package mesh.daemon.loop;

import static mesh.daemon.quic.TestNode.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import mesh.core.id.Role;
import mesh.core.member.Word;
import mesh.core.wire.Codec;
import mesh.core.wire.Message;
import mesh.daemon.quic.QuicEndpoint;
import mesh.daemon.quic.TestNode;
import mesh.daemon.store.NodeKey;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Messages on their way to peers that are not connected yet, over real sockets. */
@Timeout(60)
class LinksTest {
    private static final int HELD_MAX = 16;

    private final NodeKey mesh = NodeKey.fresh();
    private final NodeKey key = NodeKey.fresh();
    private final Links links = new Links();
    private final List<AutoCloseable> open = new ArrayList<>();
    private final QuicEndpoint endpoint;

    LinksTest() throws Exception {
        // A node of the same key lends its certificate.
        var desk = keep(new TestNode(TestNode.loopback(), key)).belong(mesh, Role.SPLIT);
        endpoint = keep(QuicEndpoint.open(TestNode.loopback(), key, desk, links));
        links.connect(endpoint);
    }

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable each : open.reversed()) each.close();
    }

    @Test
    void messagesToAStrangerAreHeldWhileItIsDialledAndArriveInOrder() throws Exception {
        TestNode peer = peer();

        for (int i = 0; i < HELD_MAX; i++) links.send(peer.key.id(), ping(i), id -> at(peer));

        eventually(() -> peer.messages.size() == HELD_MAX);
        assertThat(peer.messages).containsExactlyElementsOf(texts(0, HELD_MAX));
    }

    @Test
    void oldestMessagesMakeRoomWhileAPeerIsDialled() throws Exception {
        TestNode peer = peer();
        var silent = new InetSocketAddress("127.0.0.1", 9);

        for (int i = 0; i < HELD_MAX + 4; i++) links.send(peer.key.id(), ping(i), id -> List.of(silent));
        links.send(peer.key.id(), ping(HELD_MAX + 4), id -> at(peer));

        eventually(() -> peer.messages.size() == HELD_MAX);
        assertThat(peer.messages).containsExactlyElementsOf(texts(5, HELD_MAX + 5));
    }

    @Test
    void peerThatDialsUsGetsWhatWasHeldForIt() throws Exception {
        TestNode peer = peer();
        links.send(peer.key.id(), ping(0), id -> List.of(new InetSocketAddress("127.0.0.1", 9)));

        peer.dial(endpoint.id(), endpoint.address());

        eventually(() -> !peer.messages.isEmpty());
        assertThat(peer.messages).containsExactlyElementsOf(texts(0, 1));
    }

    @Test
    void nodesThatNeverAnswerLeaveNothingBehind() throws Exception {
        // Without an address a dial fails at once; the rest after it is a second.
        for (int i = 0; i < 1_000; i++) links.send(NodeKey.fresh().id(), ping(i), id -> List.of());

        eventually(() -> {
            links.send(NodeKey.fresh().id(), ping(0), id -> List.of());
            return links.unreached() < 1_000;
        });
    }

    @Test
    void namedRelayIsConnectedTo() throws Exception {
        TestNode relay = peer();
        var named = Reach.NamedRelay.parse(
                relay.key.id().hex() + "@127.0.0.1:" + relay.endpoint.address().getPort());
        var watch = new NetworkWatch(endpoint, new Reach(List.of(named.orElseThrow()), List.of()));

        watch.holdRelays();

        eventually(() -> endpoint.peer(relay.key.id()).isPresent());
        assertThat(watch.hasChanged()).isFalse();
    }

    private TestNode peer() throws Exception {
        return keep(new TestNode().belong(mesh, Role.SPLIT));
    }

    private List<String> texts(int from, int to) {
        var texts = new ArrayList<String>();
        for (int i = from; i < to; i++)
            texts.add(endpoint.id().hex() + " GOSSIP " + new String(Codec.encode(ping(i)), StandardCharsets.UTF_8));
        return texts;
    }

    private static Message ping(long nonce) {
        return new Message.Gossip(new Word.Ping(nonce, List.of()));
    }

    private static List<InetSocketAddress> at(TestNode peer) {
        return List.of(peer.endpoint.address());
    }

    private <T extends AutoCloseable> T keep(T opened) {
        open.add(opened);
        return opened;
    }
}
