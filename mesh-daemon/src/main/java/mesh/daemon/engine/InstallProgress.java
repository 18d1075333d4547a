package mesh.daemon.engine;

/** Hears how an install gets on, on the installing thread. */
public interface InstallProgress {
    enum Step {
        INDEX,
        DOWNLOAD,
        UNPACK,
        LINK,
        CHECK
    }

    /** {@code total} is 0 where a step cannot tell how much there is to do. */
    void at(Step step, long done, long total);

    static InstallProgress silent() {
        return (step, done, total) -> {};
    }
}
