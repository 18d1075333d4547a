package mesh.daemon.edge;

import mesh.core.openai.ApiError;

/** Thrown by a handler or a translation to answer with an error. No stack trace: it is an answer, not a failure. */
public final class Refusal extends Exception {
    private static final long serialVersionUID = 1;

    @SuppressWarnings("serial") // Never serialised: it is caught on the thread that throws it.
    private final ApiError error;

    public Refusal(ApiError error) {
        super(error.message(), null, false, false);
        this.error = error;
    }

    public ApiError error() {
        return error;
    }
}
