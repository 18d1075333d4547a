package mesh.core.demand;

/** Why a node took up a model, or stays without one. The codes are stable: scripts and people read them. */
public enum AssignReason {
    WANTED_ON_DISK("wanted-on-disk"),
    WANTED_TO_FETCH("wanted-to-fetch"),
    COMPLETES_SPLIT("completes-split"),
    LEAST_SERVED_ON_DISK("least-served-on-disk"),
    LEAST_SERVED_TO_FETCH("least-served-to-fetch"),
    LOST_LAST_HOST("lost-last-host"),
    HOT("hot"),
    NOTHING_WANTED("nothing-wanted"),
    NOTHING_FITS("nothing-fits"),
    NOT_NEEDED("not-needed");

    private final String code;

    AssignReason(String code) {
        this.code = code;
    }

    public String code() {
        return code;
    }
}
