package mesh.testnet.engine;

import java.nio.file.Path;
import mesh.daemon.models.Catalog;
import mesh.daemon.models.ModelStore;
import mesh.daemon.models.Resolved;

/** The model that recites the alphabet, as a file under {@code target}. */
public final class TestModel {
    private static final Path FOLDER = Path.of("target", "models").toAbsolutePath();

    private TestModel() {}

    public static Path file() {
        return switch (new ModelStore(FOLDER, Catalog::bundled).find("demo")) {
            case Resolved.Found(var model) -> model.path();
            case Resolved.Fetchable(var source) -> throw new AssertionError("a demo is made here: " + source);
            case Resolved.NotFound(var reason, var message, var near, var advice) -> throw new AssertionError(message);
            case Resolved.Refused(var code, var message) -> throw new AssertionError(message);
        };
    }
}
