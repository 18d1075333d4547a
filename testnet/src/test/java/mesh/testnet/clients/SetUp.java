package mesh.testnet.clients;

/**
 * A way to reach the three demo models: one that recites, one that never ends, one that makes vectors. Adding another way
 * is one more of these in {@link ClientsIT}.
 */
interface SetUp {
    String RECITES = "demo";
    String ENDLESS = "demo-random";
    String EMBEDS = "demo-embed";

    /** Known to a daemon, and of an architecture that no engine knows. */
    String BROKEN = "demo-broken";

    String name();

    /** Where the model that recites answers, and the others unless they have an address of their own. */
    String root();

    default String endlessRoot() {
        return root();
    }

    default String embedRoot() {
        return root();
    }

    default String key() {
        return "any";
    }

    /** Whether a daemon answers, which knows several models and more dialects than an engine. */
    boolean isMesh();

    /** The process that runs the endless model now. */
    long victim();

    /** Brings back what died. */
    default void repair() throws Exception {}

    void close() throws Exception;
}
