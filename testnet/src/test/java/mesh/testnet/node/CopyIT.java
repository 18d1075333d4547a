package mesh.testnet.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import mesh.daemon.engine.Engine;
import mesh.daemon.models.DemoModel;
import mesh.testnet.engine.RealEngine;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model goes from node to node: real daemons, real QUIC, a source that is slow, dies or lies. */
class CopyIT {
    private static final DemoModel MODEL = DemoModel.named("demo").orElseThrow();

    /** Of one source, in megabytes per second: the demo is 13 MB, so that sharing the work shows. */
    private static final int SLOW = 1;

    private static final int PIECE_BYTES = 1 << 18;

    @TempDir
    Path folder;

    private Engine engine;

    @BeforeEach
    void findLlama() throws Exception {
        engine = RealEngine.orSkip();
    }

    @Test
    void twoNodesFetchFromAThirdAndFromEachOther() throws Exception {
        put("a");
        try (RealNode a = node("a", "--max-upload", String.valueOf(SLOW))) {
            String invite = a.invite();
            try (RealNode b = node("b", "--join", invite, "--model", "wanted");
                    RealNode c = node("c", "--join", invite, "--model", "wanted")) {
                awaitServing(b);
                awaitServing(c);
                Instant began = earlier(at(b, "copy.started"), at(c, "copy.started"));
                Instant ended = later(at(b, "download.done"), at(c, "download.done"));
                double seconds = Duration.between(began, ended).toMillis() / 1e3;

                assertSame("b");
                assertSame("c");
                // From A alone both copies would take twice the model through its slow line.
                double alone = 2.0 * MODEL.size() / (SLOW * 1e6);
                assertThat(seconds)
                        .as("faster than %.1f s from one source", alone)
                        .isLessThan(alone);
                assertThat(Ask.chat(c.api(), "wanted").content()).isEqualTo("abcdefghijklmnopqrstuvwxyz");
            }
            long given = a.events("copy.served").stream()
                    .mapToLong(event -> event.path("bytes").asLong())
                    .sum();
            assertThat(given).as("what a had to give for two copies").isLessThan(MODEL.size() * 8 / 5);
        }
    }

    @Test
    void sourceThatDiesAndOneThatLiesAreDoneWithout() throws Exception {
        put("good");
        put("dying");
        try (RealNode good = node("good", "--max-upload", "2");
                RealNode dying = node("dying", "--join", good.invite(), "--model", "wanted");
                RealNode liar = node("liar", "--join", good.invite(), "--model", "wanted")) {
            dying.await("model.ready");
            awaitServing(liar);
            spoil("liar");
            try (RealNode wanting = node("wanting", "--join", good.invite(), "--model", "wanted")) {
                wanting.await("copy.started");
                dying.kill();
                JsonNode dropped = wanting.await(
                        "copy.dropped", event -> event.path("reason").asText().equals("wrong_bytes"));
                wanting.await("model.ready");

                assertThat(dropped.path("peer").asText()).isNotEmpty();
                assertSame("wanting");
            }
        }
    }

    @Test
    void whatIsNotSharedIsNotGiven() throws Exception {
        put("a");
        try (RealNode a = node("a", "--share", "none");
                RealNode b = node("b", "--join", a.invite())) {
            b.await("mesh.joined");
            Ask.post(b.management() + "/mesh/v1/models", "{\"model\": \"wanted\"}");
            JsonNode refused = b.await("download.refused");

            assertThat(refused.path("reason").asText()).isEqualTo("no_source");
            assertThat(a.events("copy.served")).isEmpty();
        }
    }

    /** Step by step, since each has its own patience. */
    private static void awaitServing(RealNode node) throws InterruptedException {
        node.await("download.started");
        node.await("copy.started");
        node.await("download.done");
        node.await("model.ready");
    }

    private static Instant at(RealNode node, String event) throws InterruptedException {
        return Instant.parse(node.await(event).path("time").asText());
    }

    private static Instant earlier(Instant a, Instant b) {
        return a.isBefore(b) ? a : b;
    }

    private static Instant later(Instant a, Instant b) {
        return a.isBefore(b) ? b : a;
    }

    private RealNode node(String name, String... more) throws IOException {
        var line = new ArrayList<String>(List.of(
                "--name", name, "--offline", "--bin-dir", engine.folder().toString()));
        line.addAll(List.of(more));
        return RealNode.serve(folder.resolve(name), Map.of(), line.toArray(String[]::new));
    }

    private Path file(String node) {
        return folder.resolve(node).resolve("models").resolve("wanted.gguf");
    }

    /** A model that only this node has: a demo under a name that nobody can make it from. */
    private void put(String node) throws IOException {
        Files.createDirectories(file(node).getParent());
        try (var out = FileChannel.open(file(node), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (long at = 0; at < MODEL.size(); at += PIECE_BYTES) out.write(MODEL.read(at, PIECE_BYTES));
        }
    }

    /** Every piece of its file is wrong from now on, and the node does not know. */
    private void spoil(String node) throws IOException {
        FileTime before = Files.getLastModifiedTime(file(node));
        try (var out = FileChannel.open(file(node), StandardOpenOption.WRITE)) {
            for (long at = PIECE_BYTES / 2; at < MODEL.size(); at += PIECE_BYTES)
                out.write(ByteBuffer.wrap(new byte[] {1, 2, 3, 4}), at);
        }
        Files.setLastModifiedTime(file(node), before);
    }

    private void assertSame(String node) throws IOException {
        try (var in = FileChannel.open(file(node))) {
            assertThat(in.size()).isEqualTo(MODEL.size());
            var read = ByteBuffer.allocate(PIECE_BYTES);
            for (long at = 0; at < MODEL.size(); at += PIECE_BYTES) {
                read.clear();
                while (read.hasRemaining() && in.read(read) >= 0) {}
                assertThat(read.flip().equals(MODEL.read(at, PIECE_BYTES)))
                        .as("%s at %d", node, at)
                        .isTrue();
            }
        }
    }
}
