package mesh.core.rpc;

/**
 * A stretch of a server's memory, as a client names it. Buffers of one server never overlap, though on some devices their
 * addresses do; so addresses are compared within a buffer only. Immutable.
 *
 * @param buffer 0 where none is named: it may be any
 * @param from address of the first byte
 * @param to address behind the last one
 */
public record Area(long buffer, long from, long to) {
    /** All of a buffer. */
    static Area of(long buffer) {
        return new Area(buffer, 0, Long.MAX_VALUE);
    }

    /** Up to the buffer's end where that many bytes cannot be. */
    static Area of(long buffer, long from, long bytes) {
        if (from < 0) return of(buffer);
        boolean fits = bytes >= 0 && bytes <= Long.MAX_VALUE - from;
        return new Area(buffer, from, fits ? from + bytes : Long.MAX_VALUE);
    }

    public long bytes() {
        return to - from;
    }

    public boolean isIn(long wanted) {
        return buffer == wanted || buffer == 0 || wanted == 0;
    }

    boolean holds(Area other) {
        return buffer == other.buffer && from <= other.from && other.to <= to;
    }

    public boolean overlaps(Area other) {
        return isIn(other.buffer) && from < other.to && other.from < to;
    }
}
