package mesh.testnet.wan;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import mesh.testnet.fake.FakeLlamaProgram;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Ten machines on two switches; the cable between the switches is pulled and put back. What was cut is longer than any
 * connection's patience, or as long as {@code -Dmesh.partition.seconds} says.
 */
class PartitionIT {
    private static final int NODES = 10;

    /** The last ones, on the other switch. */
    private static final int CUT = 3;

    private static final long CUT_SECONDS = Long.getLong("mesh.partition.seconds", 60);

    /** A dial into the dark repeats its first packet after up to four seconds, and lost members are tried every ten. */
    private static final Duration HEALED = Duration.ofSeconds(20);

    @TempDir
    Path folder;

    private final Opened open = new Opened();
    private final List<WanNode> nodes = new ArrayList<>();

    @AfterEach
    void end() throws Exception {
        open.close();
    }

    @Test
    void cutMeshGoesOnInTwoPartsAndIsOneAgainWithoutARestart() throws Exception {
        Path engine = folder.resolve("engine");
        FakeLlamaProgram.install(engine, "");
        Lab lab = open.keep(Lab.open());
        Lab.Space here = lab.hub("here");
        Lab.Space there = lab.hub("there");
        String cable = lab.trunk(here, there);
        for (int i = 0; i < NODES; i++) {
            Lab.Space machine = lab.space("n" + i);
            lab.plug(machine, "eth", "10.20.0." + (i + 1) + "/24", i < NODES - CUT ? here : there);
            var line = new ArrayList<String>();
            if (i > 0) line.addAll(List.of("--join", nodes.getFirst().node().invite()));
            if (i == 0 || i == NODES - 1) line.addAll(List.of("--model", "demo-tiny", "--bin-dir", engine.toString()));
            nodes.add(open.keep(WanNode.start(machine, folder, "node-" + i, line.toArray(String[]::new))));
            // One after the other: two cores that start ten JVMs at once show nothing but their own limits.
            if (i > 0) nodes.getLast().node().await("mesh.joined");
        }
        for (WanNode each : nodes) each.awaitPeers(NODES - 1);
        nodes.getFirst().node().await("model.ready");
        nodes.getLast().node().await("model.ready");

        here.ip("link", "set", cable, "down");
        long cutNanos = System.nanoTime();
        for (WanNode each : nodes) each.awaitPeers(nodes.indexOf(each) < NODES - CUT ? NODES - CUT - 1 : CUT - 1);
        Duration noticed = Duration.ofNanos(System.nanoTime() - cutNanos);
        // The length of the cut is what this test is about.
        TimeUnit.NANOSECONDS.sleep(cutNanos + TimeUnit.SECONDS.toNanos(CUT_SECONDS) - System.nanoTime());
        here.ip("link", "set", cable, "up");
        long mendedNanos = System.nanoTime();
        for (WanNode each : nodes) each.awaitPeers(NODES - 1);
        Duration healed = Duration.ofNanos(System.nanoTime() - mendedNanos);

        System.out.println("cut noticed by all: " + noticed.toMillis() + " ms, healed: " + healed.toMillis() + " ms");
        assertThat(healed).isLessThan(HEALED);
        for (WanNode each : List.of(nodes.getFirst(), nodes.getLast())) {
            assertThat(each.node().events("model.loading")).hasSize(1);
            assertThat(each.node().events("model.ready")).hasSize(1);
            assertThat(each.node().events("model.stopped")).isEmpty();
        }
    }
}
