package mesh.daemon.tunnel;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import mesh.core.Check;

/**
 * What was said and is not known to have arrived, by the number of each byte since the beginning. What is queued in a
 * stream is a slice of it, so nothing is held twice. Owned by the loop of its line.
 */
final class Replay {
    /**
     * As much as a stream's window lets be under way, so that a whole link is filled; whoever says more waits. A read that
     * began below it may end above.
     */
    static final int BYTES_MAX = 16 << 20;

    private static final int CHUNK_BYTES = 64 << 10;

    private final ByteBufAllocator allocator;
    private final int bytesMax;

    /** Oldest first; all but the last are full. */
    private final Deque<ByteBuf> chunks = new ArrayDeque<>();

    private long first;
    private long confirmed;
    private long end;

    Replay(ByteBufAllocator allocator, int bytesMax) {
        this.allocator = allocator;
        this.bytesMax = bytesMax;
    }

    /** How many bytes were said. */
    long end() {
        return end;
    }

    boolean hasRoom() {
        return end - confirmed < bytesMax;
    }

    /** Copies bytes, which stay the caller's. */
    void add(ByteBuf bytes) {
        int at = bytes.readerIndex();
        while (at < bytes.writerIndex()) {
            ByteBuf last = chunks.peekLast();
            if (last == null || !last.isWritable()) {
                last = allocator.directBuffer(CHUNK_BYTES, CHUNK_BYTES);
                chunks.addLast(last);
            }
            int count = Math.min(last.writableBytes(), bytes.writerIndex() - at);
            last.writeBytes(bytes, at, count);
            at += count;
            end += count;
        }
    }

    /** All before this number arrived; false when that cannot be. */
    boolean confirm(long upTo) {
        if (upTo < confirmed || upTo > end) return false;
        confirmed = upTo;
        while (!chunks.isEmpty()) {
            int bytes = chunks.element().writerIndex();
            // The last chunk is written on; it goes once it is full.
            if (bytes < CHUNK_BYTES || first + bytes > confirmed) break;
            chunks.remove().release();
            first += bytes;
        }
        return true;
    }

    /** Hands over all from this number on, piece by piece. */
    void from(long number, Consumer<ByteBuf> pieces) {
        Check.that(number >= confirmed && number <= end, "only what is held is said again", number, confirmed, end);
        long start = first;
        for (ByteBuf chunk : chunks) {
            int bytes = chunk.writerIndex();
            int skipped = Math.clamp(number - start, 0, bytes);
            if (skipped < bytes) pieces.accept(chunk.retainedSlice(skipped, bytes - skipped));
            start += bytes;
        }
    }

    void release() {
        while (!chunks.isEmpty()) chunks.remove().release();
        first = end;
        confirmed = end;
    }
}
