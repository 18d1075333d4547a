package mesh.daemon.models;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import mesh.core.id.ModelRef;
import mesh.core.id.Near;
import mesh.core.model.GgufHeader;
import mesh.core.model.GgufRead;
import mesh.core.model.GgufReader;
import mesh.daemon.log.Log;
import mesh.daemon.models.Resolved.Found;
import mesh.daemon.models.Resolved.NotFound;
import mesh.daemon.models.Resolved.Reason;
import mesh.daemon.models.Resolved.Refused;

/**
 * The models on this machine: turns what a user said into a file that holds together, makes demo models on the spot,
 * lists the models folder. Every answer comes from the disk as it is now; nothing is cached. Reads and writes files, so
 * it belongs on a virtual thread; any one.
 */
public final class ModelStore {
    private static final Log log = Log.of(ModelStore.class);

    /** Beyond that a folder is not a collection of models; the listing stops there and says so. */
    private static final int FILES_MAX = 1000;

    /** Of several that may be meant, as many as a person reads through. */
    private static final int CANDIDATES_MAX = 8;

    private final Path folder;
    private final Supplier<Catalog> catalog;
    private final Hub hub;
    private final Caches caches;
    private final Notes notes;

    /** The catalog is asked for when the first name needs it. */
    public ModelStore(Path folder, Supplier<Catalog> catalog, Hub hub, Caches caches) {
        this.folder = folder;
        this.catalog = catalog;
        this.hub = hub;
        this.caches = caches;
        this.notes = new Notes(folder);
    }

    public ModelStore(Path folder, Supplier<Catalog> catalog, Hub hub) {
        this(folder, catalog, hub, Caches.NONE);
    }

    public ModelStore(Path folder, Supplier<Catalog> catalog) {
        this(folder, catalog, Hub.usual());
    }

    /** Where models lie that were fetched or made here. */
    public Path folder() {
        return folder;
    }

    /**
     * What the models folder holds, and other tools' caches if they are used.
     *
     * @param models sound ones, by name, those of the folder first
     * @param broken the others, with their reasons
     * @param isWhole false when the folder holds more files than are listed
     */
    public record Shelf(List<ModelFile> models, List<Refused> broken, boolean isWhole) {
        public Shelf {
            models = List.copyOf(models);
            broken = List.copyOf(broken);
        }
    }

    /**
     * The first that is there of: a path, a demo's name, a file in the models folder by name or stem, one in another
     * tool's cache, a name of the catalog, {@code org/repo/file.gguf} at the hub, a URL; then what is part of one name
     * only. What the catalog or the hub has is taken from a cache before it is fetched.
     */
    public Resolved find(String said) {
        Optional<Path> path = path(said);
        if (path.isPresent() && Files.isRegularFile(path.get())) return open(path.get());
        if (path.isPresent() && isPathLike(said) && Files.isDirectory(path.get()))
            return new Refused("not_a_file", "model path is a folder path=" + path.get());
        Optional<DemoModel> demo = DemoModel.named(said);
        if (demo.isPresent()) return made(demo.get());
        List<Path> files = files();
        for (Path file : files) {
            String name = ModelNames.fileName(file);
            if (name.equals(said) || ModelNames.stem(name).equals(said)) return open(file);
        }
        for (Caches.Cached cached : caches.list()) if (isCalled(cached, said)) return open(cached.path(), cached.ref());
        Optional<Catalog.Entry> entry = catalog.get().named(said);
        if (entry.isPresent()) return hereOrThere(hub.of(entry.get()));
        Optional<ModelSource> remote = hub.of(said);
        if (remote.isPresent()) return hereOrThere(remote.get());
        return isPathLike(said) ? noSuchFile(said) : containing(said, files);
    }

    private Resolved hereOrThere(ModelSource source) {
        if (!isHere(source)) {
            Optional<Path> cached = caches.first(source);
            return cached.isPresent() ? open(cached.get(), source.ref()) : new Resolved.Fetchable(source);
        }
        return open(folder.resolve(source.files().getFirst().name()));
    }

    private static boolean isCalled(Caches.Cached cached, String said) {
        String name = cached.ref().name();
        return name.equals(said)
                || name.equals(said + ":latest")
                || ModelNames.fileName(cached.path()).equals(said);
    }

