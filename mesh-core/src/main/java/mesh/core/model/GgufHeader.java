package mesh.core.model;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a GGUF file says before its weights: keys and the table of tensors, of all parts together when the model is a
 * set of files. Long texts and lists (a vocabulary) are counted, not kept. Everything was checked against the file's
 * bounds by {@link GgufReader}. Immutable.
 *
 * @param keys those of the first part; the others repeat nothing that matters
 * @param fileBytes of all parts
 * @param parts how many files the model is
 */
public record GgufHeader(int version, SortedMap<String, Value> keys, List<Tensor> tensors, long fileBytes, int parts) {
    /** Far above any model; keeps arithmetic over layers small whatever the file says. */
    public static final int LAYERS_MAX = 10_000;

    public GgufHeader {
        keys = Collections.unmodifiableSortedMap(new TreeMap<>(keys));
        tensors = List.copyOf(tensors);
    }

    /** One tensor. {@code bytes} is what it takes in the file; {@code offset} counts from the start of that file. */
    public record Tensor(String name, List<Long> dims, long typeNumber, int part, long offset, long bytes) {
        public Tensor {
            dims = List.copyOf(dims);
        }

        public Optional<TensorType> type() {
            return TensorType.of(typeNumber);
        }
    }

    /** What stands behind a key. */
    public sealed interface Value {
        record Whole(long value) implements Value {}

        record Real(double value) implements Value {}

        record Flag(boolean value) implements Value {}

        record Text(String value) implements Value {}

        /** A short list of whole numbers: per-layer settings, mostly. */
        record Wholes(List<Long> values) implements Value {
            public Wholes {
                values = List.copyOf(values);
            }
        }

        /** A list or text too long, or of no use, to be kept: only its length is known. */
        record Skipped(long count) implements Value {}
    }

    public String architecture() {
        return text("general.architecture").orElse("");
    }

    public Optional<String> text(String key) {
        return keys.get(key) instanceof Value.Text(String value) ? Optional.of(value) : Optional.empty();
    }

    /** The whole number behind {@code key}, also when it was written as a flag. */
    public OptionalLong whole(String key) {
        return switch (keys.get(key)) {
            case Value.Whole(long value) -> OptionalLong.of(value);
            case Value.Flag(boolean value) -> OptionalLong.of(value ? 1 : 0);
            case null, default -> OptionalLong.empty();
        };
    }

    /** A number of this model's architecture: {@code hyper("block_count")} reads {@code llama.block_count}. */
    public OptionalLong hyper(String key) {
        return whole(architecture() + "." + key);
    }

    /** Such a number for one layer, where the file may give one for all layers or a list with one for each. */
    public OptionalLong hyper(String key, int layer) {
        if (!(keys.get(architecture() + "." + key) instanceof Value.Wholes(List<Long> values))) return hyper(key);
        return layer < values.size() ? OptionalLong.of(values.get(layer)) : OptionalLong.empty();
    }

    /** How many entries the list behind {@code key} has; 0 when there is none. */
    public long length(String key) {
        return switch (keys.get(key)) {
            case Value.Skipped(long count) -> count;
            case Value.Wholes(List<Long> values) -> values.size();
            case null, default -> 0;
        };
    }

    public int layers() {
        return Math.clamp(hyper("block_count").orElse(0), 0, LAYERS_MAX);
    }

    /** The longest context the model was trained for; 0 when the file does not say. */
    public int contextMax() {
        return Math.clamp(hyper("context_length").orElse(0), 0, Integer.MAX_VALUE);
    }

    /**
     * Whether this list of architectures knows the model's. It ages, so a stranger is a warning ("the engine may refuse
     * it"), never a refusal: the engine itself has the last word.
     */
    public boolean hasKnownArchitecture() {
        return Architectures.isKnown(architecture());
    }
}
