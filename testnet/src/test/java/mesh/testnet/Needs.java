package mesh.testnet;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/** What a test needs of the machine: missing, it skips with the reason; under {@code -Dmesh.it=required} it fails. */
public final class Needs {
    private Needs() {}

    public static void that(boolean isThere, String reason) {
        if (isThere) return;
        if (System.getProperty("mesh.it", "optional").equals("required")) Assertions.fail("required but " + reason);
        Assumptions.abort(reason);
    }
}
