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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Any node's port serves every model of the mesh: real daemons, real llama.cpp behind one of them. */
class RoutingIT {
    private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz";

    @TempDir
    Path folder;

    private final List<RealNode> nodes = new ArrayList<>();
    private RealNode front;
    private RealNode host;

    @BeforeEach
    void startTwo() throws Exception {
        Path engine = RealEngine.orSkip().folder();
        front = start("front", "--bin-dir", empty());
        host = start("host", "--model", "demo", "--bin-dir", engine.toString(), "--join", front.invite());
        host.await("model.ready");
        awaitModel(front, "demo", "ready");
    }

    @AfterEach
    void end() {
        for (RealNode node : nodes) node.close();
    }

    @Test
    void requestAtANodeWithoutTheModelIsAnsweredByItsPeer() throws Exception {
        var answer = Ask.chat(front.api(), "demo");

        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        assertThat(answer.content()).contains(ALPHABET);
        assertThat(header(answer, "x-mesh-node")).isEqualTo("host");
        assertThat(header(answer, "x-mesh-route")).isEqualTo("peer");
        assertThat(header(answer, "x-mesh-model")).isEqualTo("demo");
        assertThat(header(answer, "x-mesh-why")).isEqualTo("only-host");
        assertThat(header(Ask.chat(host.api(), "demo"), "x-mesh-route")).isEqualTo("local");
    }

    private RealNode start(String name, String... more) throws Exception {
        var line = new ArrayList<>(List.of("--name", name, "--offline"));
        line.addAll(List.of(more));
        RealNode node = RealNode.serve(folder.resolve(name), Map.of(), line.toArray(String[]::new));
        nodes.add(node);
        return node;
    }

    /** A node without an engine is given no model by the mesh. */
    private String empty() throws Exception {
        return Files.createDirectories(folder.resolve("none")).toString();
    }

    private static void awaitModel(RealNode node, String model, String state) throws Exception {
        long deadline = System.nanoTime() + RealNode.PATIENCE.toNanos();
        while (true) {
            JsonNode list = Ask.get(node.api() + "/v1/models").json().path("data");
            for (JsonNode entry : list)
                if (entry.path("id").asText().equals(model)
                        && entry.path("state").asText().equals(state)) return;
            assertThat(System.nanoTime()).as("model is " + state + ": " + list).isLessThan(deadline);
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    private static String header(Ask.Answer answer, String name) {
        return answer.response().headers().firstValue(name).orElse("");
    }
}
