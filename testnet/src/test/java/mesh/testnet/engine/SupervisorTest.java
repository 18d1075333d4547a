package mesh.testnet.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.daemon.engine.Engine;
import mesh.daemon.engine.EngineProbe;
import mesh.daemon.engine.ServerCommand;
import mesh.daemon.engine.Serving;
import mesh.daemon.process.ChildState;
import mesh.daemon.process.Children;
import mesh.daemon.process.Command;
import mesh.daemon.process.Confinement;
import mesh.daemon.process.ExitReason;
import mesh.daemon.process.Launch;
import mesh.daemon.process.LoopbackPorts;
import mesh.daemon.process.Readiness;
import mesh.daemon.process.RestartPolicy;
import mesh.daemon.process.Supervisor;
import mesh.testnet.fake.FakeLlamaProgram;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The supervisor with children that misbehave on purpose. */
class SupervisorTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final RestartPolicy QUICK = new RestartPolicy(3, 10, 10, 60_000);

    @TempDir
    Path data;

    private final States states = new States();
    private Children children;

    @BeforeEach
    void open() throws IOException {
        children = new Children(data.resolve("run"), data.resolve("log"), new Confinement(data));
    }

    @AfterEach
    void leaveNothingBehind() throws InterruptedException {
        children.killAll();
        children.stopAll();
    }

    @Test
    void loadingIsSeenBeforeReady() throws Exception {
        supervise("loadMillis=3000", PATIENCE);

        states.await(ChildState.Ready.class, PATIENCE);

        assertThat(states.seen()).first().isEqualTo(new ChildState.Starting());
        assertThat(states.seen()).hasAtLeastOneElementOfType(ChildState.Loading.class);
        assertThat(states.seen()).last().isInstanceOf(ChildState.Ready.class);
    }

    @Test
    void childThatNeverListensIsEndedWithAReason() throws Exception {
        supervise("silent=1", Duration.ofMillis(300));

        ChildState.Failed failed = states.await(ChildState.Failed.class, PATIENCE);

        assertThat(failed.reason()).isEqualTo(ExitReason.SILENT);
        // Who ended is taken off the books by a thread of its own.
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!children.alive().isEmpty()) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    @Test
    void lastingFailureIsNotTriedAgain() throws Exception {
        supervise("failWith=E llama_model_load: error loading model: unknown model architecture: 'x'", PATIENCE);

        ChildState.Failed failed = states.await(ChildState.Failed.class, PATIENCE);

        assertThat(failed.reason()).isEqualTo(ExitReason.UNKNOWN_ARCHITECTURE);
        assertThat(states.seen()).doesNotHaveAnyElementsOfTypes(ChildState.Restarting.class);
    }

    @Test
    void childThatCrashesEachTimeIsGivenUpAfterItsTries() throws Exception {
        supervise("failWith=GGML_ASSERT(x) failed;exitCode=134", PATIENCE);

        ChildState.Failed failed = states.await(ChildState.Failed.class, PATIENCE);

        assertThat(failed.reason()).isEqualTo(ExitReason.CRASHED);
        assertThat(failed.message()).contains("GGML_ASSERT(x) failed");
        assertThat(states.seen())
                .filteredOn(ChildState.Starting.class::isInstance)
                .hasSize(3);
    }

    @Test
    void childThatIgnoresTermIsStoppedAllTheSame() throws Exception {
        Supervisor supervisor = supervise("ignoreTerm=1", PATIENCE);
        states.await(ChildState.Ready.class, PATIENCE);

        supervisor.stop();

        assertThat(supervisor.state()).isEqualTo(new ChildState.Stopped());
        assertThat(states.seen()).doesNotHaveAnyElementsOfTypes(ChildState.Failed.class, ChildState.Restarting.class);
    }

    @Test
    void stopWhileLoadingStops() throws Exception {
        Supervisor supervisor = supervise("loadMillis=600000", PATIENCE);
        states.await(ChildState.Loading.class, PATIENCE);

        supervisor.stop();

        assertThat(states.seen()).last().isEqualTo(new ChildState.Stopped());
    }

    @Test
    void stopWhileWaitingToStartAgainStops() throws Exception {
        var patient = new RestartPolicy(3, 600_000, 600_000, 1);
        Supervisor supervisor = supervise(sh("exit 3"), patient);
        states.await(ChildState.Restarting.class, PATIENCE);

        supervisor.stop();

        assertThat(states.seen()).last().isEqualTo(new ChildState.Stopped());
    }

    @Test
    void takenPortLeadsToAnotherOne() throws Exception {
        Engine engine = fake("");
        var starts = new AtomicInteger();
        try (var holder = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            var serving = new Serving(data.resolve("m.gguf"), "demo", 512, 1, 1, 0);
            supervise(
                    (port, apiKey) -> ServerCommand.of(
                            engine, serving, starts.getAndIncrement() == 0 ? holder.getLocalPort() : port, apiKey),
                    QUICK);

            states.await(ChildState.Ready.class, PATIENCE);
        }

        assertThat(states.await(ChildState.Restarting.class, PATIENCE).reason()).isEqualTo(ExitReason.PORT_TAKEN);
    }

    @Test
    void portAndKeyOfEachStartAreFresh() throws Exception {
        var given = new java.util.concurrent.ConcurrentLinkedQueue<String>();
        supervise(
                (port, apiKey) -> {
                    given.add(apiKey);
                    return new Command(List.of("sh", "-c", "exit 3"), java.util.Map.of());
                },
                QUICK);

        states.await(ChildState.Failed.class, PATIENCE);

        assertThat(given).hasSize(3).doesNotHaveDuplicates().allMatch(key -> key.matches("[0-9a-f]{32}"));
    }

    private Supervisor supervise(String knobs, Duration silenceMax) throws Exception {
        Engine engine = fake(knobs);
        var serving = new Serving(data.resolve("m.gguf"), "demo", 512, 1, 1, 0);
        Launch.Commands commands = (port, apiKey) -> ServerCommand.of(engine, serving, port, apiKey);
        RestartPolicy policy = knobs.contains("silent") ? RestartPolicy.NEVER : QUICK;
        var launch = new Launch("fake", commands, Readiness.health(), 0, silenceMax, policy);
        return Supervisor.start(children, new LoopbackPorts(), launch, states);
    }

    private Supervisor supervise(Launch.Commands commands, RestartPolicy policy) {
        var launch = new Launch("fake", commands, Readiness.health(), 0, PATIENCE, policy);
        return Supervisor.start(children, new LoopbackPorts(), launch, states);
    }

    private static Launch.Commands sh(String script) {
        return (port, apiKey) -> new Command(List.of("sh", "-c", script), java.util.Map.of());
    }

    private Engine fake(String knobs) throws Exception {
        Path folder = Files.createDirectories(data.resolve("bin"));
        FakeLlamaProgram.install(folder, knobs);
        return ((EngineProbe.Answer.Works) EngineProbe.of(folder)).engine();
    }
}
