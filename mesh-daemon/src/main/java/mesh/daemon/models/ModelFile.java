package mesh.daemon.models;

import java.nio.file.Path;
import java.util.List;
import mesh.core.id.ModelRef;
import mesh.core.model.Fit;
import mesh.core.model.GgufHeader;

/**
 * A model on this machine's disk whose header was read and holds together. Immutable.
 *
 * @param paths all its parts, first part first; the engine is given the first
 */
public record ModelFile(ModelRef ref, List<Path> paths, GgufHeader header) {
    public ModelFile {
        paths = List.copyOf(paths);
    }

    public Path path() {
        return paths.getFirst();
    }

    public long bytes() {
        return header.fileBytes();
    }

    /** What it takes in memory. */
    public Fit fit() {
        return Fit.of(header);
    }

    /** Made here by formula: worth telling whoever expects a clever answer. */
    public boolean isDemo() {
        return DemoModel.named(ref.name()).isPresent()
                && header.text("general.name").orElse("").startsWith(DemoModel.TITLE);
    }
}
