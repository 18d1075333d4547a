package mesh.daemon.quic;

import io.netty.handler.codec.quic.QuicStreamChannel;

/**
 * Says beside a stream that it was given up, past everything that waits in it. QUIC's own reset would do, but the stack
 * never gives a reset stream's credit back; so streams are ended in order, and this note, a datagram that may be lost and
 * is repeated by its sender, only makes the far side stop waiting for a full reader. On the endpoint's loop.
 */
public final class StreamAbort {
    private StreamAbort() {}

    public static void tell(QuicStreamChannel stream) {
        Connection connection = stream.parent().pipeline().get(Connection.class);
        if (connection != null) connection.tellAbort(stream);
    }

    /** {@code aborted} may run more than once. */
    public static void hear(QuicStreamChannel stream, Runnable aborted) {
        Connection connection = stream.parent().pipeline().get(Connection.class);
        if (connection != null) connection.hearAbort(stream, aborted);
    }
}
