package mesh.daemon.models;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import mesh.core.id.ModelRef;
import mesh.core.model.Fit;
import mesh.core.model.GgufHeader;

/**
 * A model on this machine's disk whose header was read and holds together. Immutable.
 *
 * @param paths all its parts, first part first; the engine is given the first
 * @param projector what turns pictures into tokens for it, if it is to see
 */
public record ModelFile(ModelRef ref, List<Path> paths, GgufHeader header, Optional<Projector> projector) {
    public ModelFile {
        paths = List.copyOf(paths);
    }

    /** A file of its own beside the model, read as far as the model was. */
    public record Projector(Path path, GgufHeader header) {}

    public Path path() {
        return paths.getFirst();
    }

    /** Everything it consists of, the projector last. */
    public List<Path> files() {
        var files = new ArrayList<>(paths);
        projector.ifPresent(one -> files.add(one.path()));
        return files;
    }

    /** Of all files. */
    public long bytes() {
        return header.fileBytes()
                + projector.map(one -> one.header().fileBytes()).orElse(0L);
    }

    /** What it takes in memory. */
    public Fit fit() {
        Fit alone = Fit.of(header);
        return projector.map(one -> alone.seeing(one.header())).orElse(alone);
    }

    /** The same that sees by {@code other}, or not at all. */
    public ModelFile seeing(Optional<Projector> other) {
        return new ModelFile(ref, paths, header, other);
    }

    /** Made here by formula: worth telling whoever expects a clever answer. */
    public boolean isDemo() {
        return DemoModel.named(ref.name()).isPresent()
                && header.text("general.name").orElse("").startsWith(DemoModel.TITLE);
    }
}
