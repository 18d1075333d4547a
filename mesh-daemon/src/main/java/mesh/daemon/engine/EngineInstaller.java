package mesh.daemon.engine;

import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Stream;
import mesh.daemon.fetch.Fetch;
import mesh.daemon.fetch.FetchReason;
import mesh.daemon.fetch.Fetched;
import mesh.daemon.fetch.Hashing;
import mesh.daemon.fetch.Network;
import mesh.daemon.fetch.Order;
import mesh.daemon.fetch.Patience;
import mesh.daemon.log.Log;

/**
 * Installs llama.cpp into the data folder without root. An install is built beside its final place, moved there in one
 * step, run once, and only then put to use; a failure leaves the one in use as it was. One install at a time per data
 * folder, by a lock on a file. Blocks for seconds to minutes; call it on a virtual thread.
 */
public final class EngineInstaller {
    private static final Log log = Log.of(EngineInstaller.class);

    /** What a build is made of, one {@code name version} per line. */
    private static final String VERSIONS = "VERSIONS";

    private final EngineShelf shelf;
    private final boolean offline;
    private final Map<String, String> environment;
    private final InstallProgress progress;
    private final Patience patience;

    /** How an install went. */
    public sealed interface Outcome {
        /** {@code fresh} is false where this very version was there already. */
        record Installed(Engine engine, boolean fresh) implements Outcome {}

        record Refused(InstallReason reason, String message) implements Outcome {}
    }

    /**
     * {@code offline} refuses every source that needs the network. {@code environment} is the process' own: {@code PATH},
     * {@code MESH_DEBIAN_MIRROR}, {@code MESH_DEBIAN_KEYRING} and the names of proxies are read from it.
     */
    public EngineInstaller(
            EngineShelf shelf, boolean offline, Map<String, String> environment, InstallProgress progress) {
        this(shelf, offline, environment, progress, Patience.USUAL);
    }

    EngineInstaller(
            EngineShelf shelf,
            boolean offline,
            Map<String, String> environment,
            InstallProgress progress,
            Patience patience) {
        this.shelf = shelf;
        this.offline = offline;
        this.environment = new TreeMap<>(environment);
        this.progress = progress;
        this.patience = patience;
    }

    public Outcome install(EngineSource source) throws InterruptedException {
        try {
            if (offline && !(source instanceof EngineSource.Local))
                throw new InstallRefused(InstallReason.OFFLINE, "offline: no download");
            Files.createDirectories(shelf.folder());
            return locked(source);
        } catch (InstallRefused refused) {
            return refused(refused);
        } catch (IOException failed) {
            return refused(InstallRefused.of(failed));
        }
    }

    private static Outcome refused(InstallRefused refused) {
        log.warn("engine.refused", "reason", refused.reason().code(), "message", refused.message());
        return new Outcome.Refused(refused.reason(), refused.message());
    }

