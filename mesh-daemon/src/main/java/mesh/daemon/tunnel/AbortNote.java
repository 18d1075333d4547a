package mesh.daemon.tunnel;

import io.netty.handler.codec.quic.QuicStreamChannel;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import mesh.daemon.quic.StreamAbort;

/** Tells the far side that a stream was given up, until it answers. Owned by the loop. */
@SuppressWarnings("FutureReturnValueIgnored") // A close needs no answer.
final class AbortNote {
    /** A lost note is repeated; a far side that never answers loses the stream by force. */
    private static final long REPEAT_MILLIS = 1_000;

    private static final int REPEATS_MAX = 30;

    private AbortNote() {}

    /** Now, and again until the stream is closed or the far side has ended it. */
    static void tell(QuicStreamChannel stream, BooleanSupplier isEnded) {
        tell(stream, isEnded, 0);
    }

    private static void tell(QuicStreamChannel stream, BooleanSupplier isEnded, int times) {
        if (!stream.isActive() || isEnded.getAsBoolean()) return;
        if (times == REPEATS_MAX) {
            stream.close();
            return;
        }
        StreamAbort.tell(stream);
        stream.eventLoop().schedule(() -> tell(stream, isEnded, times + 1), REPEAT_MILLIS, TimeUnit.MILLISECONDS);
    }
}
