package mesh.core.route;

import java.util.List;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;

/** Where a request goes, or why nowhere. Every host that was not taken is in {@code rejected}, with its reason. */
public sealed interface Choice {
    /** Send it to {@code host}; its model is the one asked for, or what {@code auto} became. */
    record Chosen(Host host, RouteReason reason, long costMicros, List<Rejected> rejected) implements Choice {
        public Chosen {
            rejected = List.copyOf(rejected);
        }

        public ModelRef model() {
            return host.model();
        }
    }

    /** Nobody in this mesh knows the name; {@code near} are the ones that look like it. */
    record NoSuchModel(String asked, List<String> near) implements Choice {
        public NoSuchModel {
            near = List.copyOf(near);
        }
    }

    /** It is known and cannot answer now. */
    record NotReady(RouteReason reason, long retryMillis, List<Rejected> rejected) implements Choice {
        public NotReady {
            rejected = List.copyOf(rejected);
        }
    }

    /** Its hosts have as much queued as they may. */
    record AllBusy(long retryMillis, List<Rejected> rejected) implements Choice {
        public AllBusy {
            rejected = List.copyOf(rejected);
        }
    }

    /** No host can answer this request as it is asked: too long, a missing skill, or a hint that leaves nobody. */
    record NoneFits(RouteReason reason, List<Rejected> rejected) implements Choice {
        public NoneFits {
            rejected = List.copyOf(rejected);
        }
    }

    /** A host that was passed over; {@code costMicros} is 0 unless it lost by score. */
    record Rejected(NodeId node, ModelRef model, RouteReason reason, long costMicros) {}
}
