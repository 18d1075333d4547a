package mesh.daemon.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
    @TempDir
    Path folder;

    @Test
    void contentIsReplacedWholeAndKeptPrivate() throws IOException {
        Path target = folder.resolve("state");
        Files.writeString(target, "old and longer");

        AtomicFile.write(target, bytes("new"));

        assertThat(target).hasContent("new");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(target)))
                .isEqualTo("rw-------");
        assertThat(names()).containsExactly("state");
    }

    @Test
    void failedWriteLeavesTheOldContentAndNothingElse() throws IOException {
        Path target = folder.resolve("state");
        Files.writeString(target, "old");

        assertThatThrownBy(() -> AtomicFile.write(target, out -> {
                    out.write(ByteBuffer.wrap(bytes("half")));
                    throw new IOException("no space left on device");
                }))
                .isInstanceOf(IOException.class)
                .hasMessage("no space left on device");

        assertThat(target).hasContent("old");
        assertThat(names()).containsExactly("state");
    }

    @Test
    void readerSeesTheOldContentUntilTheNewIsWhole() throws IOException {
        Path target = folder.resolve("state");
        Files.writeString(target, "old");

        AtomicFile.writeRemakeable(target, out -> {
            out.write(ByteBuffer.wrap(bytes("new")));
            assertThat(target).hasContent("old");
        });

        assertThat(target).hasContent("new");
    }

    @Test
    void leftoversOfTheDeadAreSweptAndThoseOfTheLivingAreNot() throws IOException {
        long dead = deadPid();
        long living = ProcessHandle.current().pid();
        Files.writeString(folder.resolve(".state." + dead + "-1.part"), "");
        Files.writeString(folder.resolve(".state." + living + "-0.part"), "");
        Files.writeString(folder.resolve(".state.mine.part"), "");
        Files.writeString(folder.resolve(".other." + dead + "-1.part"), "");

        AtomicFile.write(folder.resolve("state"), bytes("new"));

        assertThat(names())
                .containsExactlyInAnyOrder(
                        "state", ".state." + living + "-0.part", ".state.mine.part", ".other." + dead + "-1.part");
    }

    /** The highest number a process may have; what runs there would be a coincidence, and is looked for. */
    private static long deadPid() {
        long pid = 4_194_304;
        while (ProcessHandle.of(pid).isPresent()) pid--;
        return pid;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }
}
