package mesh.daemon.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WhereaboutsTest {
    @Test
    void livingDaemonIsFoundAndAKilledOneIsNot(@TempDir Path root) throws IOException {
        Files.createDirectories(DataDir.run(root));
        var here = new Whereabouts(ProcessHandle.current().pid(), "http://127.0.0.1:1", "http://127.0.0.1:2");

        here.write(root);
        assertThat(Whereabouts.read(root)).contains(here);

        // No system hands out this pid.
        new Whereabouts(Long.MAX_VALUE, "", "").write(root);
        assertThat(Whereabouts.read(root)).isEmpty();

        Whereabouts.remove(root);
        assertThat(Whereabouts.read(root)).isEmpty();
    }

    @Test
    void damagedNoteIsAnErrorNotAnAnswer(@TempDir Path root) throws IOException {
        Files.createDirectories(DataDir.run(root));
        Files.writeString(DataDir.run(root).resolve("daemon.json"), "{");

        assertThatThrownBy(() -> Whereabouts.read(root)).hasMessageContaining("damaged");
    }
}
