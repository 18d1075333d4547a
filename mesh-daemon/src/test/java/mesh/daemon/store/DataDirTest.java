package mesh.daemon.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirTest {
    @Test
    void foldersAreMadeForTheOwnerAlone(@TempDir Path parent) throws Exception {
        Path root = parent.resolve("a/mesh");

        try (DataDir dataDir = opened(root)) {
            for (Path folder : new Path[] {root, dataDir.models(), dataDir.engine(), dataDir.log(), dataDir.run()})
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
                        .isEqualTo("rwx------");
        }
    }

    @Test
    void secondDaemonLearnsWhoHoldsIt(@TempDir Path root) {
        try (DataDir first = opened(root)) {
            assertThat(DataDir.open(first.root()))
                    .isEqualTo(new DataDir.Opening.Locked(
                            root, Long.toString(ProcessHandle.current().pid())));
        }
        opened(root).close();
    }

    @Test
    void fileInTheWaySaysSo(@TempDir Path parent) throws Exception {
        Path file = Files.writeString(parent.resolve("mesh"), "");

        assertThat(DataDir.open(file))
                .isInstanceOfSatisfying(
                        DataDir.Opening.Unusable.class,
                        unusable -> assertThat(unusable.why()).contains("not a folder"));
    }

    private static DataDir opened(Path root) {
        return ((DataDir.Opening.Opened) DataDir.open(root)).dataDir();
    }
}
