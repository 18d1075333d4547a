package mesh.testnet.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import mesh.testnet.engine.RealEngine;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model with a draft on a real node with real llama.cpp; a damaged number would change what it babbles. */
class DraftIT {
    /** Two answers are enough for a stretch. */
    private static final String BODY =
            "{\"model\":\"demo-random\",\"prompt\":\"once upon\",\"max_tokens\":140,\"temperature\":0}";

    @TempDir
    Path folder;

    /** A draft as large as the model itself guesses right and cannot pay. */
    @Test
    void draftThatDoesNotPayIsMeasuredSwitchedOffAndNotTriedAgain() throws Exception {
        String engine = RealEngine.orSkip().folder().toString();
        Path draft = folder.resolve("twin.gguf");
        try (var alone = RealNode.offline(folder, "node", "--model", "demo-random", "--bin-dir", engine)) {
            alone.await("model.ready");
            Files.copy(folder.resolve("node/models/demo-random.gguf"), draft);
        }
        String[] drafted = {
            "--model",
            "demo-random",
            "--parallel",
            "1",
            "--draft",
            draft.toString(),
            "--draft-max",
            "4",
            "--bin-dir",
            engine
        };
        try (var node = RealNode.offline(folder, "node", drafted)) {
            node.await("model.ready");

            JsonNode first = babble(node);
            babble(node);
            awaitStage(node, "compared");
            JsonNode second = babble(node);
            babble(node);
            JsonNode off = node.await("draft.off");
            JsonNode third = babble(node);

            assertThat(first.at("/timings/draft_n_accepted").asInt()).isGreaterThan(50);
            assertThat(second.at("/timings/draft_n").asInt()).isZero();
            assertThat(second.at("/choices/0/text")).isEqualTo(first.at("/choices/0/text"));
            assertThat(third.at("/choices/0/text")).isEqualTo(first.at("/choices/0/text"));
            assertThat(off.path("reason").asText()).isEqualTo("draft_slower");
            assertThat(off.path("acceptedPercent").asInt()).isGreaterThan(90);
            assertThat(off.path("milliTokensPerSecond").asLong())
                    .isLessThan(off.path("milliTokensPerSecondPlain").asLong());
            assertThat(node.events("model.ready")).hasSize(2);
        }
        try (var again = RealNode.offline(folder, "node", drafted)) {
            again.await("model.ready");
            JsonNode known =
                    Ask.get(again.management() + "/mesh/v1/status").json().at("/models/0/draft");

            assertThat(known.path("stage").asText()).isEqualTo("off");
            assertThat(known.path("reason").asText()).isEqualTo("draft_slower");
            assertThat(known.path("judgedAt").asText()).contains("T");
            assertThat(babble(again).at("/timings/draft_n").asInt()).isZero();
        }
    }

    private static void awaitStage(RealNode node, String stage) throws Exception {
        long deadline = System.nanoTime() + RealNode.PATIENCE.toNanos();
        while (true) {
            JsonNode model =
                    Ask.get(node.management() + "/mesh/v1/status").json().at("/models/0");
            if (model.at("/draft/stage").asText().equals(stage)
                    && model.path("state").asText().equals("ready")
                    && node.events("model.ready").size() == 2) return;
            assertThat(System.nanoTime()).as(node.said()).isLessThan(deadline);
            Thread.sleep(50);
        }
    }

    private static JsonNode babble(RealNode node) throws Exception {
        return Ask.post(node.api() + "/v1/completions", BODY).json();
    }
}
