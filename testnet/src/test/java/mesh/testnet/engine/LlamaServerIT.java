package mesh.testnet.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import mesh.daemon.engine.Engine;
import mesh.daemon.engine.ServerCommand;
import mesh.daemon.engine.Serving;
import mesh.daemon.process.ChildState;
import mesh.daemon.process.Children;
import mesh.daemon.process.Confinement;
import mesh.daemon.process.ExitReason;
import mesh.daemon.process.Launch;
import mesh.daemon.process.LoopbackPorts;
import mesh.daemon.process.Supervisor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The supervisor with a real llama-server: it serves, stops, says why it cannot, and comes back after a crash. */
class LlamaServerIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir
    Path data;

    private final States states = new States();
    private Engine engine;
    private Children children;

    @BeforeEach
    void findEngine() throws Exception {
        children = new Children(data.resolve("run"), data.resolve("log"), new Confinement(data));
        engine = RealEngine.orSkip();
    }

    @AfterEach
    void leaveNothingBehind() throws InterruptedException {
        children.killAll();
        children.stopAll();
    }

    @Test
    void serverRecitesTheAlphabetToWhoeverShowsTheKey() throws Exception {
        Supervisor supervisor = supervise(TestModel.file());

        ChildState.Ready ready = states.await(ChildState.Ready.class, PATIENCE);
        HttpResponse<String> answer = chat(ready, ready.apiKey());
        HttpResponse<String> stranger = chat(ready, "guess");
        supervisor.stop();

        assertThat(answer.body()).contains("\"content\":\"abcdefghijklmnopqrstuvwxyz\"");
        assertThat(stranger.statusCode()).isEqualTo(401);
        assertThat(supervisor.state()).isEqualTo(new ChildState.Stopped());
        assertThat(ready.port()).isLessThan(32_768);
    }

    @Test
    void keyIsInNobodysProcessList() throws Exception {
        supervise(TestModel.file());
        ChildState.Ready ready = states.await(ChildState.Ready.class, PATIENCE);

        String commandLine = Files.readString(
                Path.of("/proc", Long.toString(children.alive().getFirst().pid()), "cmdline"));

        assertThat(commandLine).contains("llama-server").doesNotContain(ready.apiKey());
    }

    @Test
    void killedServerComesBackOnItsOwn() throws Exception {
        supervise(TestModel.file());
        ChildState.Ready first = states.await(ChildState.Ready.class, PATIENCE);

        children.alive().getFirst().kill();
        var second = (ChildState.Ready)
                states.await(state -> state instanceof ChildState.Ready && !state.equals(first), PATIENCE);

        assertThat(second.apiKey()).isNotEqualTo(first.apiKey());
        assertThat(chat(second, second.apiKey()).statusCode()).isEqualTo(200);
        assertThat(states.await(ChildState.Restarting.class, PATIENCE).reason()).isEqualTo(ExitReason.KILLED);
    }

    @Test
    void missingModelIsNamedAsSuch() throws Exception {
        supervise(data.resolve("absent.gguf"));

        ChildState.Failed failed = states.await(ChildState.Failed.class, PATIENCE);

        assertThat(failed.reason()).isEqualTo(ExitReason.MODEL_MISSING);
        assertThat(failed.message()).contains("absent.gguf");
    }

    @Test
    void cutModelIsNamedAsSuch() throws Exception {
        byte[] whole = Files.readAllBytes(TestModel.file());
        Path cut = Files.write(data.resolve("cut.gguf"), java.util.Arrays.copyOf(whole, whole.length / 2));

        supervise(cut);

        assertThat(states.await(ChildState.Failed.class, PATIENCE).reason()).isEqualTo(ExitReason.MODEL_CORRUPT);
    }

    private Supervisor supervise(Path model) {
        var serving = new Serving(model, "demo", 512, 1, 1, 0);
        var launch = Launch.server("llama", 0, (port, apiKey) -> ServerCommand.of(engine, serving, port, apiKey));
        return Supervisor.start(children, new LoopbackPorts(), launch, states);
    }

    private static HttpResponse<String> chat(ChildState.Ready ready, String apiKey) throws Exception {
        String body = "{\"model\":\"demo\",\"messages\":[{\"role\":\"user\",\"content\":\"go\"}]}";
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + ready.port() + "/v1/chat/completions"))
                .header("Authorization", "Bearer " + apiKey)
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    }
}
