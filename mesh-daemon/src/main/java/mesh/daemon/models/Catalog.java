package mesh.daemon.models;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import mesh.core.id.ModelRef;
import org.jspecify.annotations.Nullable;

/**
 * The models people ask for by name, as data that travels with the program. Its promises (unique names, drafts that
 * exist, parts in order) are kept by a test, not at run time. Immutable, any thread.
 */
public final class Catalog {
    private static final String BUNDLED = "/mesh/catalog/models.json";

    private final List<Entry> entries;

    Catalog(List<Entry> entries) {
        this.entries = List.copyOf(entries);
    }

    /**
     * One model.
     *
     * @param files all parts, first part first
     * @param context the longest the model was made for, in tokens
     * @param draft the entry that may guess ahead for this one
     * @param bytes of all files together; null where nobody wrote it down
     * @param sha256 one per file; null where nobody wrote it down
     */
    public record Entry(
            String name,
            String family,
            String repository,
            List<String> files,
            String quantization,
            double parametersBillions,
            int context,
            List<String> capabilities,
            @Nullable String draft,
            String license,
            @Nullable Long bytes,
            @Nullable List<String> sha256) {
        public Entry {
            files = List.copyOf(files);
            capabilities = List.copyOf(capabilities);
            sha256 = sha256 == null ? null : List.copyOf(sha256);
        }

        public ModelRef ref() {
            return new ModelRef(name);
        }
    }

    private record Document(List<Entry> models) {}

    /** The catalog of this program, read at the first call. */
    public static Catalog bundled() {
        return Bundled.CATALOG;
    }

    /** Its initialisation is what waits for the first call: reading takes longer than the rest of a start. */
    private static final class Bundled {
        static final Catalog CATALOG = load();

        private static Catalog load() {
            try (InputStream json = Catalog.class.getResourceAsStream(BUNDLED)) {
                if (json == null) throw new IllegalStateException("catalog missing path=" + BUNDLED);
                return read(json);
            } catch (IOException e) {
                throw new UncheckedIOException("catalog unreadable path=" + BUNDLED, e);
            }
        }
    }

    static Catalog read(InputStream json) throws IOException {
        var mapper = JsonMapper.builder()
                .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                .build();
        return new Catalog(mapper.readValue(json, Document.class).models());
    }

    public List<Entry> entries() {
        return entries;
    }

    /** The entry of that name, without regard to case; else the only one whose name contains it. */
    public Optional<Entry> find(String said) {
        String wanted = said.toLowerCase(Locale.ROOT);
        List<Entry> within = entries.stream()
                .filter(entry -> entry.name().toLowerCase(Locale.ROOT).contains(wanted))
                .toList();
        Optional<Entry> exact = within.stream()
                .filter(entry -> entry.name().equalsIgnoreCase(said))
                .findFirst();
        return exact.isPresent() || within.size() != 1 ? exact : Optional.of(within.getFirst());
    }

    /** The entry whose first file has that name: one file has one name all over the mesh. */
    public Optional<Entry> ofFile(String fileName) {
        return entries.stream()
                .filter(entry -> entry.files().getFirst().equals(fileName))
                .findFirst();
    }
}
