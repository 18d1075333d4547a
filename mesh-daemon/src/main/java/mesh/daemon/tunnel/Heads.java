package mesh.daemon.tunnel;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The last heads of requests on a connection, each once and at a place of its own. Both ends have the same ones at the same
 * places, since both ask for the place of each head that passes. Owned by the loop of the connection.
 */
final class Heads {
    /** As many as a byte tells apart; a token's are about ten, and ten more for each other size of batch. */
    static final int PLACES = 256;

    /** A name takes four bytes, and parts what stands around it into two records. */
    static final int BYTES_MIN = 16;

    private final @Nullable ByteBuffer[] heads = new ByteBuffer[PLACES];
    private int next;

    /** Where one found last stands; they come in rounds, so that the next one is often the next one. */
    private int last;

    /** Where a head stands; empty for one that is new, which takes the place of the oldest, or too short for one. */
    OptionalInt place(ByteBuffer head) {
        if (head.remaining() < BYTES_MIN) return OptionalInt.empty();
        for (int i = 1; i <= PLACES; i++) {
            int place = (last + i) % PLACES;
            if (!head.equals(heads[place])) continue;
            last = place;
            return OptionalInt.of(place);
        }
        heads[next] =
                ByteBuffer.allocate(head.remaining()).put(head.duplicate()).flip();
        next = (next + 1) % PLACES;
        return OptionalInt.empty();
    }

    /** What stands there. */
    Optional<ByteBuffer> at(int place) {
        return Optional.ofNullable(heads[place]).map(ByteBuffer::asReadOnlyBuffer);
    }
}
