package mesh.daemon.models;

import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import mesh.core.id.ModelRef;

/**
 * Where a model that is not here can be fetched. Immutable.
 *
 * @param files all its parts, first part first, then its projector if it has one
 * @param said how another node would ask for the same: a name of the catalog, {@code org/repo/file.gguf} or a URL
 */
public record ModelSource(ModelRef ref, List<RemoteFile> files, String said) {
    public ModelSource {
        files = List.copyOf(files);
    }

    /**
     * One file.
     *
     * @param name under which it will lie in the models folder
     * @param bytes where somebody wrote its size down
     * @param sha256 where somebody wrote it down
     */
    public record RemoteFile(String name, URI uri, OptionalLong bytes, Optional<String> sha256) {
        /** Whether the model serves without it as well. */
        public boolean isProjector() {
            return Projectors.isCalledSo(name);
        }
    }

    /** What the model cannot do without. */
    public List<RemoteFile> weights() {
        return files.stream().filter(file -> !file.isProjector()).toList();
    }

    /** The same model, blind. */
    ModelSource blind() {
        return new ModelSource(ref, weights(), said);
    }

    /** Of all files together; empty where one is not known. */
    public OptionalLong bytes() {
        long sum = 0;
        for (RemoteFile file : files) {
            if (file.bytes().isEmpty()) return OptionalLong.empty();
            sum += file.bytes().getAsLong();
        }
        return OptionalLong.of(sum);
    }
}
