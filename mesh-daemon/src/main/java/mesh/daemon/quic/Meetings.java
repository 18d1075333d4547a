package mesh.daemon.quic;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import mesh.core.id.NodeId;
import mesh.core.id.Role;
import mesh.core.wire.Rendezvous;
import mesh.core.wire.StreamType;
import mesh.daemon.log.Log;
import org.jspecify.annotations.Nullable;

/**
 * Brings two nodes together that cannot reach each other, in all three parts: the one who seeks asks members that it
 * reaches, one after the other; the member in the middle tells both sides each other's addresses and what moment to begin
 * at, and offers to carry packets meanwhile; both knock at each other's doors until they are heard, which opens what NATs
 * and firewalls would keep shut, and the seeker dials where it was heard. Owned by the endpoint's loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A timer that does not run belongs to an endpoint that closes.
final class Meetings {
    private static final Log log = Log.of(Meetings.class);

    /** First byte of a knock; the meeting's number follows. */
    private static final byte KNOCK = 0x10;

    /** First byte of the answer to a knock, with the same number. */
    private static final byte HEARD = 0x11;

    private static final int KNOCK_BYTES = 1 + Long.BYTES;

    /** A helper that does not answer within this is passed over: a round trip to the far side of the planet. */
    private static final long HELPER_MILLIS = 300;

    /** In a large mesh not every member is connected to the one that is sought. */
    private static final int HELPERS_MAX = 12;

    /** How long a knock may take to be heard before packets take the way through the helper. */
    private static final long KNOCK_HEAD_START_MILLIS = 350;

    private static final long KNOCK_MILLIS = 50;

    /** Past the head start the hurry is over, but a door may open late. */
    private static final long KNOCK_LATE_MILLIS = 250;

    private static final long KNOCKING_NANOS = TimeUnit.SECONDS.toNanos(4);

    /** A dial to a door that was opened may take as long as any handshake. */
    private static final long MEETING_NANOS = TimeUnit.SECONDS.toNanos(15);

    /** Each costs a few dozen small packets; a helper cannot make this node send more. */
    private static final int MEETINGS_MAX = 128;

    private static final int DOORS_MAX = Rendezvous.ADDRESSES_MAX + 4;

    /** What one peer may ask of this node, as its helper or as one who knocks, until the count begins anew. */
    private static final int ASKED_MAX = 64;

    private static final long ASKED_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final QuicEndpoint endpoint;
    private final Relay relay;
    private final Detours detours;
    private final Map<Long, Meeting> meetings = new HashMap<>();
    private final Map<NodeId, Integer> askedBy = new HashMap<>();
    private long askedSinceNanos = System.nanoTime();

    /** Who wants to be told where the other may be dialled. */
    interface Seeker {
        void candidate(InetSocketAddress address);

        /** Nobody could help, or all that can come has come. Told once. */
        void ended();
    }

    private static final class Meeting {
        final long number;
        final NodeId other;
        final @Nullable Seeker seeker;
        final Deque<Peer> helpers = new ArrayDeque<>();
        final Set<NodeId> asked = new HashSet<>();
        final Set<InetSocketAddress> doors = new LinkedHashSet<>();
        final Set<InetSocketAddress> heard = new HashSet<>();
        final Set<InetSocketAddress> opened = new LinkedHashSet<>();
        final long openedNanos = System.nanoTime();
        boolean isMet;
        boolean hasEnded;

        Meeting(long number, NodeId other, @Nullable Seeker seeker) {
            this.number = number;
            this.other = other;
            this.seeker = seeker;
        }

        void end() {
            if (hasEnded || seeker == null) return;
            hasEnded = true;
            seeker.ended();
        }
    }

    Meetings(QuicEndpoint endpoint, Relay relay, Detours detours) {
        this.endpoint = endpoint;
        this.relay = relay;
        this.detours = detours;
    }

    // The one who seeks.

    void seek(NodeId wanted, Seeker seeker) {
        var meeting = new Meeting(endpoint.number(), wanted, seeker);
        helpers(wanted).stream().limit(HELPERS_MAX).forEach(meeting.helpers::add);
        if (meeting.helpers.isEmpty() || meetings.size() >= MEETINGS_MAX) {
            meeting.end();
            return;
        }
        meetings.put(meeting.number, meeting);
        askNext(meeting);
    }

    /** Named relays first, then whoever answers fastest; only members, and only those that are reached directly. */
    private List<Peer> helpers(NodeId wanted) {
        var helpers = new ArrayList<Peer>();
        for (Peer each : endpoint.peers())
            if (!each.id().equals(wanted)
                    && each.role().includes(Role.SERVE)
                    && endpoint.whereabouts(each.id()).isPresent()) helpers.add(each);
        List<NodeId> named = endpoint.relays();
        helpers.sort(java.util.Comparator.<Peer>comparingInt(
                        peer -> named.contains(peer.id()) ? named.indexOf(peer.id()) : Integer.MAX_VALUE)
                .thenComparingLong(peer -> endpoint.rttNanos(peer.id())));
        return helpers;
    }

    private void askNext(Meeting meeting) {
        if (meeting.isMet) return;
        Peer helper = meeting.helpers.poll();
        if (helper == null) {
            meeting.end();
            return;
        }
        meeting.asked.add(helper.id());
        var addresses = endpoint.reachable().stream()
                .map(Addresses::text)
                .limit(Rendezvous.ADDRESSES_MAX)
                .toList();
        helper.post(StreamType.RELAY, new Rendezvous.Seek(meeting.number, meeting.other, addresses).bytes());
        int asked = meeting.asked.size();
        endpoint.later(HELPER_MILLIS, () -> {
            if (meeting.asked.size() == asked) askNext(meeting);
        });
    }

    // What peers say.

    void message(Peer from, byte[] bytes) {
        switch (Rendezvous.decode(bytes).orElse(null)) {
            case Rendezvous.Seek seek -> help(from, seek);
            case Rendezvous.Meet meet -> meet(from, meet);
            case Rendezvous.Apart(long number, String reason) -> {
                Meeting meeting = meetings.get(number);
                if (meeting != null && meeting.asked.contains(from.id())) askNext(meeting);
            }
            case null -> endpoint.faults().count(Fault.MESSAGE_MALFORMED);
        }
    }

    private void help(Peer from, Rendezvous.Seek seek) {
        String refusal = refusal(from, seek.wanted());
        if (!refusal.isEmpty()) {
            from.post(StreamType.RELAY, new Rendezvous.Apart(seek.meeting(), refusal).bytes());
            return;
        }
        Peer wanted = endpoint.peer(seek.wanted()).orElseThrow();
        Optional<Relay.Tickets> tickets = relay.pair(from.id(), wanted.id(), System.nanoTime());
        long fromRtt = endpoint.rttNanos(from.id());
        long wantedRtt = endpoint.rttNanos(wanted.id());
        log.debug("meeting.arranged", "seeker", from, "wanted", wanted, "carries", tickets.isPresent());
        var theirs = new ArrayList<>(seen(from));
        for (String each : seek.addresses())
            if (theirs.size() < Rendezvous.ADDRESSES_MAX && !theirs.contains(each)) theirs.add(each);
        wanted.post(
                StreamType.RELAY,
                new Rendezvous.Meet(
                                seek.meeting(),
                                from.id(),
                                theirs,
                                waitMillis(fromRtt - wantedRtt),
                                tickets.map(Relay.Tickets::second).orElse(0L))
                        .bytes());
        from.post(
                StreamType.RELAY,
                new Rendezvous.Meet(
                                seek.meeting(),
                                wanted.id(),
                                seen(wanted),
                                waitMillis(wantedRtt - fromRtt),
                                tickets.map(Relay.Tickets::first).orElse(0L))
                        .bytes());
    }

    private String refusal(Peer from, NodeId wanted) {
        boolean isMember = endpoint.doorkeeper()
                .standing()
                .filter(standing -> standing.own().role().includes(Role.SERVE))
                .isPresent();
        if (!isMember) return "not_a_member";
        if (asksTooMuch(from)) return "busy";
        if (endpoint.whereabouts(from.id()).isEmpty() || from.id().equals(wanted)) return "not_direct";
        return endpoint.whereabouts(wanted).isEmpty() ? "not_connected" : "";
    }

    private boolean asksTooMuch(Peer peer) {
        long now = System.nanoTime();
        if (now - askedSinceNanos > ASKED_NANOS) {
            askedBy.clear();
            askedSinceNanos = now;
        }
        return askedBy.merge(peer.id(), 1, Integer::sum) > ASKED_MAX;
    }

    private List<String> seen(Peer peer) {
        return endpoint.whereabouts(peer.id()).map(Addresses::text).stream().toList();
    }

    /** Half the difference is what the message to the one takes longer than that to the other. */
    private static int waitMillis(long laterNanos) {
        return Math.clamp(TimeUnit.NANOSECONDS.toMillis(laterNanos / 2), 0, Rendezvous.WAIT_MILLIS_MAX);
    }

    // The two who meet.

    private void meet(Peer helper, Rendezvous.Meet meet) {
        Meeting meeting = meetings.get(meet.meeting());
        if (meeting == null) {
            if (meetings.size() >= MEETINGS_MAX || meet.peer().equals(endpoint.id()) || asksTooMuch(helper)) return;
            meeting = new Meeting(meet.meeting(), meet.peer(), null);
            meetings.put(meeting.number, meeting);
        } else if (meeting.isMet || !meeting.asked.contains(helper.id()) || !meeting.other.equals(meet.peer())) {
            return;
        }
        meeting.isMet = true;
        for (String text : meet.addresses()) Addresses.parse(text).ifPresent(meeting.doors::add);
        if (meeting.seeker != null) meeting.doors.addAll(endpoint.listener().addresses(meeting.other));
        if (meet.ticket() != 0 && !relay.knows(meet.ticket())) carried(meeting, meet.ticket(), helper);
        Meeting begun = meeting;
        endpoint.later(meet.waitMillis(), () -> knock(begun));
        endpoint.later(TimeUnit.NANOSECONDS.toMillis(KNOCKING_NANOS), meeting::end);
    }

    /** The way through the helper stands at once, and is taken when no knock was heard in time. */
    private void carried(Meeting meeting, long ticket, Peer helper) {
        Seeker seeker = meeting.seeker;
        if (!detours.open(ticket, helper.id(), meeting.other) || seeker == null) return;
        endpoint.later(KNOCK_HEAD_START_MILLIS, () -> seeker.candidate(Detours.address(ticket)));
    }

    private void knock(Meeting meeting) {
        long sinceNanos = System.nanoTime() - meeting.openedNanos;
        if (sinceNanos > KNOCKING_NANOS) return;
        for (InetSocketAddress door : meeting.doors)
            if (!meeting.opened.contains(door)) send(door, KNOCK, meeting.number);
        boolean isEarly = sinceNanos < TimeUnit.MILLISECONDS.toNanos(KNOCK_HEAD_START_MILLIS);
        endpoint.later(isEarly ? KNOCK_MILLIS : KNOCK_LATE_MILLIS, () -> knock(meeting));
    }

    /** A datagram that may be a knock or its answer; false when it is neither. */
    boolean datagram(InetSocketAddress sender, ByteBuf bytes) {
        if (bytes.readableBytes() != KNOCK_BYTES) return false;
        byte kind = bytes.getByte(bytes.readerIndex());
        Meeting meeting = meetings.get(bytes.getLong(bytes.readerIndex() + 1));
        if ((kind != KNOCK && kind != HEARD) || meeting == null) return false;
        // A NAT may send from another door than the helper saw; that one is open then.
        if (meeting.doors.size() < DOORS_MAX) meeting.doors.add(sender);
        if (!meeting.doors.contains(sender)) return false;
        meeting.heard.add(sender);
        if (kind == KNOCK) {
            send(sender, HEARD, meeting.number);
        } else if (meeting.opened.add(sender) && meeting.seeker != null) {
            meeting.seeker.candidate(sender);
        }
        return true;
    }

    private void send(InetSocketAddress to, byte kind, long number) {
        endpoint.send(to, Unpooled.buffer(KNOCK_BYTES).writeByte(kind).writeLong(number));
    }

    /** Whether the other knocked from this address, or answered from there. */
    boolean isHeard(NodeId other, InetSocketAddress address) {
        for (Meeting each : meetings.values())
            if (each.other.equals(other) && each.heard.contains(address)) return true;
        return false;
    }

    /** Whether this node knocks, or did a moment ago, at the other's doors. */
    boolean isWith(NodeId other) {
        for (Meeting each : meetings.values()) if (each.isMet && each.other.equals(other)) return true;
        return false;
    }

    /** Called by the endpoint's clock. */
    void tick(long nowNanos) {
        meetings.values().removeIf(meeting -> nowNanos - meeting.openedNanos > MEETING_NANOS);
    }
}
