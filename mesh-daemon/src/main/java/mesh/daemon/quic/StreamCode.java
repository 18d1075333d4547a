package mesh.daemon.quic;

/** What a reset stream tells the other side. Numbers never change their meaning. */
public final class StreamCode {
    /** The reader has gone; nothing is wrong. */
    public static final int CLOSED = 0;

    /** The thing carried was aborted, as by a TCP reset. */
    public static final int ABORTED = 0x10;

    /** The stream was not wanted: its type, the sender's role, or too many. */
    public static final int REFUSED = 0x11;

    private StreamCode() {}
}
