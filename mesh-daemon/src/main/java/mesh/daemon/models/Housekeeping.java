package mesh.daemon.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import mesh.daemon.fetch.Hashing;
import mesh.daemon.fetch.Order;

/**
 * Looks after the models folder: which files are sound, and which may go. Deletes what this program brought or made and
 * nothing else. Reads whole files, so it belongs on a thread that may wait.
 */
public final class Housekeeping {
    private final ModelStore store;
    private final Catalog catalog;

    public Housekeeping(ModelStore store, Catalog catalog) {
        this.store = store;
        this.catalog = catalog;
    }

    /** How one file stands against the hash it should have. */
    public sealed interface Verdict {
        Path file();

        record Sound(Path file, String sha256) implements Verdict {}

        record Damaged(Path file, String sha256, String expected) implements Verdict {}

        /** Nobody said which hash is right. */
        record Unknown(Path file, String sha256) implements Verdict {}
    }

    /** What came of a wish to remove a model. */
    public sealed interface Removal {
        record Removed(List<Path> files, long bytes) implements Removal {
            public Removed {
                files = List.copyOf(files);
            }
        }

        /** {@code code} is stable. */
        record Refused(String code, String message) implements Removal {}
    }

    /** Reads every file of a model. */
    public List<Verdict> verify(ModelFile model, Hashing.Listener listener) throws IOException {
        var verdicts = new ArrayList<Verdict>();
        for (Path file : model.files()) {
            String seen = Hashing.sha256(file, listener);
            Optional<String> expected = expected(model, file);
            if (expected.isEmpty()) verdicts.add(new Verdict.Unknown(file, seen));
            else if (expected.get().equals(seen)) verdicts.add(new Verdict.Sound(file, seen));
            else verdicts.add(new Verdict.Damaged(file, seen, expected.get()));
        }
        return verdicts;
    }

    private Optional<String> expected(ModelFile model, Path file) {
        return store.notes()
                .sha256(file)
                .or(() -> catalog.named(model.ref().name()).stream()
                        .flatMap(entry -> entry.files().stream())
                        .filter(part -> part.fileName().equals(ModelNames.fileName(file)))
                        .map(Catalog.Entry.Part::sha256)
                        .filter(java.util.Objects::nonNull)
                        .findFirst());
    }

    /** Removes what lies in the models folder under this name, whole or on its way. */
    public Removal remove(String said) throws IOException {
        return switch (store.find(said)) {
            case Resolved.Found(ModelFile model) -> remove(model);
            case Resolved.Fetchable(ModelSource source) -> removeParts(source);
            case Resolved.NotFound missing ->
                new Removal.Refused(missing.reason().code(), missing.message());
            case Resolved.Refused(String code, String message) -> new Removal.Refused(code, message);
        };
    }

    private Removal remove(ModelFile model) throws IOException {
        boolean isOurs = model.isDemo()
                || model.paths().stream()
                        .allMatch(file -> store.notes().of(file).isOurs());
        if (!isOurs || !isInFolder(model.path()))
            return new Removal.Refused(
                    "not_ours", model.path() + " was not fetched by this program; delete it yourself if it may go");
        var removed = new ArrayList<Path>();
        long bytes = 0;
        for (Path file : model.files()) {
            // A projector may be somebody's own beside a model of ours.
            if (!model.isDemo() && !store.notes().of(file).isOurs()) continue;
            bytes += Files.size(file);
            Files.deleteIfExists(file);
            store.notes().forget(file);
            removed.add(file);
        }
        return new Removal.Removed(removed, bytes);
    }

    private boolean isInFolder(Path file) {
        return store.folder()
                .toAbsolutePath()
                .normalize()
                .equals(file.toAbsolutePath().normalize().getParent());
    }

    private Removal removeParts(ModelSource source) throws IOException {
        var removed = new ArrayList<Path>();
        for (ModelSource.RemoteFile remote : source.files()) {
            Path target = store.folder().resolve(remote.name());
            var order = new Order(remote.uri(), target, remote.bytes(), remote.sha256());
            for (Path file : order.traces()) if (Files.deleteIfExists(file)) removed.add(file);
            if (Files.exists(target) && store.notes().of(target).isOurs()) {
                Files.delete(target);
                store.notes().forget(target);
                removed.add(target);
            }
        }
        if (removed.isEmpty())
            return new Removal.Refused("not_here", "nothing of " + source.ref() + " is in " + store.folder());
        return new Removal.Removed(removed, 0);
    }
}
