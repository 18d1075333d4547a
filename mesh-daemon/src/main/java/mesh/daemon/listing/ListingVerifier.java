package mesh.daemon.listing;

import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import mesh.core.id.Checked;
import mesh.core.id.Invite;
import mesh.core.id.Role;
import mesh.core.listing.Candidate;
import mesh.core.listing.Listing;
import mesh.core.listing.ListingProof;
import mesh.core.listing.Rejected;
import mesh.daemon.nostr.Event;
import mesh.daemon.nostr.KeyPow;
import mesh.daemon.nostr.NostrKey;
import mesh.daemon.store.Ed25519Verifier;

/**
 * Decides whether an event is a listing that may be shown and probed: the cheap questions first, signatures last. The
 * node's own proof stops copied invites, the invites' chain stops false mesh ids. Stateless but for its settings.
 */
public final class ListingVerifier {
    /** Half a second for a publisher once, four million hashes for every further false key. */
    public static final int WORK_BITS = 22;

    /** Whoever says its listing holds for longer wants to stay when it is gone. */
    static final long LASTS_SECONDS_MAX = 3_600;

    static final long AGE_SECONDS_MAX = 900;

    /** Clocks ahead by more are wrong. */
    static final long AHEAD_SECONDS_MAX = 120;

    private final Set<String> trusted;
    private final int workBits;

    /** What came of a check. */
    public sealed interface Verdict {
        record Good(Found found) implements Verdict {}

        record Bad(Rejected reason) implements Verdict {}
    }

    /** @param trusted publishers whose key needs no work, in hex */
    public ListingVerifier(Set<String> trusted, int workBits) {
        this.trusted = Set.copyOf(trusted);
        this.workBits = workBits;
    }

    boolean isTrusted(Event event) {
        return trusted.contains(event.author());
    }

    /** All that costs next to nothing; empty when nothing speaks against the event yet. */
    Optional<Rejected> glance(Event event, long nowSeconds) {
        if (event.kind() != ListingEvent.KIND) return Optional.of(Rejected.UNASKED);
        OptionalLong end = event.expiration();
        if (end.isEmpty()) return Optional.of(Rejected.MALFORMED);
        if (end.getAsLong() <= nowSeconds) return Optional.of(Rejected.EXPIRED);
        if (end.getAsLong() > event.createdAt() + LASTS_SECONDS_MAX) return Optional.of(Rejected.LASTS_TOO_LONG);
        if (event.createdAt() < nowSeconds - AGE_SECONDS_MAX) return Optional.of(Rejected.STALE);
        if (event.createdAt() > nowSeconds + AHEAD_SECONDS_MAX) return Optional.of(Rejected.FROM_THE_FUTURE);
        if (ListingEvent.isDelisted(event)) return Optional.empty();
        if (!event.values("k").contains(ListingEvent.APPLICATION)) return Optional.of(Rejected.UNASKED);
        return Optional.empty();
    }

    /** Everything, for an event that passed the glance. */
    Verdict check(Event event, boolean isLocal, long nowSeconds) {
        if (ListingEvent.isDelisted(event)) return bad(genuine(event).orElse(Rejected.DELISTED));
        Optional<ListingEvent.Content> read = ListingEvent.read(event);
        if (read.isEmpty()) return bad(Rejected.MALFORMED);
        Listing listing = read.get().listing();
        int bits =
                KeyPow.bits(ListingEvent.APPLICATION, event.author(), read.get().powNonce());
        if (bits < workBits && !isTrusted(event)) return bad(Rejected.CHEAP_KEY);
        Optional<Rejected> forged = genuine(event);
        if (forged.isPresent()) return bad(forged.get());
        Listing.Entry entry = listing.entry();
        Checked<Invite> client = invite(entry.clientToken(), nowSeconds);
        Checked<Invite> serve = invite(entry.serveToken(), nowSeconds);
        if (!(client instanceof Checked.Good<Invite>(Invite asking))
                || !(serve instanceof Checked.Good<Invite>(Invite serving))
                || !leadsTo(asking, listing)
                || !leadsTo(serving, listing)) return bad(Rejected.BAD_INVITE);
        if (asking.terms().role() != Role.CLIENT
                || !Role.SERVE.includes(serving.terms().role())) return bad(Rejected.ROLE_TOO_HIGH);
        if (!isProved(event, listing)) return bad(Rejected.BAD_PROOF);
        var candidate = new Candidate(listing, event.author(), isTrusted(event), bits, new Candidate.Probe.Untried());
        return new Verdict.Good(new Found(candidate, event, asking, serving, Optional.empty(), isLocal));
    }

    /** With the invite that the publisher sealed for this reader, if there is one and it leads where the listing does. */
    static Found opened(Found found, NostrKey reader, long nowSeconds) {
        List<String> sealed = ListingEvent.read(found.event())
                .map(ListingEvent.Content::sealed)
                .orElse(List.of());
        Optional<String> token = reader.open(found.event().author(), sealed);
        if (token.isEmpty()
                || !(invite(token.get(), nowSeconds) instanceof Checked.Good<Invite>(Invite mine))
                || !leadsTo(mine, found.candidate().listing())) return found;
        return found.opened(mine);
    }

    private static Verdict bad(Rejected reason) {
        return new Verdict.Bad(reason);
    }

    private static Optional<Rejected> genuine(Event event) {
        if (!event.hasTrueId()) return Optional.of(Rejected.WRONG_ID);
        return event.isGenuine() ? Optional.empty() : Optional.of(Rejected.BAD_SIGNATURE);
    }

    private static Checked<Invite> invite(String token, long nowSeconds) {
        return Invite.parse(token, Ed25519Verifier.ED25519, nowSeconds * 1_000);
    }

    private static boolean leadsTo(Invite invite, Listing listing) {
        return invite.mesh().equals(listing.mesh())
                && invite.issuer().equals(listing.entry().node());
    }

    private static boolean isProved(Event event, Listing listing) {
        Listing.Entry entry = listing.entry();
        byte[] proof;
        try {
            proof = HexFormat.of().parseHex(entry.proof());
        } catch (IllegalArgumentException notHex) {
            return false;
        }
        return ListingProof.holds(
                Ed25519Verifier.ED25519,
                entry.node(),
                proof,
                event.author(),
                listing.mesh(),
                event.expiration().orElseThrow(),
                entry.clientToken(),
                entry.serveToken());
    }
}
