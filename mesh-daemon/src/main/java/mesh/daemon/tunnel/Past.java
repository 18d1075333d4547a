package mesh.daemon.tunnel;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The last bytes that both ends of a connection have seen, by their number since its beginning. Both ends keep the same
 * bytes as long as they add the same ones. Takes its memory with the first byte. Owned by the loop of the connection.
 */
final class Past {
    /** Three embeddings of a batch of a large model, which is what is said twice. */
    static final int BYTES_MAX = 32 << 20;

    /** Of smaller data a copy is no saving; larger is a weight, which is written once. */
    private static final int DATA_BYTES_MIN = 64;

    private static final int DATA_BYTES_MAX = BYTES_MAX / 2;

    private @Nullable ByteBuf ring;
    private long end;

    /** Whether data of this size is kept: all of it, however it came. */
    static boolean isWorthIt(long bytes) {
        return bytes >= DATA_BYTES_MIN && bytes <= DATA_BYTES_MAX;
    }

    long end() {
        return end;
    }

    boolean has(long from, long bytes) {
        return from >= 0 && bytes >= 0 && from <= end - bytes && from >= end - BYTES_MAX;
    }

    void add(ByteBuffer bytes) {
        ByteBuf space = ring;
        if (space == null) {
            space = ByteBufAllocator.DEFAULT.directBuffer(BYTES_MAX, BYTES_MAX);
            ring = space;
        }
        ByteBuffer left = bytes.duplicate();
        while (left.hasRemaining()) {
            int at = (int) (end % BYTES_MAX);
            int count = Math.min(left.remaining(), BYTES_MAX - at);
            space.setBytes(at, left.slice(left.position(), count));
            left.position(left.position() + count);
            end += count;
        }
    }

    /** From {@code from} on as many as lie in one piece, {@code bytes} at most. */
    ByteBuffer piece(long from, int bytes) {
        ByteBuf space = java.util.Objects.requireNonNull(ring, "something was added");
        int at = (int) (from % BYTES_MAX);
        return space.nioBuffer(at, Math.min(bytes, BYTES_MAX - at));
    }

    void release() {
        if (ring != null) ring.release();
        ring = null;
    }
}
