package mesh.testnet.sim;

/** Something that must never be was: the run is over. Its message holds the seed and the last events of those involved. */
public final class Violation extends RuntimeException {
    private static final long serialVersionUID = 1;

    Violation(String message) {
        super(message);
    }
}
