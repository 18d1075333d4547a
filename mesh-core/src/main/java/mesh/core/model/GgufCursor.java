package mesh.core.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import mesh.core.model.GgufRead.Reason;
import mesh.core.model.GgufRead.Refused;

/**
 * Walks through a file's header, little endian, and never past its end or its allowance: every step is checked before
 * it is taken, and no length found in the file is ever allocated. A step that cannot be taken ends the reading with
 * {@link Stop}. One reader, one thread.
 */
final class GgufCursor {
    /** The longest headers known (two half-million-entry token lists) are near 20 MB. */
    static final long HEADER_BYTES_MAX = 128L << 20;

    /** One read of the disk; a header of a usual model is 20 to 60 of them. */
    private static final int WINDOW_BYTES = 256 << 10;

    private final String path;
    private final Bytes file;
    private final long size;
    private ByteBuffer window = ByteBuffer.allocate(0);
    private long windowAt;
    private long at;

    GgufCursor(String path, Bytes file) {
        this.path = path;
        this.file = file;
        this.size = file.size();
    }

    /** Ends the reading: the answer is known. Carries no stack, because nothing is wrong with us. */
    static final class Stop extends Exception {
        private static final long serialVersionUID = 1;
        private final transient Refused refused;

        Stop(Refused refused) {
            super(refused.message(), null, false, false);
            this.refused = refused;
        }

        Refused refused() {
            return refused;
        }
    }

    /** {@code pairs} is more of the message, as {@code key=value}. */
    Stop stop(Reason reason, String what, String pairs) {
        return new Stop(new Refused(reason, what + " path=" + path + (pairs.isEmpty() ? "" : " " + pairs)));
    }

    String path() {
        return path;
    }

    long at() {
        return at;
    }

    long size() {
        return size;
    }

    int u8() throws IOException, Stop {
        return next(1).get() & 0xFF;
    }

    int u16() throws IOException, Stop {
        return next(2).getShort() & 0xFFFF;
    }

    int i32() throws IOException, Stop {
        return next(4).getInt();
    }

    long u32() throws IOException, Stop {
        return i32() & 0xFFFF_FFFFL;
    }

    long i64() throws IOException, Stop {
        return next(8).getLong();
    }

    /** Nothing real needs the upper half of the range; a number from there becomes the largest long. */
    long u64() throws IOException, Stop {
        long bits = i64();
        return bits < 0 ? Long.MAX_VALUE : bits;
    }

    float f32() throws IOException, Stop {
        return next(4).getFloat();
    }

    double f64() throws IOException, Stop {
        return next(8).getDouble();
    }

    /** A text that must be short. Bytes that are no UTF-8 are replaced: the name is shown, not trusted. */
    String name(String what, int bytesMax) throws IOException, Stop {
        long length = u64();
        if (length > bytesMax)
            throw stop(Reason.TOO_LONG_NAME, what + " too long", "bytes=" + length + " max=" + bytesMax);
        return text((int) length);
    }

    String text(int length) throws IOException, Stop {
        byte[] bytes = new byte[length];
        next(length).get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** The file's first bytes, wherever the walk stands. */
    byte[] opening(int bytesMax) throws IOException {
        ByteBuffer head = file.read(0, (int) Math.min(bytesMax, size));
        var bytes = new byte[head.remaining()];
        head.get(bytes);
        return bytes;
    }

    void skip(long bytes) throws Stop {
        within(bytes);
        at += bytes;
    }

    /** Throws unless {@code bytes} more can be there. */
    void within(long bytes) throws Stop {
        if (bytes > size - at) throw stop(Reason.CUT_HEADER, "model file's header cut", "bytes=" + size + " at=" + at);
        if (bytes > HEADER_BYTES_MAX - at)
            throw stop(Reason.TOO_LONG_HEADER, "model file's header too long", "max=" + HEADER_BYTES_MAX);
    }

    private ByteBuffer next(int bytes) throws IOException, Stop {
        within(bytes);
        if (at < windowAt || at + bytes > windowAt + window.limit()) {
            window = file.read(at, (int) Math.min(Math.max(WINDOW_BYTES, bytes), size - at))
                    .slice()
                    .order(ByteOrder.LITTLE_ENDIAN);
            windowAt = at;
            if (window.limit() < bytes)
                throw stop(Reason.CUT_HEADER, "model file shrank while it was read", "at=" + at);
        }
        window.position((int) (at - windowAt));
        at += bytes;
        return window;
    }
}
