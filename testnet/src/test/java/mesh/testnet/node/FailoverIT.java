package mesh.testnet.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import mesh.testnet.engine.RealEngine;
import mesh.testnet.fake.FakeLlamaProgram;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three hosts of one model behind one front, under steady load, one of them killed every few seconds. The build has a short
 * run, in which the next kill waits until all hosts answer again, whatever the machine makes of that. {@code
 * -Dmesh.failover=long} is the measure: two minutes, a kill every five seconds whatever state the hosts are in; {@code
 * -Dmesh.failover.engine=real} puts llama.cpp behind it, which takes fewer requests.
 */
class FailoverIT {
    private static final int HOSTS = 3;
    private static final boolean IS_LONG =
            System.getProperty("mesh.failover", "short").equals("long");
    private static final boolean IS_REAL =
            System.getProperty("mesh.failover.engine", "mock").equals("real");
    private static final int SECONDS = Integer.getInteger("mesh.failover.seconds", IS_LONG ? 120 : 20);
    private static final int PER_SECOND =
            Integer.getInteger("mesh.failover.perSecond", !IS_LONG ? 40 : IS_REAL ? 10 : 200);

    /** In the short run as few as any machine answers; else more than wait at any moment while a host is missing. */
    private static final int IN_FLIGHT_MAX = IS_LONG ? 400 : 6;

    private static final int KILL_SECONDS = IS_LONG ? 5 : 7;

    /** A process that lives fifteen seconds has no use for what a second compiler makes of it. */
    private static final Map<String, String> ENVIRONMENT = Map.of("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1");

    @TempDir
    Path folder;

    private final List<RealNode> nodes = new ArrayList<>();
    private String invite = "";
    private Path engine = Path.of("");

    @AfterEach
    void end() {
        for (RealNode node : nodes) node.close();
    }

    @Test
    void killedHostsCostNoRequestThatHadNotBegunToAnswer() throws Exception {
        engine = IS_REAL ? RealEngine.orSkip().folder() : folder.resolve("engine");
        if (!IS_REAL) FakeLlamaProgram.install(engine, "firstTokenMillis=20;tokenMillis=10;tokens=8");
        RealNode front = start(
                "front",
                "--bin-dir",
                Files.createDirectories(folder.resolve("none")).toString());
        invite = front.invite();
        List<RealNode> hosts = new ArrayList<>();
        for (int i = 0; i < HOSTS; i++) hosts.add(host(i));
        for (int i = 0; i < HOSTS; i++) awaitAnswerOf(front, i);
        var load = new SteadyLoad(front.api(), PER_SECOND, IN_FLIGHT_MAX);

        load.start();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        for (int victim = 0; System.nanoTime() < end; victim = (victim + 1) % HOSTS) {
            TimeUnit.SECONDS.sleep(KILL_SECONDS);
            load.killed();
            hosts.get(victim).kill();
            nodes.remove(hosts.get(victim));
            hosts.set(victim, host(victim));
            if (!IS_LONG) awaitAnswerOf(front, victim);
        }
        load.stop();

        System.getLogger(FailoverIT.class.getName()).log(System.Logger.Level.INFO, load.figures());
        assertThat(load.unbegunFailures())
                .as(load.figures() + "\n" + ways(front))
                .isEmpty();
        assertThat(load.silentlyCut()).as(load.figures()).isEmpty();
        assertThat(load.stuck()).as(load.figures()).isZero();
        assertThat(load.whole()).as(load.figures()).isGreaterThan(SECONDS);
    }

    private RealNode host(int number) throws Exception {
        return start(
                "host-" + number,
                "--model",
                "demo-tiny",
                "--bin-dir",
                engine.toString(),
                "--parallel",
                IS_REAL ? "4" : "64",
                "--join",
                invite);
    }

    private RealNode start(String name, String... more) throws Exception {
        var line = new ArrayList<>(List.of("--name", name, "--offline"));
        line.addAll(List.of(more));
        RealNode node = RealNode.serve(folder.resolve(name), ENVIRONMENT, line.toArray(String[]::new));
        nodes.add(node);
        return node;
    }

    /** So that there is always a host that lives, whatever the machine makes of the time between two kills. */
    private static void awaitAnswerOf(RealNode front, int number) throws Exception {
        long deadline = System.nanoTime() + 2 * RealNode.PATIENCE.toNanos();
        while (true) {
            var answer = Ask.chat(front.api(), "demo-tiny", "x-mesh-target", "host-" + number);
            if (answer.status() == 200) return;
            assertThat(System.nanoTime())
                    .as("host %d: %s", number, answer.text())
                    .isLessThan(deadline);
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    /** What the front made of the requests that failed. */
    private static String ways(RealNode front) throws Exception {
        var failed = new ArrayList<String>();
        for (JsonNode each : Ask.get(front.management() + "/mesh/v1/requests").json())
            if (each.path("status").asInt() >= 400) failed.add(each.path("status") + " " + each.path("attempts"));
        return String.join("\n", failed.subList(0, Math.min(12, failed.size())));
    }
}
