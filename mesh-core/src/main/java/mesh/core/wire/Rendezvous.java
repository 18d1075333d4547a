package mesh.core.wire;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import mesh.core.id.Invite;
import mesh.core.id.NodeId;
import mesh.core.wire.CborReader.Malformed;

/**
 * What nodes say on a {@code relay} stream, so that two that cannot reach each other meet with the help of a third. The
 * helper sees who meets whom and from where; what the two then say is sealed between them. Immutable, any thread.
 */
public sealed interface Rendezvous {
    /** As many as a profile names. */
    int ADDRESSES_MAX = 16;

    /** Two round trips to the other side of the planet: no helper can make a node wait longer. */
    int WAIT_MILLIS_MAX = 1_000;

    /** What {@link Apart} may say why. */
    int REASON_CHARS_MAX = 40;

    /** Drawn by the seeker; the two knock at each other's doors with it. Positive. */
    long meeting();

    /** Seeker to helper: bring me together with {@code wanted}; this is where I may be reached. */
    record Seek(long meeting, NodeId wanted, List<String> addresses) implements Rendezvous {
        public Seek {
            addresses = List.copyOf(addresses);
        }
    }

    /**
     * Helper to both: knock at {@code peer}'s doors, and let packets with your ticket travel through me meanwhile.
     *
     * @param addresses where the helper sees the peer, then where the peer says it is
     * @param waitMillis until the first knock, so that both begin at the same moment
     * @param ticket marks packets that the helper carries to the peer; 0: it carries none
     */
    record Meet(long meeting, NodeId peer, List<String> addresses, int waitMillis, long ticket) implements Rendezvous {
        public Meet {
            addresses = List.copyOf(addresses);
        }
    }

    /** Helper to seeker: nothing comes of it here. */
    record Apart(long meeting, String reason) implements Rendezvous {}

    default byte[] bytes() {
        var cbor = new CborWriter();
        switch (this) {
            case Seek(long meeting, NodeId wanted, List<String> addresses) ->
                cbor.array(4).number(1).number(meeting).id(wanted).list(addresses, CborWriter::text);
            case Meet(long meeting, NodeId peer, List<String> addresses, int waitMillis, long ticket) ->
                cbor.array(6)
                        .number(2)
                        .number(meeting)
                        .id(peer)
                        .list(addresses, CborWriter::text)
                        .number(waitMillis)
                        .number(ticket);
            case Apart(long meeting, String reason) ->
                cbor.array(3).number(3).number(meeting).text(reason);
        }
        return cbor.end().toBytes();
    }

    /** Empty for bytes that are none of these. */
    static Optional<Rendezvous> decode(byte[] bytes) {
        try {
            var cbor = new CborReader(bytes);
            cbor.array();
            long kind = cbor.natural();
            long meeting = cbor.number(1, Long.MAX_VALUE);
            Rendezvous read;
            if (kind == 1) read = new Seek(meeting, cbor.id(), addresses(cbor));
            else if (kind == 2)
                read = new Meet(
                        meeting,
                        cbor.id(),
                        addresses(cbor),
                        (int) cbor.number(0, WAIT_MILLIS_MAX),
                        cbor.number(0, Long.MAX_VALUE));
            else if (kind == 3) read = new Apart(meeting, cbor.text(REASON_CHARS_MAX));
            else return Optional.empty();
            cbor.end();
            cbor.over();
            return Optional.of(read);
        } catch (IOException | Malformed hostile) {
            return Optional.empty();
        }
    }

    private static List<String> addresses(CborReader cbor) throws IOException, Malformed {
        return cbor.list(ADDRESSES_MAX, address -> address.text(Invite.ADDRESS_CHARS_MAX));
    }
}
