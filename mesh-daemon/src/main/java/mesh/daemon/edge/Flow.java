package mesh.daemon.edge;

/** A request under way at an upstream. Used on its event loop only. */
interface Flow {
    /** Stops reading from the upstream, so that its own sending blocks. */
    void pause();

    void resume();

    /** The answer is no longer wanted; the upstream notices at once. The receiver hears nothing more. */
    void cancel();
}
