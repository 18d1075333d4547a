package mesh.daemon.listing;

import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import mesh.core.id.NodeId;
import mesh.core.listing.Candidate;
import mesh.core.listing.Ranking;
import mesh.core.listing.Rejected;
import mesh.core.listing.Wish;
import mesh.daemon.log.Log;
import mesh.daemon.nostr.Answered;
import mesh.daemon.nostr.Filter;
import mesh.daemon.nostr.NostrKey;
import mesh.daemon.nostr.RelayPool;
import mesh.daemon.nostr.RelayTiming;
import mesh.daemon.store.NodeKey;

/**
 * One look for meshes: all relays are asked at once, what they say is judged, what passes is ranked and, if wanted,
 * knocked at and ranked anew. Reads only: relays learn an address and a throw-away key. Blocks for seconds; any thread.
 */
public final class Discovery {
    private static final Log log = Log.of(Discovery.class);

    /** What most relays give at once at the most. */
    private static final int LIMIT = 300;

    private final List<URI> relays;
    private final Set<String> trusted;
    private final Optional<NostrKey> reader;
    private final int workBits;
    private final long patienceMillis;

    /**
     * What a look brought.
     *
     * @param meshes that meet the wish, best first, one entry per mesh
     * @param listings how many listings passed, whether they meet the wish or not
     * @param rejected how many did not, and why
     * @param relays how each relay answered
     */
    public record Outcome(
            List<Found> meshes, int listings, Map<Rejected, Integer> rejected, Map<URI, Answered> relays) {
        /** Whether at least one relay was heard to the end. */
        public boolean isHeard() {
            return relays.values().stream()
                    .anyMatch(answer -> answer.end() == Answered.End.COMPLETE || answer.events() > 0);
        }
    }

    /**
     * How to look.
     *
     * @param trusted publishers whose listings are asked for by name and weigh more, in hex
     * @param reader opens what was sealed for it; never shown to a relay
     */
    public Discovery(Collection<URI> relays, Set<String> trusted, Optional<NostrKey> reader) {
        this(relays, trusted, reader, ListingVerifier.WORK_BITS, Prober.PATIENCE_MILLIS);
    }

    Discovery(
            Collection<URI> relays, Set<String> trusted, Optional<NostrKey> reader, int workBits, long patienceMillis) {
        this.relays = List.copyOf(relays);
        this.trusted = Set.copyOf(trusted);
        this.reader = reader;
        this.workBits = workBits;
        this.patienceMillis = patienceMillis;
    }

    public Outcome look(Wish wish, boolean probes) throws IOException, InterruptedException {
        long now = System.currentTimeMillis() / 1_000;
        var round = new Round(new ListingVerifier(trusted, workBits), now);
        Map<URI, Answered> answers;
        try (var pool = new RelayPool(relays, NostrKey.fresh(), RelayTiming.DEFAULT)) {
            answers = pool.query(filters(), relays, round::from);
        }
        List<Found> passed = round.found().stream()
                .map(found -> reader.map(key -> ListingVerifier.opened(found, key, now))
                        .orElse(found))
                .toList();
        NodeId seeker = NodeKey.fresh().id();
        List<Found> ranked = ranked(passed, wish, seeker);
        if (probes && !ranked.isEmpty()) {
            try (var prober = new Prober(patienceMillis)) {
                ranked = ranked(prober.probed(ranked), wish, seeker);
            }
        }
        var outcome = new Outcome(ranked, passed.size(), round.rejected(), answers);
        log.info(
                "discovery.done",
                "meshes",
                ranked.size(),
                "listings",
                passed.size(),
                "rejected",
                outcome.rejected().values().stream().mapToInt(Integer::intValue).sum(),
                "relays",
                relays.size());
        return outcome;
    }

    /** Trusted publishers by name as well, so that no flood of newer strangers pushes them out of the limit. */
    private List<Filter> filters() {
        var filters = new ArrayList<Filter>();
        filters.add(ListingEvent.all().limited(LIMIT));
        if (!trusted.isEmpty()) filters.add(ListingEvent.all().by(List.copyOf(trusted)));
        return filters;
    }

    private List<Found> ranked(List<Found> passed, Wish wish, NodeId seeker) {
        var byCandidate = new HashMap<Candidate, Found>();
        for (Found each : passed) byCandidate.put(each.candidate(), each);
        return Ranking.order(passed.stream().map(Found::candidate).toList(), wish, workBits, seeker).stream()
                .map(byCandidate::get)
                .toList();
    }
}
