package mesh.daemon.models;

import java.util.List;
import java.util.function.BooleanSupplier;
import mesh.daemon.fetch.FetchReason;
import mesh.daemon.fetch.Fetched;
import mesh.daemon.fetch.Progress;

/** Members of the mesh that may have a model already. Blocks for as long as a copy takes. */
public interface Neighbours {
    /** Brings a model into the models folder, if any member shares it. */
    Copied copy(ModelSource source, Progress progress, BooleanSupplier isUnwanted);

    /** Whether one of them has a model of exactly that name. */
    boolean know(String model) throws InterruptedException;

    /** What became of it. */
    sealed interface Copied {
        record Done(List<Fetched.Done> files) implements Copied {
            public Done {
                files = List.copyOf(files);
            }
        }

        /** No member that can be reached has it. */
        record Nobody() implements Copied {}

        /** It could not be brought whole; what came is kept. */
        record Refused(FetchReason reason, String message) implements Copied {}
    }

    /** A node without a mesh, or a command. */
    static Neighbours none() {
        return new Neighbours() {
            @Override
            public Copied copy(ModelSource source, Progress progress, BooleanSupplier isUnwanted) {
                return new Copied.Nobody();
            }

            @Override
            public boolean know(String model) {
                return false;
            }
        };
    }
}
