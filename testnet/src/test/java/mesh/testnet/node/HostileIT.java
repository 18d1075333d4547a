package mesh.testnet.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.core.id.MeshId;
import mesh.core.id.Refusal;
import mesh.core.id.Revocation;
import mesh.core.wire.Codec;
import mesh.core.wire.Message;
import mesh.core.wire.StreamType;
import mesh.daemon.quic.Dialled;
import mesh.daemon.quic.Stranger;
import mesh.daemon.store.NodeKey;
import mesh.testnet.fake.FakeLlamaProgram;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Strangers and false members bother one of three real daemons in every way at once. Each is refused, counted and
 * closed; the mesh does not notice, and whoever asks it meanwhile is answered.
 */
class HostileIT {
    private static final long SEED = 20_261_121;
    /** A slow machine gives some of them up during their handshake, which is counted as something else. */
    private static final int STALLED = 20;

    /** What the closed side sees when the packet that says why did not reach it. */
    private static final String LOST = "timed_out";

    @TempDir
    Path folder;

    private final List<RealNode> nodes = new ArrayList<>();
    private RealNode founder;

    @BeforeEach
    void threeNodes() throws Exception {
        Path engine = folder.resolve("engine");
        FakeLlamaProgram.install(engine, "");
        founder = start("founder", "--model", "demo-tiny", "--bin-dir", engine.toString());
        String invite = founder.invite();
        for (String name : List.of("one", "two"))
            start(name, "--join", invite, "--bin-dir", folder.toString()).await("mesh.joined");
        founder.await("model.ready");
    }

    @AfterEach
    void end() {
        for (RealNode node : nodes) node.close();
    }

    @Test
    void meshDoesNotNoticeWhoBothersOneOfItsNodes() throws Exception {
        String token = founder.invite();
        var answered = new AtomicInteger();
        var failed = new AtomicInteger();
        String api = founder.api();
        Thread asker = Thread.ofVirtual().start(() -> ask(api, answered, failed));

        try (var silent = new Stranger(token);
                var foreign = new Stranger(token, "other/1")) {
            for (int i = 0; i < STALLED; i++) assertThat(silent.knock()).isTrue();
            assertThat(foreign.knock()).isFalse();
            garbage(silent);
            strangers(token);
            falseMembers(token);
            awaitCounted("admission_stalled", STALLED / 2);
        }

        asker.interrupt();
        asker.join();
        assertThat(failed).hasValue(0);
        assertThat(answered.get()).isGreaterThan(20);
        for (RealNode node : nodes) {
            assertThat(node.events("peer.lost")).isEmpty();
            assertThat(Ask.get(node.management() + "/mesh/v1/peers").json()).hasSize(2);
        }
        assertThat(refused().fieldNames())
                .toIterable()
                .contains(
                        "stray_datagram",
                        "handshake_failed",
                        "stream_before_admission",
                        "frame_too_long",
                        "refused_malformed",
                        "refused_wrong_node",
                        "unknown_stream",
                        "role_too_low",
                        "message_rejected");
    }

    private static void ask(String api, AtomicInteger answered, AtomicInteger failed) {
        try {
            while (true) {
                if (Ask.chat(api, "demo-tiny").status() == 200) answered.incrementAndGet();
                else failed.incrementAndGet();
                TimeUnit.MILLISECONDS.sleep(20);
            }
        } catch (InterruptedException over) {
            return;
        } catch (java.io.IOException broken) {
            failed.incrementAndGet();
        }
    }

    private static void garbage(Stranger at) throws Exception {
        var random = new Random(SEED);
        try (var socket = new DatagramSocket()) {
            for (int i = 0; i < 5_000; i++) {
                byte[] bytes = new byte[1 + random.nextInt(1_400)];
                random.nextBytes(bytes);
                if (i % 2 == 0 && bytes.length > 30)
                    ByteBuffer.wrap(bytes).put((byte) 0xC3).putInt(1).put((byte) 20);
                socket.send(new DatagramPacket(bytes, bytes.length, at.target()));
            }
        }
    }

    /** Before admission. */
    private static void strangers(String token) throws Exception {
        try (var stranger = new Stranger(token)) {
            stranger.knock(new byte[] {(byte) StreamType.HTTP.code()});
            stranger.knock(new byte[] {(byte) StreamType.ADMIT.code(), 0x7f, 0, 0, 0});
            stranger.knock(new byte[] {(byte) StreamType.ADMIT.code(), 0, 0, 0, 3, 1, 2, 3});
        }
    }

    /** After it: whoever has an invite can be anybody. */
    private void falseMembers(String token) throws Exception {
        try (var member = new Stranger(token);
                var thief = new Stranger(token)) {
            assertThat(member.join()).isInstanceOf(Dialled.Reached.class);
            assertThat(thief.joinAs(member)).isEqualTo(new Dialled.Refused(Refusal.WRONG_NODE));
            for (int i = 0; i < 100; i++) member.say(StreamType.GOSSIP, new byte[] {1, 2, 3});
            assertThat(member.awaitDown()).isIn("garbage", LOST);
        }
        try (var flooding = new Stranger(token)) {
            assertThat(flooding.join()).isInstanceOf(Dialled.Reached.class);
            flooding.flood(1, new byte[] {(byte) StreamType.GOSSIP.code(), 0x7f, 0, 0, 0});
            flooding.flood(3_000, new byte[] {0x77});
            assertThat(flooding.awaitDown()).isIn("unknown_stream", LOST);
        }
        try (var lying = new Stranger(token)) {
            assertThat(lying.join()).isInstanceOf(Dialled.Reached.class);
            lying.say(StreamType.TRUST, Codec.encode(new Message.Revocations(List.of(falseRevocation()), List.of())));
            assertThat(lying.awaitDown()).isIn("false_revocation", LOST);
        }
        JsonNode forClients = Ask.post(founder.management() + "/mesh/v1/invites", "{\"role\": \"client\"}")
                .json();
        try (var client = new Stranger(forClients.path("token").asText())) {
            assertThat(client.join()).isInstanceOf(Dialled.Reached.class);
            client.say(StreamType.GOSSIP, new byte[] {(byte) 0x82, 4, 17});
            awaitCounted("role_too_low", 1);
        }
    }

    /** Of the founder, by somebody who made up a mesh key. */
    private Revocation falseRevocation() throws Exception {
        var mesh = MeshId.parse(founder.await("mesh.founded").path("meshId").asText());
        return Revocation.issue(
                NodeKey.fresh(),
                new Revocation.Terms(
                        mesh,
                        new Revocation.Target.Node(NodeKey.fresh().id()),
                        Optional.empty(),
                        System.currentTimeMillis(),
                        System.currentTimeMillis() + 3_600_000));
    }

    private void awaitCounted(String reason, int times) throws Exception {
        long deadline = System.nanoTime() + RealNode.PATIENCE.toNanos();
        while (refused().path(reason).asInt() < times) {
            assertThat(System.nanoTime()).as("%s in %s", reason, refused()).isLessThan(deadline);
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    private JsonNode refused() throws Exception {
        return Ask.get(founder.management() + "/mesh/v1/status").json().path("refused");
    }

    private RealNode start(String name, String... more) throws Exception {
        RealNode node = RealNode.offline(folder, name, more);
        nodes.add(node);
        return node;
    }
}
