package mesh.daemon.models;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import mesh.core.id.ModelRef;
import mesh.core.model.PartName;

/** From file names to the names of models. Stateless. */
final class ModelNames {
    static final String SUFFIX = ".gguf";

    private ModelNames() {}

    static String fileName(Path file) {
        return Objects.requireNonNullElse(file.getFileName(), file).toString();
    }

    /** Whether it is called like a model, and of a set like the first part. Projectors are none. */
    static boolean isFirst(Path file) {
        String name = fileName(file);
        if (name.startsWith(".") || !name.endsWith(SUFFIX) || Projectors.isCalledSo(name)) return false;
        return PartName.parse(name).map(part -> part.number() == 1).orElse(true);
    }

    /** All parts of the set that a file belongs to by its name, or the file alone. */
    static List<Path> parts(Path file) {
        Optional<PartName> part = PartName.parse(fileName(file));
        if (part.isEmpty()) return List.of(file);
        return part.get().fileNames().stream().map(file::resolveSibling).toList();
    }

    /** Without suffix, and without the part's number. */
    static String stem(String fileName) {
        Optional<PartName> part = PartName.parse(fileName);
        if (part.isPresent()) return part.get().stem();
        return fileName.endsWith(SUFFIX) ? fileName.substring(0, fileName.length() - SUFFIX.length()) : fileName;
    }

    /** The stem made printable. */
    static ModelRef ref(String fileName) {
        String stem = stem(fileName).replaceAll("[^!-~]|[\"\\\\]", "-");
        return new ModelRef(stem.length() <= ModelRef.CHARS_MAX ? stem : stem.substring(0, ModelRef.CHARS_MAX));
    }
}
