package mesh.daemon.fetch;

/** Hears how a file comes in, on the threads that bring it: often, and from several at once. */
public interface Progress {
    /** What is being done. */
    enum Phase {
        FETCHING,
        /** All bytes are here and are read once more for their hash. */
        CHECKING
    }

    /** {@code total} is 0 where nobody knows it. */
    void at(Phase phase, long done, long total);

    static Progress silent() {
        return (phase, done, total) -> {};
    }
}
