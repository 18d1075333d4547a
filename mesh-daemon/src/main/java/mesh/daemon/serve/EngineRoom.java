package mesh.daemon.serve;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import mesh.daemon.engine.Engine;
import mesh.daemon.engine.EngineFinder;
import mesh.daemon.engine.EngineInstaller;
import mesh.daemon.engine.EngineShelf;
import mesh.daemon.engine.EngineSource;
import mesh.daemon.engine.InstallProgress;
import mesh.daemon.log.Log;
import org.jspecify.annotations.Nullable;

/**
 * The one llama.cpp this node uses: found at the first question, installed when there is none and the node may. Safe on
 * any thread; the lock makes everybody who asks while an install runs wait for that one.
 */
public final class EngineRoom {
    private static final Log log = Log.of(EngineRoom.class);

    private final Optional<Path> binDir;
    private final EngineShelf shelf;
    private final boolean isOffline;
    private final Consumer<String> terminal;
    private final ReentrantLock asking = new ReentrantLock();
    private volatile @Nullable Engine engine;

    /** What a model may count on. */
    public sealed interface Answer {
        record There(Engine engine) implements Answer {}

        /** {@code message} names the command that mends it. */
        record Missing(String code, String message) implements Answer {}
    }

    public EngineRoom(Optional<Path> binDir, EngineShelf shelf, boolean isOffline, Consumer<String> terminal) {
        this.binDir = binDir;
        this.shelf = shelf;
        this.isOffline = isOffline;
        this.terminal = terminal;
    }

    /** The engine, once somebody has asked for it; never looks or installs. */
    public Optional<Engine> found() {
        return Optional.ofNullable(engine);
    }

    /** The engine, if there is one already; looks, and never installs. */
    public Optional<Engine> look() throws InterruptedException {
        asking.lockInterruptibly();
        try {
            if (engine == null
                    && EngineFinder.find(binDir.orElse(null), shelf) instanceof EngineFinder.Search.Found(Engine found))
                there(found);
            return found();
        } finally {
            asking.unlock();
        }
    }

    public Answer engine() throws InterruptedException {
        asking.lockInterruptibly();
        try {
            if (engine != null) return new Answer.There(engine);
            return switch (EngineFinder.find(binDir.orElse(null), shelf)) {
                case EngineFinder.Search.Found(Engine found) -> there(found);
                case EngineFinder.Search.NotFound(var looked)
                when binDir.isPresent() ->
                    new Answer.Missing(
                            "engine_missing",
                            "no working llama.cpp in --bin-dir " + binDir.get() + ": "
                                    + looked.getFirst().verdict());
                case EngineFinder.Search.NotFound notFound
                when isOffline ->
                    new Answer.Missing(
                            "engine_missing",
                            "no llama.cpp on this machine, and --offline forbids to fetch one; while online, run: mesh engine install");
                case EngineFinder.Search.NotFound notFound -> installed();
            };
        } finally {
            asking.unlock();
        }
    }

    private Answer installed() throws InterruptedException {
        terminal.accept(
                "no llama.cpp on this machine: installing one into " + shelf.folder() + " (once, no root needed)");
        var installer = new EngineInstaller(shelf, false, System.getenv(), progress());
        return switch (installer.install(EngineSource.preferred())) {
            case EngineInstaller.Outcome.Installed(Engine fresh, boolean isFresh) -> there(fresh);
            case EngineInstaller.Outcome.Refused(var reason, String message) ->
                new Answer.Missing(
                        "engine_" + reason.code(),
                        "cannot install llama.cpp: " + message
                                + "; install it by hand and name its folder with --bin-dir, or see: mesh engine install --help");
        };
    }

    private Answer there(Engine found) {
        engine = found;
        log.info("engine.found", "folder", found.folder(), "version", found.version());
        return new Answer.There(found);
    }

    private InstallProgress progress() {
        var told = new Object() {
            InstallProgress.@Nullable Step step;
        };
        return (step, done, total) -> {
            if (step == told.step) return;
            told.step = step;
            terminal.accept("  llama.cpp: " + step.name().toLowerCase(Locale.ROOT));
        };
    }
}
