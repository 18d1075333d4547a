package mesh.daemon.models;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import mesh.daemon.store.AtomicFile;
import org.jspecify.annotations.Nullable;

/**
 * What is known of the files in a models folder beyond their bytes: whether this program brought them, from where, with
 * which hash, and when one was last served. A small file for each, in a folder beside them; a lost one makes its model
 * somebody else's, which is never deleted. Stateless; any thread.
 */
public final class Notes {
    /** Within the models folder, for what is known and can be found out again. */
    public static final String FOLDER = ".notes";

    private static final JsonMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private final Path folder;

    Notes(Path modelsFolder) {
        folder = modelsFolder.resolve(FOLDER);
    }

    /**
     * What is known of one file.
     *
     * @param origin null when somebody else put it there
     * @param usedAt null when it was never served
     */
    public record Note(@Nullable Origin origin, @Nullable String usedAt) {
        private static final Note EMPTY = new Note(null, null);

        /** Whether this program brought it, and so may take it away. */
        public boolean isOurs() {
            return origin != null;
        }
    }

    /** Where a file of ours came from. */
    public record Origin(String from, String sha256, long bytes, String fetchedAt) {}

    public Note of(Path file) {
        try {
            return JSON.readValue(Files.readAllBytes(place(file)), Note.class);
        } catch (IOException noneOrDamaged) {
            return Note.EMPTY;
        }
    }

    void fetched(Path file, String from, String sha256, long bytes) throws IOException {
        write(file, new Note(new Origin(from, sha256, bytes, now()), of(file).usedAt()));
    }

    void used(Path file) throws IOException {
        write(file, new Note(of(file).origin(), now()));
    }

    void forget(Path file) throws IOException {
        Files.deleteIfExists(place(file));
    }

    private void write(Path file, Note note) throws IOException {
        Files.createDirectories(folder);
        AtomicFile.write(place(file), JSON.writeValueAsBytes(note));
    }

    private Path place(Path file) {
        return folder.resolve(ModelNames.fileName(file) + ".json");
    }

    private static String now() {
        return Instant.ofEpochSecond(Instant.now().getEpochSecond()).toString();
    }

    /** The hash a file should have, if it is ours. */
    Optional<String> sha256(Path file) {
        return Optional.ofNullable(of(file).origin()).map(Origin::sha256);
    }
}
