package mesh.daemon;

/**
 * The daemon cannot start, or a command cannot be done, for a reason the user can act on. Carries the stable reason
 * code that scripts match and the exit code of DESIGN 3.1; its message is the one line a person reads.
 */
public final class Refusal extends Exception {
    public static final int FAILED = 1;
    public static final int USAGE = 2;
    /** Something needed is missing: EX_UNAVAILABLE of sysexits. */
    public static final int MISSING = 69;

    private static final long serialVersionUID = 1;

    private final int exitCode;
    private final String reason;

    public Refusal(int exitCode, String reason, String message) {
        super(message);
        this.exitCode = exitCode;
        this.reason = reason;
    }

    public int exitCode() {
        return exitCode;
    }

    public String reason() {
        return reason;
    }
}
