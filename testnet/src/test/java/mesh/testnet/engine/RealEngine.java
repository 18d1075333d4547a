package mesh.testnet.engine;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import mesh.daemon.engine.Engine;
import mesh.daemon.engine.EngineInstaller;
import mesh.daemon.engine.EngineProbe;
import mesh.daemon.engine.EngineShelf;
import mesh.daemon.engine.EngineSource;
import mesh.daemon.engine.InstallProgress;
import mesh.testnet.Needs;

/**
 * The llama.cpp that tests run: the one named by {@code -Dmesh.engine.dir}, else one that our own installer puts under
 * {@code target} once, under a lock on a file since modules may build side by side. Where neither works a test is
 * skipped with the reason, or fails under {@code -Dmesh.it=required}.
 */
public final class RealEngine {
    private static final Path FOLDER = Path.of("target", "engine").toAbsolutePath();

    private RealEngine() {}

    public static Engine orSkip() throws IOException, InterruptedException {
        String named = System.getProperty("mesh.engine.dir");
        return named == null ? installed() : probed(Path.of(named));
    }

    public static RuntimeException missing(String reason) {
        Needs.that(false, reason);
        return new IllegalStateException(reason);
    }

    private static Engine probed(Path folder) throws InterruptedException {
        return switch (EngineProbe.of(folder)) {
            case EngineProbe.Answer.Works(Engine engine) -> engine;
            case EngineProbe.Answer.Absent() -> throw missing("no llama-server folder=" + folder);
            case EngineProbe.Answer.Broken(String message) -> throw missing(message);
        };
    }

    private static Engine installed() throws IOException, InterruptedException {
        Files.createDirectories(FOLDER);
        var shelf = new EngineShelf(FOLDER);
        try (FileChannel channel = FileChannel.open(
                        FOLDER.resolve(".test-lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.lock()) {
            if (shelf.current().isPresent() && lock.isValid())
                return probed(shelf.current().orElseThrow());
            var installer = new EngineInstaller(shelf, false, System.getenv(), InstallProgress.silent());
            return switch (installer.install(EngineSource.preferred())) {
                case EngineInstaller.Outcome.Installed(Engine engine, boolean fresh) -> engine;
                case EngineInstaller.Outcome.Refused(var reason, String message) ->
                    throw missing("llama.cpp cannot be installed reason=" + reason.code() + " " + message);
            };
        }
    }
}
