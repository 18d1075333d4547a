package mesh.testnet.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import mesh.testnet.engine.RealEngine;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a person does wrong gets one clear line and the right exit code; nothing hangs, nothing prints a stack trace. */
class BadInputIT {
    @TempDir
    Path folder;

    @Test
    void noArgumentsShowHelpAndBindNothing() throws Exception {
        assertThat(run(0)).contains("Usage: mesh").contains("mesh --model demo");
    }

    @Test
    void unknownFlagNamesTheNearest() throws Exception {
        assertThat(run(2, "--modle", "demo")).contains("--modle").contains("--model");
    }

    @Test
    void unknownCommandNamesTheNearest() throws Exception {
        assertThat(run(2, "staus")).contains("staus").contains("status");
    }

    @Test
    void missingModelFileIsSaid() throws Exception {
        assertThat(serve(1, folder.resolve("none.gguf").toString())).contains("none.gguf");
    }

    @Test
    void unknownModelNameShowsNearOnes() throws Exception {
        assertThat(serve(1, "demo-lrge")).contains("demo-large");
    }

    @Test
    void wrongMagicIsSaid() throws Exception {
        Path file = Files.writeString(folder.resolve("page.gguf"), "<html>not found</html>".repeat(100));

        assertThat(serve(1, file.toString())).contains("page.gguf").containsIgnoringCase("not a GGUF");
    }

    @Test
    void cutModelIsSaidWithItsBytes() throws Exception {
        Path whole = demo();
        Path cut = folder.resolve("cut.gguf");
        Files.write(cut, Arrays.copyOf(Files.readAllBytes(whole), (int) Files.size(whole) / 2));

        assertThat(serve(1, cut.toString()))
                .contains("cut.gguf")
                .contains("cut")
                .contains("" + Files.size(cut));
    }

    @Test
    void modelTooBigForTheMemoryWaitsForOthersWithNumbers() throws Exception {
        // Without an engine it would end, soon after it has said that it waits.
        String engine = RealEngine.orSkip().folder().toString();
        String[] tooLittle = {"--model", "demo", "--max-vram", "0.001", "--offline", "--bin-dir", engine};
        try (var node = RealNode.serve(folder.resolve("data"), Map.of(), tooLittle)) {
            assertThat(node.await("model.waiting").path("message").asText()).contains("need 0.06 GB, have 0.00 GB");
            assertThat(Ask.chat(node.api(), "demo").status()).isEqualTo(503);
        }
    }

    @Test
    void unknownArchitectureEndsInTheEnginesOwnWords() throws Exception {
        byte[] bytes = Files.readAllBytes(demo());
        String latin = new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1);
        // Same length, so that every offset stays true.
        String renamed = latin.replace("llama", "lhama");
        Path file = Files.write(
                folder.resolve("lhama.gguf"), renamed.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
        try (var node = RealNode.serve(
                folder.resolve("data"),
                Map.of(),
                "--model",
                file.toString(),
                "--bin-dir",
                RealEngine.orSkip().folder().toString())) {
            var failed = node.await("model.failed");

            assertThat(failed.path("reason").asText()).isEqualTo("unknown_architecture");
            var answer = Ask.chat(node.api(), "lhama");
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.code()).isEqualTo("unknown_architecture");
        }
    }

    @Test
    void takenPortSaysByWhom() throws Exception {
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String port = String.valueOf(taken.getLocalPort());

            assertThat(serve(1, "demo-tiny", "--port", port))
                    .contains(port)
                    .contains("pid " + ProcessHandle.current().pid())
                    .contains("--port");
        }
    }

    @Test
    void lockedDataDirSaysByWhom() throws Exception {
        Path data = folder.resolve("data");
        try (var first = RealNode.serve(
                data, Map.of(), "--bin-dir", RealEngine.orSkip().folder().toString())) {
            first.await("node.ready");

            try (var second = RealNode.serve(data, Map.of())) {
                assertThat(second.awaitExit()).isEqualTo(1);
                assertThat(second.said())
                        .contains("pid " + first.handle().pid())
                        .contains("--data-dir");
            }
        }
    }

    @Test
    void unusableDataDirIsSaid() throws Exception {
        Path file = Files.writeString(folder.resolve("data"), "in the way");

        assertThat(serve(1, "demo-tiny")).contains(file.toString());
    }

    @Test
    void fullDiskIsSaidAndLeavesNothingHalfWritten() throws Exception {
        Path data = folder.resolve("data");
        try (var disk = SmallDisk.mount(data, "100k")) {
            assertThat(serve(1, "demo-tiny")).contains("no room");

            assertThat(disk.folder().resolve("models")).isEmptyDirectory();
        }
    }

    @Test
    void withoutEngineAndOfflineTheCommandToRunIsNamed() throws Exception {
        assertThat(serve(69, "demo-tiny", "--offline", "--bin-dir", folder.toString()))
                .contains("llama");
        try (var node = RealNode.serve(
                folder.resolve("data2"), Map.of("PATH", folder.toString()), "--model", "demo-tiny", "--offline")) {
            assertThat(node.awaitExit()).isEqualTo(69);
            assertThat(node.said()).contains("mesh engine install");
        }
    }

    private Path demo() throws Exception {
        Path data = folder.resolve("maker");
        try (var node = RealNode.serve(
                data,
                Map.of(),
                "--model",
                "demo-tiny",
                "--bin-dir",
                RealEngine.orSkip().folder().toString())) {
            node.await("model.ready");
        }
        return data.resolve("models/demo-tiny.gguf");
    }

    private String serve(int exitCode, String model, String... more) throws Exception {
        var line = new java.util.ArrayList<>(List.of("--model", model));
        line.addAll(List.of(more));
        if (!line.contains("--bin-dir"))
            line.addAll(List.of("--bin-dir", RealEngine.orSkip().folder().toString()));
        try (var node = RealNode.serve(folder.resolve("data"), Map.of(), line.toArray(String[]::new))) {
            return said(node, exitCode);
        }
    }

    private static String run(int exitCode, String... arguments) throws IOException, InterruptedException {
        try (var program = RealNode.start(Map.of(), List.of(arguments))) {
            return said(program, exitCode);
        }
    }

    private static String said(RealNode program, int exitCode) throws InterruptedException {
        assertThat(program.awaitExit()).as(program.said()).isEqualTo(exitCode);
        assertThat(program.said()).doesNotContain("\tat ").doesNotContain("Exception");
        return program.said();
    }
}
