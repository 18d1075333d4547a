package mesh.daemon.listing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import mesh.core.id.Checked;
import mesh.core.id.Credential;
import mesh.core.id.Invite;
import mesh.core.id.NodeId;
import mesh.core.id.Trust;
import mesh.core.listing.Candidate.Probe;
import mesh.core.wire.StreamType;
import mesh.daemon.quic.Dialled;
import mesh.daemon.quic.Doorkeeper;
import mesh.daemon.quic.Peer;
import mesh.daemon.quic.PeerListener;
import mesh.daemon.quic.QuicConfig;
import mesh.daemon.quic.QuicEndpoint;
import mesh.daemon.store.NodeKey;
import org.jspecify.annotations.Nullable;

/**
 * Knocks at the nodes behind listings: whoever answers has proved the key that the listing names; nothing is asked of it
 * and no invite is shown. Few at a time and few per network, so that a flood of listings that name one victim does not
 * make this node knock there a thousand times. While nobody answers the next ones are tried, half of them drawn by lot:
 * boasting alone keeps no honest mesh from being reached. Knocks under a key made for the purpose. One caller.
 */
final class Prober implements AutoCloseable {
    /** In one round, all at once. */
    static final int PROBES_MAX = 8;

    /** Twelve seconds of silence are enough for anybody who waits. */
    static final int ROUNDS_MAX = 4;

    static final long PATIENCE_MILLIS = 3_000;

    private static final int PER_NETWORK = 2;

    private final QuicEndpoint endpoint;
    private final long patienceMillis;

    Prober(long patienceMillis) throws IOException {
        this.patienceMillis = patienceMillis;
        var anywhere = new InetSocketAddress(0);
        this.endpoint = QuicEndpoint.open(QuicConfig.on(anywhere), NodeKey.fresh(), new Nobody(), new Deaf());
    }

    @Override
    public void close() {
        endpoint.close();
    }

    /** The same list, those of it that were knocked at with what their nodes answered. */
    List<Found> probed(List<Found> inOrder) throws InterruptedException {
        var targets = new Targets();
        var probed = new HashMap<String, Found>();
        List<Found> turns = turns(inOrder, ThreadLocalRandom.current());
        boolean isAnswered = false;
        for (int round = 0; round < ROUNDS_MAX && !isAnswered; round++) {
            List<Found> chosen = targets.next(turns);
            if (chosen.isEmpty()) break;
            for (Found answer : knocked(chosen)) {
                probed.put(answer.event().id(), answer);
                isAnswered |= answer.candidate().probe() instanceof Probe.Answered;
            }
        }
        return inOrder.stream()
                .map(each -> probed.getOrDefault(each.event().id(), each))
                .toList();
    }

    private List<Found> knocked(List<Found> chosen) throws InterruptedException {
        BlockingQueue<Found> answers = new ArrayBlockingQueue<>(chosen.size());
        for (Found each : chosen) Thread.ofVirtual().name("probe").start(() -> answers.add(each.probed(knock(each))));
        var knocked = new ArrayList<Found>();
        for (int i = 0; i < chosen.size(); i++) knocked.add(answers.take());
        return knocked;
    }

    /** The best and the drawn by turns; whoever comes up twice counts once. */
    static List<Found> turns(List<Found> inOrder, RandomGenerator random) {
        var drawn = new ArrayList<>(inOrder);
        Collections.shuffle(drawn, random);
        var turns = new LinkedHashSet<Found>();
        for (int i = 0; i < inOrder.size(); i++) {
            turns.add(inOrder.get(i));
            turns.add(drawn.get(i));
        }
        return List.copyOf(turns);
    }

    /** Whom to knock at: one per node; of what open relays say also one per machine and two per network. */
    static final class Targets {
        private final Set<NodeId> nodes = new HashSet<>();
        private final Set<InetAddress> machines = new HashSet<>();
        private final Map<List<Byte>, Integer> networks = new HashMap<>();

        /** The next ones in this order that were in no round before. */
        List<Found> next(List<Found> inOrder) {
            var chosen = new ArrayList<Found>();
            for (Found each : inOrder) {
                if (chosen.size() == PROBES_MAX) break;
                List<InetSocketAddress> addresses = each.addresses();
                if (addresses.isEmpty()
                        || !nodes.add(each.candidate().listing().entry().node())) continue;
                if (!each.isLocal() && addresses.stream().anyMatch(this::isCrowded)) continue;
                for (InetSocketAddress at : addresses) {
                    machines.add(at.getAddress());
                    networks.merge(network(at), 1, Integer::sum);
                }
                chosen.add(each);
            }
            return chosen;
        }

        private boolean isCrowded(InetSocketAddress at) {
            return machines.contains(at.getAddress()) || networks.getOrDefault(network(at), 0) >= PER_NETWORK;
        }
    }

    /** The first 24 bits of an IPv4 address, 48 of an IPv6 one: what one owner usually holds. */
    private static List<Byte> network(InetSocketAddress at) {
        byte[] bytes = at.getAddress().getAddress();
        var prefix = new ArrayList<Byte>();
        for (byte each : Arrays.copyOf(bytes, bytes.length == 4 ? 3 : 6)) prefix.add(each);
        return prefix;
    }

    private Probe knock(Found found) {
        BlockingQueue<Dialled> answer = new ArrayBlockingQueue<>(1);
        long begunNanos = System.nanoTime();
        NodeId node = found.candidate().listing().entry().node();
        endpoint.dial(node, found.addresses(), Optional.empty(), answer::add);
        try {
            @Nullable Dialled outcome = answer.poll(patienceMillis, TimeUnit.MILLISECONDS);
            long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begunNanos);
            return switch (outcome) {
                // We show nothing, so being refused for that is the answer of the right key.
                case Dialled.Reached(Peer peer, String observed) -> new Probe.Answered((int) millis);
                case Dialled.Refused refused -> new Probe.Answered((int) millis);
                case Dialled.Unreachable(String reason) -> new Probe.Failed(reason);
                case null -> new Probe.Failed("timed_out");
            };
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
            return new Probe.Failed("interrupted");
        }
    }

    /** In no mesh, and letting nobody in. */
    private static final class Nobody implements Doorkeeper {
        @Override
        public Optional<Standing> standing() {
            return Optional.empty();
        }

        @Override
        public void admit(NodeId presenter, Invite invite, Consumer<Checked<Credential>> answer) {
            answer.accept(Checked.refused(mesh.core.id.Refusal.WRONG_MESH));
        }

        @Override
        public void renew(NodeId presenter, Credential present, Consumer<Checked<Credential>> answer) {
            answer.accept(Checked.refused(mesh.core.id.Refusal.WRONG_MESH));
        }

        @Override
        public void granted(Trust trust, Credential credential) {}
    }

    /** Takes part in nothing. */
    private static final class Deaf implements PeerListener {
        @Override
        public void peerUp(Peer peer) {}

        @Override
        public void peerDown(Peer peer, String reason) {}

        @Override
        public void message(Peer peer, StreamType type, byte[] message) {}
    }
}
