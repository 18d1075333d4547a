package mesh.testnet.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import mesh.testnet.engine.RealEngine;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** However the daemon dies, no llama process outlives it. */
class KillIT {
    private static final int KILLS = 20;
    private static final long SEED = 2026;
    private static final int MOMENT_MILLIS_MAX = 2000;

    @Test
    void killedDaemonLeavesNoChild(@TempDir Path dataDir) throws Exception {
        var chance = new Random(SEED);
        int killedWithChildren = 0;
        for (int round = 0; round < KILLS; round++) {
            // Half of the moments fall into the start, wherever it has come; half into serving under load.
            boolean isServing = round % 2 == 0;
            if (killedAt(chance.nextInt(MOMENT_MILLIS_MAX), isServing, dataDir)) killedWithChildren++;
        }

        assertThat(killedWithChildren)
                .as("kills that hit a daemon with children")
                .isGreaterThanOrEqualTo(KILLS / 2);
    }

    /** True when the kill hit a daemon that had children. */
    private static boolean killedAt(int momentMillis, boolean isServing, Path dataDir) throws Exception {
        var asking = new AtomicBoolean(true);
        Set<ProcessHandle> children = new HashSet<>();
        String engine = RealEngine.orSkip().folder().toString();
        try (var node = RealNode.serve(dataDir, Map.of(), "--model", "demo", "--bin-dir", engine)) {
            if (isServing) node.await("model.ready");
            Thread load = Thread.ofVirtual().start(() -> ask(node, asking));
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(momentMillis);
            // The moment itself is the condition here: what must hold is looked for after it.
            while (System.nanoTime() < end) {
                children.addAll(node.descendants());
                Thread.sleep(5);
            }
            children.addAll(node.descendants());
            node.handle().destroyForcibly();
            asking.set(false);
            load.join();
        }
        awaitGone(children, momentMillis);
        return !children.isEmpty();
    }

    private static void awaitGone(Set<ProcessHandle> children, int momentMillis) throws InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(5).toNanos();
        List<ProcessHandle> left = new ArrayList<>(children);
        while (System.nanoTime() < deadline && !left.isEmpty()) {
            left.removeIf(child -> !child.isAlive());
            Thread.sleep(10);
        }
        assertThat(left).as("children alive after kill at %s ms", momentMillis).isEmpty();
    }

    private static void ask(RealNode node, AtomicBoolean asking) {
        try {
            String api = node.api();
            while (asking.get()) Ask.streamed(api, "demo");
        } catch (IOException | InterruptedException | AssertionError killed) {
            // The load ends when the node does; nothing is claimed of it here.
        }
    }
}
