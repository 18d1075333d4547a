package mesh.daemon.loop;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import mesh.core.Snapshot;
import mesh.core.id.Checked;
import mesh.core.id.Credential;
import mesh.core.id.Invite;
import mesh.core.id.NodeId;
import mesh.core.id.Refusal;
import mesh.core.id.Role;
import mesh.daemon.log.Log;
import mesh.daemon.quic.Dialled;
import mesh.daemon.quic.Membership;
import mesh.daemon.quic.Peer;
import mesh.daemon.quic.QuicEndpoint;
import org.jspecify.annotations.Nullable;

/**
 * Finds the way into the mesh, and back into it while this node is alone: first by its invites, once it is a member by
 * its certificate, at the issuers of those invites and at everybody it knew. Keeps the certificate from ending. Runs on
 * a virtual thread of its own, {@code rejoin}.
 */
final class Rejoin {
    private static final Log log = Log.of(Rejoin.class);

    /** The first tries come soon, for after a power cut everybody starts at once; then a minute apart. */
    private static final long RETRY_MILLIS_MIN = 1_000;

    private static final long RETRY_MILLIS_MAX = 60_000;

    /** How often it is looked at whether this node is alone, and whom it knows. */
    private static final long LOOK_MILLIS = 500;

    /** An endpoint that does not answer by then never will. */
    static final long DIAL_MILLIS = 30_000;

    private final Membership membership;
    private final QuicEndpoint endpoint;
    private final List<Invite> invites;
    private final LastPeers lastPeers;
    private final NetworkWatch network;
    private final Place place;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;
    private long nextTryNanos = System.nanoTime();
    private long retryMillis = RETRY_MILLIS_MIN;
    private long nextRenewalNanos = System.nanoTime();
    private boolean hasSaidEnded;

    /** What becomes of the attempts. */
    interface Place {
        /** A member let us in, so there is a mesh to take part in. */
        void admitted(NodeId by);

        void refused(Refusal reason);

        /** Empty until this node is a member. */
        Optional<Snapshot> snapshot();
    }

    Rejoin(
            Membership membership,
            QuicEndpoint endpoint,
            List<Invite> invites,
            LastPeers lastPeers,
            NetworkWatch network,
            Place place) {
        this.membership = membership;
        this.endpoint = endpoint;
        this.invites = invites;
        this.lastPeers = lastPeers;
        this.network = network;
        this.place = place;
        this.thread = Thread.ofVirtual().name("rejoin").unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    void close() throws InterruptedException {
        closing.countDown();
        thread.interrupt();
        thread.join();
        place.snapshot().ifPresent(last -> lastPeers.remember(last.peers()));
    }

    private void run() {
        try {
            lastPeers.read();
            do {
                look();
                Optional<Snapshot> snapshot = place.snapshot();
                boolean isAlone = snapshot.isEmpty() || snapshot.get().peers().isEmpty();
                if (!isAlone) {
                    retryMillis = RETRY_MILLIS_MIN;
                    lastPeers.remember(snapshot.get().peers());
                    renew();
                } else if (System.nanoTime() - nextTryNanos >= 0) {
                    if (Belonging.isMember(membership, endpoint.id())) reach(known());
                    else join();
                    nextTryNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(retryMillis);
                    retryMillis = Math.min(2 * retryMillis, RETRY_MILLIS_MAX);
                }
            } while (!closing.await(LOOK_MILLIS, TimeUnit.MILLISECONDS));
        } catch (InterruptedException ending) {
            // Closed while it waited for an answer.
        }
    }

    /** In another network old failures say nothing. */
    private void look() {
        if (network.hasChanged()) {
            nextTryNanos = System.nanoTime();
            retryMillis = RETRY_MILLIS_MIN;
        }
        network.askStun();
        if (Belonging.isMember(membership, endpoint.id())) network.holdRelays();
    }

    private Map<NodeId, List<InetSocketAddress>> known() {
        var known = new LinkedHashMap<NodeId, List<InetSocketAddress>>();
        for (Invite invite : invites)
            known.put(invite.issuer(), Links.parsed(invite.terms().addresses()));
        for (LastPeers.Known peer : lastPeers.latest()) {
            var addresses = new ArrayList<>(Links.parsed(peer.addresses()));
            addresses.addAll(known.getOrDefault(peer.id(), List.of()));
            known.put(peer.id(), addresses);
        }
        return known;
    }

    private void join() throws InterruptedException {
        if (invites.isEmpty()) {
            if (!hasSaidEnded) log.error("membership.ended", "node", endpoint.id());
            hasSaidEnded = true;
            return;
        }
        for (Invite invite : invites) {
            BlockingQueue<Dialled> answer = new ArrayBlockingQueue<>(1);
            endpoint.join(invite, answer::add);
            if (settled(answer.poll(DIAL_MILLIS, TimeUnit.MILLISECONDS))) return;
        }
        log.warn("mesh.unreached", "invites", invites.size(), "retryMillis", retryMillis);
    }

    /** Whether there is nothing left to try. */
    private boolean settled(@Nullable Dialled outcome) {
        return switch (outcome) {
            case Dialled.Reached(Peer peer, String observed) -> {
                place.admitted(peer.id());
                yield true;
            }
            case Dialled.Refused(Refusal reason) -> {
                place.refused(reason);
                yield true;
            }
            case Dialled.Unreachable unreachable -> false;
            case null -> false;
        };
    }

    private void reach(Map<NodeId, List<InetSocketAddress>> known) throws InterruptedException {
        if (known.isEmpty()) return;
        BlockingQueue<Dialled> answers = new ArrayBlockingQueue<>(known.size());
        known.forEach((node, addresses) -> endpoint.dial(node, addresses, Optional.empty(), answers::add));
        boolean isReached = false;
        for (int i = 0; i < known.size(); i++) {
            switch (answers.poll(DIAL_MILLIS, TimeUnit.MILLISECONDS)) {
                case Dialled.Reached(Peer peer, String observed) -> {
                    place.admitted(peer.id());
                    isReached = true;
                }
                case Dialled.Refused(Refusal reason) -> log.warn("member.refused", "reason", reason.code());
                case Dialled.Unreachable unreachable -> {}
                case null -> {}
            }
        }
        if (!isReached) log.debug("mesh.alone", "tried", known.size(), "retryMillis", retryMillis);
    }

    /** Any admin gives a member its next term; the endpoint keeps what comes. */
    private void renew() {
        if (System.nanoTime() - nextRenewalNanos < 0 || !membership.wantsRenewal(System.currentTimeMillis())) return;
        nextRenewalNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(RETRY_MILLIS_MAX);
        if (renewsItself()) return;
        for (Peer peer : endpoint.peers()) {
            if (!peer.role().includes(Role.ADMIN)) continue;
            peer.renew(answer -> {
                if (answer instanceof Checked.Good<Credential>) log.info("certificate.renewed", "by", peer.id());
            });
            return;
        }
    }

    private boolean renewsItself() {
        try {
            if (!membership.renewsItself(System.currentTimeMillis())) return false;
            log.info("certificate.renewed", "by", endpoint.id());
            return true;
        } catch (IOException disk) {
            log.error("credential.unwritten", "cause", disk.toString());
            return false;
        }
    }
}
