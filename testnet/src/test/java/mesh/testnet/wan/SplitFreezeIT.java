package mesh.testnet.wan;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import mesh.testnet.engine.RealEngine;
import mesh.testnet.node.RealNode;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A model split over a slow link with real llama.cpp: the link freezes in the midst of a generation and the generation
 * goes on after it; then the worker is killed in the midst of another, whose caller is told at once, and whoever waited
 * behind it is answered by what the mesh decides next. How long the freeze is, {@code -Dmesh.freeze.seconds} says; the
 * membership gives a silent node up after three.
 */
class SplitFreezeIT {
    private static final long FREEZE_SECONDS = Long.getLong("mesh.freeze.seconds", 10);
    private static final int TOKENS = 160;

    /** Fifty tokens a second: the freeze comes long before the last one. */
    private static final Pump.Weather SLOW = new Pump.Weather(10, 0, 3);

    private static final Duration TOLD = Duration.ofSeconds(1);
    private static final JsonMapper JSON = new JsonMapper();

    @TempDir
    Path folder;

    private final Opened open = new Opened();

    @AfterEach
    void end() throws Exception {
        open.close();
    }

    @Test
    void generationGoesOnAfterAFreezeOfTheLinkAndEndsWithItsWorker() throws Exception {
        String engine = RealEngine.orSkip().folder().toString();
        Lab lab = open.keep(Lab.open());
        Lab.Space here = lab.space("here");
        Lab.Space there = lab.space("there");
        Pump link = lab.joinSlowly(here, "eth0", "10.40.0.1/24", there, "eth0", "10.40.0.2/24", SLOW);
        String[] model = {
            "--model", "demo-random", "--split", "--bin-dir", engine, "--parallel", "1", "--log-level", "debug"
        };
        WanNode host = open.keep(WanNode.start(here, folder, "host", with(model, "--max-vram", "2")));
        host.node().await("model.ready");
        String alone = open.keep(Stream.of(host)).whole();
        WanNode worker = open.keep(WanNode.start(
                there,
                folder,
                "worker",
                with(model, "--max-vram", "1", "--join", host.node().invite())));
        host.node().await("model.ready", ready -> ready.path("mode").asText().equals("split"));
        int loads = host.node().events("model.loading").size();

        Stream frozen = open.keep(Stream.of(host));
        frozen.await(() -> frozen.tokens() > TOKENS / 8);
        link.cut(true);
        // The length of the freeze is what this test is about.
        TimeUnit.SECONDS.sleep(FREEZE_SECONDS);
        assertThat(frozen.tokens()).isLessThan(TOKENS);
        link.cut(false);
        long mendedNanos = System.nanoTime();
        JsonNode resumed = host.node().await("tunnel.resumed");
        long resumedMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - mendedNanos);

        assertThat(frozen.whole()).isEqualTo(alone);
        assertThat(host.node().events("model.loading")).hasSize(loads);
        assertThat(worker.node().events("tunnel.resumed")).isNotEmpty();
        assertThat(worker.node().events("child.unconfined")).isEmpty();
        System.out.println("resumed " + resumedMillis + " ms after the freeze of " + FREEZE_SECONDS + " s, replayed "
                + resumed.path("replayedBytes") + " bytes");

        Stream cutShort = open.keep(Stream.of(host));
        cutShort.await(() -> cutShort.tokens() > TOKENS / 8);
        // There is one slot, so this one waits behind the other.
        Stream waiting = open.keep(Stream.of(host));
        cutShort.await(() -> cutShort.tokens() > TOKENS / 4);
        assertThat(waiting.tokens()).isZero();
        long killedNanos = System.nanoTime();
        worker.node().handle().destroyForcibly();
        cutShort.await(cutShort::hasFailed);
        Duration told = Duration.ofNanos(System.nanoTime() - killedNanos);

        assertThat(told).as(host.node().said()).isLessThan(TOLD);
        System.out.println("told of the worker's death after " + told.toMillis() + " ms");
        assertThat(waiting.whole()).isEqualTo(alone);
        Duration served = Duration.ofNanos(System.nanoTime() - killedNanos);
        System.out.println("whoever waited was answered in full " + served.toMillis() + " ms after it");
    }

    private static String[] with(String[] words, String... more) {
        var all = new java.util.ArrayList<>(java.util.List.of(words));
        all.addAll(java.util.List.of(more));
        return all.toArray(String[]::new);
    }

    /** One streamed answer, read as it comes. */
    private static final class Stream implements AutoCloseable {
        private final Process curl;
        private final WanNode node;
        private final StringBuilder text = new StringBuilder();
        private int tokens;
        private boolean hasFailed;
        private boolean isOver;

        private Stream(Process curl, WanNode node) {
            this.curl = curl;
            this.node = node;
        }

        static Stream of(WanNode node) throws Exception {
            String body = "{\"model\":\"demo-random\",\"prompt\":\"once upon\",\"stream\":true,\"temperature\":0,"
                    + "\"max_tokens\":" + TOKENS + "}";
            Process curl = node.run(
                    "curl",
                    "-sSN",
                    "-H",
                    "content-type: application/json",
                    "-d",
                    body,
                    node.node().api() + "/v1/completions");
            var stream = new Stream(curl, node);
            Thread.ofVirtual().name("read-stream").start(stream::read);
            return stream;
        }

        private void read() {
            try (BufferedReader lines = curl.inputReader(StandardCharsets.UTF_8)) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) heard(line);
            } catch (IOException closed) {
                heard("{\"error\":\"" + closed + "\"}");
            }
            over();
        }

        private synchronized void over() {
            isOver = true;
            notifyAll();
        }

        private synchronized void heard(String line) {
            String json = line.startsWith("data: {") ? line.substring(6) : line.startsWith("{") ? line : "";
            if (json.isEmpty()) return;
            try {
                JsonNode read = JSON.readTree(json);
                hasFailed |= read.has("error");
                tokens++;
                text.append(read.at("/choices/0/text").asText());
            } catch (IOException notJson) {
                hasFailed = true;
            }
            notifyAll();
        }

        synchronized int tokens() {
            return tokens;
        }

        synchronized boolean hasFailed() {
            return hasFailed;
        }

        synchronized void await(BooleanSupplier holds) throws InterruptedException {
            long deadline = System.nanoTime() + RealNode.PATIENCE.toNanos();
            while (!holds.getAsBoolean()) {
                assertThat(System.nanoTime())
                        .as(
                                "in time; heard %s tokens: %s\n%s",
                                tokens, text, node.node().said())
                        .isLessThan(deadline);
                wait(100);
            }
        }

        synchronized String whole() throws InterruptedException {
            await(() -> isOver);
            assertThat(hasFailed).as(node.node().said()).isFalse();
            return text.toString();
        }

        @Override
        public void close() {
            curl.destroyForcibly();
        }
    }
}
