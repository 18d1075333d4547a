package mesh.daemon.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Probing folders whose programs are small scripts. */
class EngineProbeTest {
    @TempDir
    Path root;

    @Test
    void folderWithoutAServerIsAbsentAndOneThatCannotRunIsBroken() throws Exception {
        script("mute/llama-server", "#!/bin/sh\nexit 1\n");
        script("odd/llama-server", "#!/bin/sh\necho 'version: 1'\n");
        Files.createFile(Files.createDirectories(root.resolve("plain")).resolve("llama-server"));

        assertThat(EngineProbe.of(root.resolve("nowhere"))).isEqualTo(new EngineProbe.Answer.Absent());
        assertThat(EngineProbe.of(root.resolve("mute")))
                .isEqualTo(new EngineProbe.Answer.Broken("tells no version: it said nothing, exit code 1"));
        assertThat(EngineProbe.of(root.resolve("odd"))).isInstanceOf(EngineProbe.Answer.Broken.class);
        assertThat(EngineProbe.of(root.resolve("plain"))).isInstanceOf(EngineProbe.Answer.Broken.class);
    }

    @Test
    void workerIsFoundBesideTheServerAndInLibexec() throws Exception {
        script("a/bin/llama-server", TestArchive.SERVER);
        Path beside = script("a/bin/rpc-server", "#!/bin/sh\nexit 1\n");
        script("b/bin/llama-server", TestArchive.SERVER);
        Path libexec = script("b/libexec/x86_64-linux-gnu/llama/bin/ggml-rpc-server", "#!/bin/sh\nexit 1\n");

        assertThat(works("a/bin").rpcServer()).isEqualTo(beside);
        assertThat(works("b/bin").rpcServer()).isEqualTo(libexec);
    }

    @Test
    void workerThatDoesNotSpeakTheProtocolIsNoWorker() throws Exception {
        script("bin/llama-server", TestArchive.SERVER);
        script("bin/rpc-server", "#!/bin/sh\nexit 1\n");

        assertThat(works("bin").worker()).isEmpty();
    }

    @Test
    void namedFolderIsTheOnlyPlaceAndTheAnswerSaysWhatIsWrongThere() throws Exception {
        Path empty = Files.createDirectory(root.resolve("empty"));

        assertThat(EngineFinder.find(empty, new EngineShelf(root)))
                .isEqualTo(new EngineFinder.Search.NotFound(List.of(new EngineFinder.Place(empty, "no llama-server"))));
    }

    private Engine works(String folder) throws InterruptedException {
        return ((EngineProbe.Answer.Works) EngineProbe.of(root.resolve(folder))).engine();
    }

    private Path script(String name, String text) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.resolve("..").normalize());
        Files.writeString(file, text);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}
