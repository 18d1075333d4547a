package mesh.testnet.engine;

import static org.assertj.core.api.Assertions.fail;

import java.nio.file.Path;
import mesh.daemon.engine.Engine;
import mesh.daemon.engine.EngineProbe;
import org.junit.jupiter.api.Assumptions;

/**
 * The llama.cpp that tests run: the one named by {@code -Dmesh.engine.dir}. Without one a test is skipped with the reason,
 * or fails under {@code -Dmesh.it=required}.
 */
public final class RealEngine {
    private RealEngine() {}

    public static Engine orSkip() throws InterruptedException {
        String folder = System.getProperty("mesh.engine.dir");
        if (folder == null) throw missing("no -Dmesh.engine.dir");
        return switch (EngineProbe.of(Path.of(folder))) {
            case EngineProbe.Answer.Works(Engine engine) -> engine;
            case EngineProbe.Answer.Absent() -> throw missing("no llama-server in " + folder);
            case EngineProbe.Answer.Broken(String message) -> throw missing(message);
        };
    }

    /** Never returns normally: skips, or fails where the tool is required. */
    static RuntimeException missing(String reason) {
        if (System.getProperty("mesh.it", "optional").equals("required")) fail("required for this run: " + reason);
        Assumptions.abort(reason);
        return new IllegalStateException(reason);
    }
}
