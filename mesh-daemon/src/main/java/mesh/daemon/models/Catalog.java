package mesh.daemon.models;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import mesh.core.id.ModelRef;
import org.jspecify.annotations.Nullable;

/**
 * The models people ask for by name, as data that travels with the program. Its promises (unique names, drafts that
 * exist, parts in order) are kept by a test, not at run time. Immutable, any thread.
 */
public final class Catalog {
    private static final String BUNDLED = "/mesh/catalog/models.json";

    /** Those of the catalog have 0.4 to 0.7 billion weights of two bytes, some of one. */
    private static final long PROJECTOR_BYTES_ABOUT = 900_000_000;

    private final List<Entry> entries;

    Catalog(List<Entry> entries) {
        this.entries = List.copyOf(entries);
    }

    /**
     * One model.
     *
     * @param files all parts, first part first
     * @param parametersBillions all of them, also those of experts that rest
     * @param activeBillions those that work on one token, where that is fewer
     * @param context the longest the model was made for, in tokens
     * @param draft the entry that may guess ahead for this one
     * @param projector what turns pictures into tokens, of a model that sees
     */
    public record Entry(
            String name,
            String family,
            String repository,
            List<Part> files,
            String quantization,
            double parametersBillions,
            @Nullable Double activeBillions,
            int context,
            List<String> capabilities,
            @Nullable String draft,
            @Nullable Part projector,
            String license) {
        public Entry {
            files = List.copyOf(files);
            capabilities = List.copyOf(capabilities);
        }

        /**
         * One file of it.
         *
         * @param name in its repository, with the folder if it is in one
         * @param bytes null where nobody wrote it down
         * @param sha256 null where nobody wrote it down
         */
        public record Part(
                String name, @Nullable Long bytes, @Nullable String sha256) {
            /** Under which it lies in the models folder. */
            public String fileName() {
                return name.substring(name.lastIndexOf('/') + 1);
            }
        }

        public ModelRef ref() {
            return new ModelRef(name);
        }

        /** Of all files together, the projector with them; empty where that of one is not known. */
        public OptionalLong bytes() {
            var all = new ArrayList<>(files);
            if (projector != null) all.add(projector);
            long sum = 0;
            for (Part part : all) {
                if (part.bytes() == null) return OptionalLong.empty();
                sum += part.bytes();
            }
            return OptionalLong.of(sum);
        }

        /** The size, or what parameters and quantisation make likely: right to a tenth, but for very small models. */
        public long bytesAbout() {
            long weights = (long) (parametersBillions * 1e9 * bitsPerWeight(quantization) / Byte.SIZE);
            return bytes().orElse(projector == null ? weights : weights + PROJECTOR_BYTES_ABOUT);
        }
    }

    /** What files of these quantisations have on average, their few tensors of other types counted in. */
    static double bitsPerWeight(String quantization) {
        return switch (quantization) {
            case "F32" -> 32;
            case "F16", "BF16" -> 16;
            case "Q8_0" -> 8.6;
            case "Q6_K" -> 6.6;
            case "Q5_K_M" -> 5.7;
            case "Q4_K_M", "Q4_K_XL" -> 4.9;
            case "Q4_0", "IQ4_NL" -> 4.6;
            case "MXFP4" -> 4.4;
            case "Q3_K_M" -> 3.9;
            case "Q2_K", "Q2_K_XL" -> 3.0;
            default -> 5;
        };
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

    /** The entry of that name, without regard to case. */
    public Optional<Entry> named(String said) {
        return entries.stream()
                .filter(entry -> entry.name().equalsIgnoreCase(said))
                .findFirst();
    }

    /** The entry whose first file has that name: one file has one name all over the mesh. */
    public Optional<Entry> ofFile(String fileName) {
        return entries.stream()
                .filter(entry -> entry.files().getFirst().fileName().equals(fileName))
                .findFirst();
    }
}
