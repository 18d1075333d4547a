package mesh.daemon.listing;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import mesh.core.id.MeshId;
import mesh.core.listing.Candidate;
import mesh.core.listing.Wish;
import mesh.daemon.log.Log;
import mesh.daemon.loop.Finder;
import mesh.daemon.loop.Unable;

/**
 * {@code --auto} and {@code --discover NAME}: the best meshes that meet the wish and whose nodes answered. Whoever brings
 * models founds a mesh of its own when there is none; a client, and whoever named the mesh, ends with the reason. Whoever
 * would list a mesh of its own looks twice, for another one may have begun at the same moment. Used by one thread.
 */
public final class AutoJoin implements Finder {
    private static final Log log = Log.of(AutoJoin.class);

    /** A node that does not answer by then gives way to the next one. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** Two that begin at once look again at different moments: long against the second it takes to be listed. */
    public static final Duration SECOND_LOOK_WITHIN = Duration.ofSeconds(6);

    private final Look look;
    private final Wish wish;
    private final Duration secondLookWithin;
    private String outcome = "no relay answered";

    /** Looks for meshes, as {@link Discovery#look} does. */
    public interface Look {
        Discovery.Outcome look(Wish wish, boolean probes) throws IOException, InterruptedException;
    }

    /** @param secondLookWithin zero: one look is enough */
    public AutoJoin(Look look, Wish wish, Duration secondLookWithin) {
        this.look = look;
        this.wish = wish;
        this.secondLookWithin = secondLookWithin;
    }

    @Override
    public Duration patience() {
        return PATIENCE;
    }

    @Override
    public List<Way> ways(Optional<MeshId> last) throws InterruptedException {
        List<Way> ways = seen(last);
        if (!ways.isEmpty() || secondLookWithin.isZero() || !mayFound()) return ways;
        Thread.sleep(ThreadLocalRandom.current().nextLong(secondLookWithin.toMillis()));
        return seen(last);
    }

    private List<Way> seen(Optional<MeshId> last) throws InterruptedException {
        var mine = new Wish(
                wish.name(), wish.model(), wish.region(), wish.memoryBytesMin(), wish.brings(), wish.asClient(), last);
        Discovery.Outcome found;
        try {
            found = look.look(mine, true);
        } catch (IOException noSocket) {
            outcome = "no UDP socket: " + noSocket.getMessage();
            return List.of();
        }
        if (found.isHeard())
            outcome = found.listings() + " meshes are listed, " + found.meshes().size()
                    + " meet what was asked for, none let this node in";
        var ways = new ArrayList<Way>();
        for (Found each : found.meshes()) {
            // A mesh of our own that nobody joined may still be listed.
            boolean isMine =
                    last.filter(each.candidate().listing().mesh()::equals).isPresent();
            if (isMine || !isWorthTrying(each.candidate().probe())) continue;
            ways.add(new Way(wish.asClient() ? each.client() : each.best(), each.addresses()));
        }
        return ways;
    }

    /** A slow answer is still one: joining waits longer than knocking. Those stand last in the order. */
    private static boolean isWorthTrying(Candidate.Probe probe) {
        return probe instanceof Candidate.Probe.Answered || probe.equals(new Candidate.Probe.Failed("timed_out"));
    }

    @Override
    public Optional<Unable> unanswered() {
        log.info("mesh.unfound", "reason", outcome);
        if (mayFound()) return Optional.empty();
        return Optional.of(Unable.of(
                "mesh_not_found",
                "no mesh to join" + (wish.name().isEmpty() ? "" : " called " + wish.name()) + ": " + outcome));
    }

    private boolean mayFound() {
        return !wish.asClient() && wish.name().isEmpty();
    }
}
