package mesh.daemon.api;

import java.util.concurrent.Semaphore;
import mesh.core.openai.ApiError;
import mesh.daemon.edge.Ask;
import mesh.daemon.edge.Refusal;
import mesh.daemon.edge.Reply;
import mesh.daemon.edge.RouteTable;

/**
 * {@code GET /mesh/v1/discover}: which meshes are listed. The one call here that speaks to strangers, so it needs the
 * header of calls that change something, and one look is under way at a time. Virtual threads.
 */
public final class DiscoverApi {
    private final Seeker seeker;
    private final Semaphore looks = new Semaphore(1);

    /** Asks relays. */
    public interface Seeker {
        /** Empty words ask for nothing; {@code probes} knocks at what was found as well. Blocks for seconds. */
        Looked look(String model, String region, boolean probes) throws InterruptedException;
    }

    /** What came of it. */
    public sealed interface Looked {
        /** {@code outcome} is a tree, record or map. */
        record Seen(Object outcome) implements Looked {}

        record Forbidden(String code, String message) implements Looked {}
    }

    public DiscoverApi(Seeker seeker) {
        this.seeker = seeker;
    }

    public void addTo(RouteTable routes) {
        routes.changing("GET", "/mesh/v1/discover", this::discover);
    }

    private Reply discover(Ask ask) throws Refusal, InterruptedException {
        if (!looks.tryAcquire())
            throw new Refusal(ApiError.invalid(429, "discover_busy", "relays are being asked already; wait for that"));
        try {
            return switch (seeker.look(
                    ask.query("model").orElse(""),
                    ask.query("region").orElse(""),
                    ask.query("probe").filter("1"::equals).isPresent())) {
                case Looked.Seen(Object outcome) -> Reply.json(outcome);
                case Looked.Forbidden(String code, String message) ->
                    throw new Refusal(ApiError.forbidden(code, message));
            };
        } finally {
            looks.release();
        }
    }
}
