package mesh.core.route;

import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Profile.Served;

/**
 * A node that answers for a model, as the node that routes sees it. Immutable.
 *
 * @param rttMillis -1 = not known
 * @param isSuspect whether membership doubts that the node is alive
 */
public record Host(NodeId node, Served served, int rttMillis, boolean isLocal, boolean isSuspect) {
    /** How a request gets its answer, for {@code x-mesh-route}. */
    public enum Path {
        LOCAL("local"),
        PEER("peer"),
        SPLIT("split"),
        BACKEND("backend");

        private final String code;

        Path(String code) {
            this.code = code;
        }

        public String code() {
            return code;
        }
    }

    public ModelRef model() {
        return served.model();
    }

    public Path path() {
        if (served.attached()) return Path.BACKEND;
        if (!served.workers().isEmpty()) return Path.SPLIT;
        return isLocal ? Path.LOCAL : Path.PEER;
    }
}