    /** Whether all files of a source lie in the models folder already. */
    boolean isHere(ModelSource source) {
        return !source.files().isEmpty()
                && source.files().stream().allMatch(file -> Files.isRegularFile(folder.resolve(file.name())));
    }

    /** How another node would ask for what this user calls {@code said}; empty for what is this machine's own. */
    public Optional<String> elsewhere(String said) {
        return catalog.get()
                .named(said)
                .map(hub::of)
                .or(() -> path(said).filter(Files::exists).isPresent() ? Optional.empty() : hub.of(said))
                .map(ModelSource::said);
    }

    /** What is here goes before what would have to be fetched. */
    private Resolved containing(String said, List<Path> files) {
        String wanted = said.toLowerCase(Locale.ROOT);
        List<Path> here = files.stream()
                .filter(file -> ModelNames.stem(ModelNames.fileName(file))
                        .toLowerCase(Locale.ROOT)
                        .contains(wanted))
                .toList();
        if (here.size() == 1) return open(here.getFirst());
        List<Catalog.Entry> there = catalog.get().entries().stream()
                .filter(entry -> entry.name().toLowerCase(Locale.ROOT).contains(wanted))
                .toList();
        if (here.isEmpty() && there.size() == 1) return hereOrThere(hub.of(there.getFirst()));
        if (here.isEmpty() && there.isEmpty())
            return new NotFound(
                    Reason.UNKNOWN_MODEL,
                    "no such model model=" + said,
                    Near.names(said, names()),
                    "Say a path to a .gguf file, a name of the catalog, org/repo/file.gguf, a URL, or demo.");
        var candidates = new ArrayList<String>();
        for (Path file : here) candidates.add(ModelNames.stem(ModelNames.fileName(file)));
        for (Catalog.Entry entry : there) candidates.add(entry.name());
        return new NotFound(
                Reason.AMBIGUOUS,
                "part of " + candidates.size() + " names model=" + said,
                candidates.subList(0, Math.min(CANDIDATES_MAX, candidates.size())),
                "Say one whole name; mesh models lists them.");
    }

    /** What is known of where a model's files came from and when they were used. */
    public Notes notes() {
        return notes;
    }

    /** A model of the folder begins to be served. */
    public void used(ModelFile model) {
        for (Path file : model.files()) {
            if (!folder.equals(file.getParent())) continue;
            try {
                notes.used(file);
            } catch (IOException unwritten) {
                log.warn("note.unwritten", "file", file, "cause", unwritten);
            }
        }
    }

    public Shelf list() {
        var models = new ArrayList<ModelFile>();
        var broken = new ArrayList<Refused>();
        List<Path> files = files();
        for (Path file : files.subList(0, Math.min(files.size(), FILES_MAX))) {
            switch (open(file)) {
                case Found(ModelFile model) -> models.add(model);
                case Refused refused -> broken.add(refused);
                case NotFound vanished -> {}
            }
        }
        for (Caches.Cached cached : caches.list())
            if (open(cached.path(), cached.ref()) instanceof Found(ModelFile model)
                    && models.stream().noneMatch(known -> known.ref().equals(model.ref()))) models.add(model);
        return new Shelf(models, broken, files.size() <= FILES_MAX);
    }

    /** Reads the header of the model at {@code path}; any part of a set stands for the whole set. */
    public Resolved.Opened open(Path path) {
        return open(path, ref(ModelNames.parts(path).getFirst()));
    }

    private Resolved.Opened open(Path path, ModelRef ref) {
        List<Path> paths = ModelNames.parts(path);
        var open = new ArrayList<FileBytes>();
        try {
            var parts = new ArrayList<GgufReader.Part>();
            for (Path part : paths) {
                open.add(FileBytes.open(part));
                parts.add(new GgufReader.Part(part.toString(), open.getLast()));
            }
            return switch (GgufReader.read(parts)) {
                case GgufRead.Read(GgufHeader header) ->
                    Projectors.isOne(header)
                            ? new Refused("projector", "no model but a projector of one, for --mmproj path=" + path)
                            : new Found(new ModelFile(ref, paths, header, Projectors.beside(paths.getFirst(), folder)));
                case GgufRead.Refused(var reason, var message) -> new Refused(reason.code(), message);
            };
        } catch (NoSuchFileException missing) {
            if (paths.size() == 1)
                return new NotFound(Reason.NO_SUCH_FILE, "no such file path=" + path, List.of(), "Check the path.");
            return new Refused(
                    GgufRead.Reason.MISSING_PART.code(),
                    "model part missing path=" + missing.getFile() + " expected=" + paths.size());
        } catch (IOException e) {
            return failed("model file unreadable", path, e);
        } finally {
            for (FileBytes file : open) close(file);
        }
    }

