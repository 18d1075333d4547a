package mesh.daemon.store;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where a running daemon can be reached, left in its data dir so that {@code mesh status} and {@code mesh stop} find it
 * without being told ports. A note may outlive a killed daemon; whoever reads it asks whether the pid still lives.
 *
 * @param management the management API's root; empty when the daemon runs without one
 */
public record Whereabouts(long pid, String api, String management) {
    private static final JsonMapper JSON = new JsonMapper();

    public void write(Path dataDir) throws IOException {
        AtomicFile.write(file(dataDir), JSON.writeValueAsBytes(this));
    }

    /** Empty when no daemon lives there. */
    public static Optional<Whereabouts> read(Path dataDir) throws IOException {
        if (!Files.exists(file(dataDir))) return Optional.empty();
        try {
            Whereabouts found = JSON.readValue(Files.readAllBytes(file(dataDir)), Whereabouts.class);
            return Optional.of(found).filter(w -> ProcessHandle.of(w.pid()).isPresent());
        } catch (JacksonException damaged) {
            throw new IOException("damaged note " + file(dataDir), damaged);
        }
    }

    public static void remove(Path dataDir) throws IOException {
        Files.deleteIfExists(file(dataDir));
    }

    private static Path file(Path dataDir) {
        return DataDir.run(dataDir).resolve("daemon.json");
    }
}
