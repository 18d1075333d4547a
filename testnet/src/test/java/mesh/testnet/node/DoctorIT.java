package mesh.testnet.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import mesh.testnet.engine.RealEngine;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the real program finds on a machine whose driver and llama.cpp speak of a card that is not there. */
class DoctorIT {
    @TempDir
    Path folder;

    @Test
    void cardCountsOnceDriverAndEngineBothKnowIt() throws Exception {
        Path real = RealEngine.orSkip().folder();
        program(folder.resolve("bin/nvidia-smi"), "echo 'NVIDIA GeForce RTX 4090, 24564, 23028'");
        program(
                folder.resolve("bin/llama-server"),
                "case \"$1\" in --list-devices) echo '  CUDA0: NVIDIA GeForce RTX 4090 (24080 MiB, 23600 MiB free)';;"
                        + " *) exec '" + real.resolve("llama-server") + "' \"$@\";; esac");

        String with = doctor(folder.resolve("bin"), "auto");
        String without = doctor(real, "auto");
        String strange = doctor(folder.resolve("bin"), "CUDA7");

        assertThat(with).contains("CUDA0, NVIDIA GeForce RTX 4090").contains("24.1 GB free of 25.2 GB, less 1.1 GB");
        assertThat(without).contains("llama.cpp here cannot use it").doesNotContain("less 1.1 GB head-room;");
        assertThat(strange).contains("llama.cpp here has CUDA0");
    }

    /** The card's driver answers, the engine's does not until it is let. */
    @Test
    void portIsOpenAndNothingDecidedWhileCardsAreStillAsked() throws Exception {
        Path real = RealEngine.orSkip().folder();
        Path mayAnswer = folder.resolve("may-answer");
        program(folder.resolve("bin/nvidia-smi"), "echo 'NVIDIA GeForce RTX 4090, 24564, 23028'");
        program(
                folder.resolve("bin/llama-server"),
                "case \"$1\" in --list-devices) while [ ! -e '" + mayAnswer
                        + "' ]; do sleep 0.05; done; echo '  CUDA0: NVIDIA GeForce RTX 4090 (24080 MiB, 23600 MiB"
                        + " free)';; *) exec '" + real.resolve("llama-server") + "' \"$@\";; esac");
        var environment = Map.of("PATH", folder.resolve("bin") + ":" + System.getenv("PATH"));
        String[] line = {
            "--name", "node", "--offline", "--bin-dir", folder.resolve("bin").toString()
        };
        try (var node = RealNode.serve(folder.resolve("node"), environment, line)) {
            Ask.Answer early = Ask.chat(node.api(), "demo");
            JsonNode looking = Ask.get(node.management() + "/mesh/v1/status").json();
            var decided = node.events("node.ready");
            Files.createFile(mayAnswer);
            node.await("memory.known");
            node.await("node.ready");
            JsonNode known = Ask.get(node.management() + "/mesh/v1/status").json();

            assertThat(early.status()).isEqualTo(503);
            assertThat(early.response().headers().firstValue("retry-after")).isPresent();
            assertThat(looking.at("/memory/source").asText()).isEqualTo("looking");
            assertThat(looking.at("/mesh/id").asText()).isEmpty();
            assertThat(decided).isEmpty();
            assertThat(known.at("/memory/source").asText()).isEqualTo("ram+gpu");
            assertThat(known.at("/memory/devices/0/name").asText()).isEqualTo("CUDA0");
            assertThat(known.at("/memory/devices/0/isForSplits").asBoolean()).isTrue();
            assertThat(explained(node)).contains("CUDA0", "shares of splits stand here", "together");
        }
    }

    private String explained(RealNode node) throws Exception {
        long deadline = System.nanoTime() + RealNode.PATIENCE.toNanos();
        while (Ask.get(node.management() + "/mesh/v1/explain/demo").status() != 200) {
            assertThat(System.nanoTime()).as(node.said()).isLessThan(deadline);
            Thread.sleep(50);
        }
        var line =
                List.of("explain", "demo", "--data-dir", folder.resolve("node").toString());
        try (var run = RealNode.start(Map.of(), line)) {
            run.awaitExit();
            return run.said();
        }
    }

    private String doctor(Path binDir, String device) throws Exception {
        var environment = Map.of(
                "PATH",
                folder.resolve("bin") + ":" + System.getenv("PATH"),
                "MESH_BIN_DIR",
                binDir.toString(),
                "MESH_DEVICE",
                device);
        var line = List.of("doctor", "--data-dir", folder.resolve("data").toString());
        try (var run = RealNode.start(environment, line)) {
            run.awaitExit();
            return run.said();
        }
    }

    private static void program(Path file, String script) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}