    private Outcome locked(EngineSource source) throws IOException, InterruptedException, InstallRefused {
        Path lockFile = shelf.folder().resolve(".lock");
        try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock()) {
            if (lock == null)
                throw new InstallRefused(InstallReason.BUSY, "another install runs folder=" + shelf.folder());
            sweep();
            Path work = Files.createTempDirectory(shelf.folder(), ".work-");
            try {
                return build(source, work);
            } finally {
                delete(work);
            }
        } catch (OverlappingFileLockException sameProcess) {
            throw new InstallRefused(InstallReason.BUSY, "another install runs folder=" + shelf.folder());
        }
    }

    private Outcome build(EngineSource source, Path work) throws IOException, InterruptedException, InstallRefused {
        return switch (source) {
            case EngineSource.Debian(String suite) -> debian(suite, work);
            case EngineSource.Release() -> {
                Releases.Release release = Releases.bundled()
                        .forPlatform(Releases.platform())
                        .orElseThrow(() -> new InstallRefused(
                                InstallReason.NO_RELEASE_PINNED,
                                "no pinned release for this platform platform=" + Releases.platform()));
                var order = order(release.url(), OptionalLong.of(release.bytes()), release.sha256());
                yield fetched(order, "release-" + release.version(), work);
            }
            case EngineSource.Remote(var uri, String sha256) -> {
                if (!Order.isSha256(sha256))
                    throw new InstallRefused(
                            InstallReason.WRONG_HASH, "a SHA-256 has 64 hexadecimal digits given=" + sha256);
                yield fetched(order(uri, OptionalLong.empty(), sha256), "archive-" + sha256.substring(0, 12), work);
            }
            case EngineSource.Local(Path file) -> {
                if (!Files.isReadable(file))
                    throw new InstallRefused(InstallReason.BAD_ARCHIVE, "cannot be read file=" + file);
                String sha256 = Hashing.sha256(file, (done, total) -> {});
                yield archive(file, "archive-" + sha256.substring(0, 12), sha256, work);
            }
        };
    }

    private Outcome debian(String suite, Path work) throws IOException, InterruptedException, InstallRefused {
        if (!suite.matches("[a-z][a-z0-9-]*"))
            throw new InstallRefused(InstallReason.TOOL_FAILED, "not a suite's name suite=" + suite);
        if (!Releases.platform().startsWith("linux-"))
            throw new InstallRefused(
                    InstallReason.UNSUPPORTED_PLATFORM,
                    "Debian's packages run on Linux only platform=" + Releases.platform());
        var packages = new DebianPackages(suite, work, environment, progress);
        Map<String, String> versions = packages.download();
        String version = versions.getOrDefault("llama.cpp-tools", "unknown");
        Path home = home("debian-" + suite + "-" + version.replaceAll("[^A-Za-z0-9.]+", "-"));
        Path folder = Files.createDirectory(work.resolve("install"));
        packages.build(folder, home);
        return shelve(folder, home, versions);
    }

    /** The file is named after its hash, so that a cut download is taken up again and never by another archive's. */
    private Order order(URI uri, OptionalLong bytes, String sha256) {
        return new Order(uri, shelf.folder().resolve(".archive-" + sha256), bytes, Optional.of(sha256));
    }

    /** Bytes that turned out wrong are not kept; those that are right are not needed twice. */
    private Outcome fetched(Order order, String name, Path work)
            throws IOException, InterruptedException, InstallRefused {
        if (EngineProbe.of(home(name)) instanceof EngineProbe.Answer.Works(Engine there)) {
            shelf.use(home(name));
            return new Outcome.Installed(there, false);
        }
        var fetch = new Fetch(
                order,
                Network.of(environment, patience),
                (phase, done, total) -> progress.at(InstallProgress.Step.DOWNLOAD, done, total));
        switch (fetch.run()) {
            case Fetched.Done(Path file, long _, String sha256) -> {
                try {
                    return archive(file, name, sha256, work);
                } finally {
                    Files.deleteIfExists(file);
                }
            }
            case Fetched.Refused(FetchReason reason, String message) -> {
                if (reason == FetchReason.STOPPED) throw new InterruptedException(message);
                if (reason == FetchReason.WRONG_HASH) for (Path trace : order.traces()) Files.deleteIfExists(trace);
                throw new InstallRefused(InstallReason.of(reason), message);
            }
        }
    }

    private Outcome archive(Path archive, String name, String sha256, Path work)
            throws IOException, InterruptedException, InstallRefused {
        progress.at(InstallProgress.Step.UNPACK, 0, 0);
        Path folder = Files.createDirectory(work.resolve("install"));
        Unpacking.unpack(archive, folder);
        return shelve(folderOfServer(folder), home(name), Map.of("archive-sha256", sha256));
    }

    /** Moves a finished folder to its place, sees that it runs there, and puts it to use. */
    private Outcome shelve(Path folder, Path home, Map<String, String> versions)
            throws IOException, InterruptedException, InstallRefused {
        progress.at(InstallProgress.Step.CHECK, 0, 0);
        if (EngineProbe.of(home) instanceof EngineProbe.Answer.Works(Engine there)) {
            shelf.use(home);
            return new Outcome.Installed(there, false);
        }
        var lines = new StringBuilder();
        new TreeMap<>(versions)
                .forEach((name, version) ->
                        lines.append(name).append(' ').append(version).append('\n'));
        Files.writeString(folder.resolve(VERSIONS), lines);
        delete(home);
        Files.move(folder, home, StandardCopyOption.ATOMIC_MOVE);
        switch (EngineProbe.of(home)) {
            case EngineProbe.Answer.Works(Engine engine) -> {
                shelf.use(home);
                log.info("engine.installed", "folder", home, "version", engine.version());
                return new Outcome.Installed(engine, true);
            }
            case EngineProbe.Answer.Absent() -> {
                delete(home);
                throw new InstallRefused(InstallReason.BAD_ARCHIVE, "holds no llama-server");
            }
            case EngineProbe.Answer.Broken(String message) -> {
                delete(home);
                throw new InstallRefused(InstallReason.DOES_NOT_RUN, message);
            }
        }
    }

    private Path home(String name) throws IOException {
        return shelf.folder().toRealPath().resolve(name);
    }

    /** Archives put the programs into a folder of their own, two levels deep at times. */
    private static Path folderOfServer(Path root) throws IOException, InstallRefused {
        try (Stream<Path> files = Files.find(
                root,
                5,
                (file, attributes) ->
                        file.getFileName().toString().equals("llama-server") && attributes.isRegularFile())) {
            Path parent = files.findFirst().map(Path::getParent).orElse(null);
            if (parent != null) return parent;
        }
        throw new InstallRefused(InstallReason.BAD_ARCHIVE, "holds no llama-server");
    }

    /** Removes what an install left that was killed half way; its lock is ours now. */
    private void sweep() throws IOException {
        try (Stream<Path> entries = Files.list(shelf.folder())) {
            for (Path left : entries.filter(
                            entry -> entry.getFileName().toString().startsWith(".work-"))
                    .toList()) delete(left);
        }
    }

    private static void delete(Path tree) throws IOException {
        if (!Files.exists(tree, java.nio.file.LinkOption.NOFOLLOW_LINKS)) return;
        Files.walkFileTree(tree, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(
                    Path folder, @org.jspecify.annotations.Nullable IOException failed) throws IOException {
                if (failed != null) throw failed;
                Files.delete(folder);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
