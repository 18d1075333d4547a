package mesh.daemon.quic;

import java.util.Locale;

/** What a peer, or a stranger, did wrong; each is counted. The name in lower case is the reason people and scripts see. */
public enum Fault {
    /** A datagram that is neither QUIC nor expected by anybody. */
    STRAY_DATAGRAM,
    /** More connections wait for admission than the endpoint holds. */
    HANDSHAKES_FULL,
    /** The TLS handshake failed: no certificate, another protocol, a key that is not theirs. */
    HANDSHAKE_FAILED,
    /** Whoever answered holds another key than the dialled node. */
    WRONG_ID,
    /** No admission within its time. */
    ADMISSION_STALLED,
    /** Invite or certificate not accepted; counted by its own reason as well. */
    ADMISSION_REFUSED,
    /** A stream other than {@code admit} before admission. */
    STREAM_BEFORE_ADMISSION,
    UNKNOWN_STREAM,
    /** The peer's certificate does not allow this type of stream. */
    ROLE_TOO_LOW,
    STREAM_FLOOD,
    FRAME_TOO_LONG,
    /** A frame was begun and not finished in time. */
    FRAME_STALLED,
    /** A message about a meeting that is none. */
    MESSAGE_MALFORMED,
    /** An outgoing message found its peer's queue full and was dropped. */
    QUEUE_FULL;

    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }
}
