package mesh.testnet.engine;

import java.nio.file.Path;

/** The model that recites the alphabet, as a file: named by {@code -Dmesh.test.model}. */
public final class TestModel {
    private TestModel() {}

    public static Path orSkip() {
        String file = System.getProperty("mesh.test.model");
        if (file == null) throw RealEngine.missing("no -Dmesh.test.model");
        return Path.of(file);
    }
}
