package mesh.daemon.process;

/** Asks a child on its port whether it can work yet. Called again and again on the supervisor's thread; never blocks long. */
public interface Readiness {
    /** What the port says. */
    enum Answer {
        /** Nobody listens, or nobody answers in time. */
        ABSENT,
        LOADING,
        READY
    }

    Answer ask(int port);

    /** llama-server's {@code /health}: 503 while it loads, 200 once it can answer. */
    static Readiness health() {
        return Health::ask;
    }
}