    private Resolved made(DemoModel demo) {
        Path file = DemoFiles.file(demo, folder);
        try {
            Files.createDirectories(folder);
            if (!DemoFiles.isWhole(demo, file)) {
                long freeBytes = Files.getFileStore(folder).getUsableSpace();
                if (freeBytes < demo.size())
                    return new Refused(
                            "disk_full",
                            "no room for the model path=" + file + " freeBytes=" + freeBytes + " needBytes="
                                    + demo.size());
                DemoFiles.make(demo, file);
            }
            if (demo.projector().isPresent()) {
                Path beside = file.resolveSibling(Projectors.nameFor(ModelNames.fileName(file)));
                if (!DemoFiles.isWhole(demo.projector().get(), beside))
                    DemoFiles.make(demo.projector().get(), beside);
            }
            return open(file);
        } catch (IOException e) {
            return failed("model cannot be made", file, e);
        }
    }

    private NotFound noSuchFile(String said) {
        return new NotFound(
                Reason.NO_SUCH_FILE,
                "no such model file path=" + said,
                Near.names(ModelNames.stem(said.substring(said.lastIndexOf('/') + 1)), names()),
                "Check the path, or put the file into " + folder + " and say its name.");
    }

    private List<String> names() {
        var names = new ArrayList<String>();
        for (DemoModel demo : DemoModel.list()) names.add(demo.name());
        for (Path file : files()) names.add(ModelNames.stem(ModelNames.fileName(file)));
        for (Catalog.Entry entry : catalog.get().entries()) names.add(entry.name());
        return names;
    }

    /** The folder's model files by name, of a set only the first part; at most one more than are listed. */
    private List<Path> files() {
        var files = new ArrayList<Path>();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, ModelNames::isFirst)) {
            for (Path file : found) {
                if (Files.isRegularFile(file)) files.add(file);
                if (files.size() > FILES_MAX) break;
            }
        } catch (IOException | java.nio.file.DirectoryIteratorException unreadable) {
            return List.of();
        }
        files.sort(null);
        return files;
    }

    /** The catalog's name for the file, else its stem. */
    private ModelRef ref(Path first) {
        String name = ModelNames.fileName(first);
        return catalog.get().ofFile(name).map(Catalog.Entry::ref).orElseGet(() -> ModelNames.ref(name));
    }

    /** The system's words are the only sign of most causes; in a language not known here they are passed on as they are. */
    static Refused failed(String what, Path path, IOException e) {
        String text = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
        String pair = " path=" + path;
        if (text.contains("no space") || text.contains("quota"))
            return new Refused("disk_full", what + pair + " cause=disk-full");
        if (text.contains("read-only")) return new Refused("read_only", what + pair + " cause=read-only");
        if (e instanceof AccessDeniedException denied)
            return new Refused("access_denied", what + pair + " denied=" + denied.getFile());
        String why = e instanceof FileSystemException system && system.getReason() != null
                ? system.getReason()
                : e.toString();
        return new Refused("io_failed", what + pair + " cause=" + why);
    }

    private static void close(FileBytes file) {
        try {
            file.close();
        } catch (IOException readOnlyAndDone) {
            // Nothing was written, and everything needed was read.
        }
    }

    private static Optional<Path> path(String said) {
        try {
            String home = System.getProperty("user.home");
            return Optional.of(said.startsWith("~/") ? Path.of(home, said.substring(2)) : Path.of(said));
        } catch (InvalidPathException noPath) {
            return Optional.empty();
        }
    }

    private static boolean isPathLike(String said) {
        return said.contains("/") || said.contains("\\") || said.endsWith(ModelNames.SUFFIX);
    }
}
