package mesh.daemon.tunnel;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * One end of a connection between two nodes that outlives the streams it travels on. Its bytes are numbered from the
 * beginning; each end keeps what the other has not confirmed, and on a new stream both say how far they have heard and
 * go on from there, so that every byte arrives once and in order. What may be unconfirmed is bounded: beyond it the line
 * has no room, and its writer waits. Owned by one loop.
 *
 * <p>A stream carries frames of a length in three bytes and that many bytes; lengths that none can have say the rest: 0
 * as the end of a direction behind all its bytes, others how much was heard, why the line is broken off, and that it is.
 */
final class Line {
    private static final int HEAD_BYTES = 3;

    private static final int END = 0;
    private static final int BREAK = 0xFF_FFFF;

    /** Followed by eight bytes: how many the sender of this has heard. */
    static final int HEARD = 0xFF_FFF4;

    /** Followed by one: the number of a {@link LineEnd}, before {@link #BREAK}. */
    static final int WHY = 0xFF_FFF5;

    /** A sixteenth of what may be unconfirmed: a full link never waits for it, and it costs nothing. */
    private static final int CONFIRM_BYTES = 256 << 10;

    /** One stream as a line uses it. */
    interface Wire {
        void write(ByteBuf frame);

        void flush();

        /** The frame, and behind it the end of our direction. */
        void end(ByteBuf frame);

        boolean isWritable();

        void reading(boolean on);

        /** Says the frame, ends our direction and throws away what still comes; nobody here uses it again. */
        void leave(ByteBuf frame);
    }

    /** Whom a line serves. */
    interface Reader {
        /** Whether {@link #heard} may be called. */
        boolean hasRoom();

        /** Takes from the bytes as many as it likes, one at least; they stay the caller's. */
        void heard(ByteBuf bytes);

        /** All of what was handed over belongs together: a good time to flush. */
        void heardAll();

        /** The other end has said its last, and all of it was heard. */
        void ended();

        /** There is room again, perhaps. */
        void writable();

        /** The stream is gone and the line lives: another is needed. */
        void lost();

        /** A new stream carries on. */
        void resumed(long replayedBytes);

        /** The line is over, in order when both ends have ended; nothing is heard after it. */
        void over();
    }

    private final ByteBufAllocator allocator;
    private final Reader reader;
    private final Replay replay;
    private @Nullable Wire wire;

    /** Up to where this stream was given what is to be said. */
    private long given;

    private long heard;
    private long confirmed;
    private boolean awaitsHeard;
    private boolean hasEnded;
    private boolean isEndGiven;
    private boolean isEnded;
    private @Nullable LineEnd end;
    private boolean isOver;

    private final Queue<ByteBuf> held = new ArrayDeque<>();
    private boolean isDraining;
    private boolean isDry;
    private int code;
    private int codeBytes;
    private int left;
    private int aboutKind;
    private int aboutBytes;
    private long about;

    Line(ByteBufAllocator allocator, Reader reader, int replayBytesMax) {
        this.allocator = allocator;
        this.reader = reader;
        this.replay = new Replay(allocator, replayBytesMax);
    }

    // Streams.

    /** The first stream of a new line. */
    void begin(Wire first) {
        wire = first;
    }

    /** A new stream of the opener, who has said {@link #heardBytes} on it: nothing is said before the answer. */
    void resume(Wire next) {
        replace(next);
        awaitsHeard = true;
        next.reading(true);
    }

    /** A new stream at the answering end; false when what the opener says it heard cannot be. */
    boolean resume(Wire next, long theyHeard) {
        if (!replay.confirm(theyHeard)) return false;
        replace(next);
        awaitsHeard = false;
        carryOn(theyHeard);
        return true;
    }

    private void replace(Wire next) {
        Wire before = wire;
        wire = next;
        forget();
        isEndGiven = false;
        if (before != null) before.leave(breaking(LineEnd.RESET));
    }

    private void carryOn(long from) {
        given = from;
        long replayed = replay.end() - from;
        sayHeard();
        flush();
        reader.resumed(replayed);
        if (wire != null) wire.reading(reader.hasRoom());
        reader.writable();
    }

    /** The stream ended, or its connection did; of no interest once another has taken its place. */
    void gone(Wire which) {
        if (!isOn(which)) return;
        wire = null;
        forget();
        if (isOver) return;
        if (isDone()) finish();
        else reader.lost();
    }

    /** What was read and not heard will be said again. */
    private void forget() {
        isDry = false;
        while (!held.isEmpty()) held.remove().release();
        codeBytes = 0;
        code = 0;
        left = 0;
        aboutBytes = 0;
    }

    /** Nothing more comes on this stream; without a last word it is as good as gone. */
    void dry(Wire which) {
        if (!isOn(which) || isOver) return;
        isDry = true;
        drain();
    }

    /** The stream has room again. */
    void writable(Wire which) {
        if (isOn(which) && !isOver) reader.writable();
    }

    private boolean isOn(@Nullable Wire which) {
        return Objects.equals(wire, which);
    }

    boolean hasWire() {
        return wire != null;
    }

    /** How many bytes the other end need not say again. */
    long heardBytes() {
        return heard;
    }

    boolean isOver() {
        return isOver;
    }

    /** Why it was broken off; null when it was not. */
    @Nullable
    LineEnd why() {
        return end;
    }

    // Saying.

    /** Takes the bytes over; {@link #flush} sends them. Behind the end nothing is said. */
    void say(ByteBuf bytes) {
        try {
            if (!isOver && !hasEnded) replay.add(bytes);
        } finally {
            bytes.release();
        }
    }

    /** Whether more may be said now: neither the stream nor what is unconfirmed is full. */
    boolean hasRoom() {
        Wire now = wire;
        return replay.hasRoom() && (now == null || now.isWritable());
    }

    void flush() {
        Wire now = wire;
        if (now == null || awaitsHeard || isOver) return;
        if (given < replay.end()) replay.from(given, piece -> now.write(frame(piece)));
        given = replay.end();
        if (hasEnded && !isEndGiven) {
            isEndGiven = true;
            now.end(allocator.directBuffer(HEAD_BYTES).writeMedium(END));
        } else now.flush();
    }

    /** In one piece, which the stream would make of it anyway. */
    private ByteBuf frame(ByteBuf piece) {
        int bytes = piece.readableBytes();
        try {
            return allocator.directBuffer(HEAD_BYTES + bytes).writeMedium(bytes).writeBytes(piece);
        } finally {
            piece.release();
        }
    }

    /** What was said since the last {@link #flush}. */
    long unsentBytes() {
        return replay.end() - given;
    }

    /** Nothing more will be said. */
    void end() {
        if (hasEnded || isOver) return;
        hasEnded = true;
        flush();
    }

    /** Breaks the line off and tells the other end why, if there is a way to. */
    void breakOff(LineEnd why) {
        if (isOver) return;
        end = why;
        Wire now = wire;
        wire = null;
        if (now != null) now.leave(breaking(why));
        finish();
    }

    /** The other end has given the line up, past everything that waits. */
    void brokenByPeer(Wire which) {
        if (isOn(which)) breakOff(LineEnd.RESET);
    }

    static ByteBuf breaking(LineEnd why) {
        return Unpooled.directBuffer(2 * HEAD_BYTES + 1)
                .writeMedium(WHY)
                .writeByte(why.number())
                .writeMedium(BREAK);
    }

    private boolean isDone() {
        return hasEnded && isEndGiven && isEnded;
    }

    private void finish() {
        isOver = true;
        forget();
        replay.release();
        reader.over();
    }

    // Hearing.

    /** What came through a stream, taken over. */
    void received(Wire from, ByteBuf bytes) {
        if (!isOn(from) || isOver) {
            bytes.release();
            return;
        }
        held.add(bytes);
        drain();
    }

    /** The reader has room again. */
    void goOn() {
        drain();
        Wire now = wire;
        if (now != null && !isOver && reader.hasRoom()) now.reading(true);
    }

    private void drain() {
        if (isDraining || isOver) return;
        isDraining = true;
        Wire on = wire;
        while (!held.isEmpty() && !isOver && isOn(on)) {
            ByteBuf bytes = held.element();
            bytes.retain();
            while (bytes.isReadable() && !isOver && isOn(on) && (left == 0 || reader.hasRoom())) step(bytes);
            boolean isStuck = bytes.isReadable();
            bytes.release();
            if (isOver || !isOn(on) || isStuck) break;
            held.remove().release();
        }
        isDraining = false;
        if (isOver || on == null || !isOn(on)) return;
        if (!reader.hasRoom()) on.reading(false);
        if (heard - confirmed >= CONFIRM_BYTES) {
            sayHeard();
            on.flush();
        }
        reader.heardAll();
        if (!isDry || !held.isEmpty() || isEnded) return;
        on.leave(breaking(LineEnd.RESET));
        gone(on);
    }

    private void step(ByteBuf bytes) {
        if (left > 0) hear(bytes);
        else if (aboutBytes > 0) readAbout(bytes);
        else readCode(bytes);
    }

    private void hear(ByteBuf bytes) {
        int count = Math.min(left, bytes.readableBytes());
        ByteBuf piece = bytes.slice(bytes.readerIndex(), count);
        reader.heard(piece);
        int taken = count - piece.readableBytes();
        bytes.skipBytes(taken);
        left -= taken;
        heard += taken;
    }

    private void readCode(ByteBuf bytes) {
        code = code << 8 | bytes.readUnsignedByte();
        if (++codeBytes < HEAD_BYTES) return;
        int read = code;
        code = 0;
        codeBytes = 0;
        boolean isPlain = read < Carrier.NOTES_FROM;
        // Nothing but how far it heard may come first from whom we asked for that.
        if (awaitsHeard && read != HEARD && read != WHY && read != BREAK) breakOff(LineEnd.FORBIDDEN);
        else if (read == END) theirEnd();
        else if (read == BREAK) brokenOff();
        else if (read == HEARD || read == WHY) readAboutOf(read);
        else if (isPlain && !isEnded) left = read;
        else breakOff(LineEnd.FORBIDDEN);
    }

    private void readAboutOf(int kind) {
        aboutKind = kind;
        aboutBytes = kind == HEARD ? Long.BYTES : 1;
        about = 0;
    }

    private void readAbout(ByteBuf bytes) {
        about = about << 8 | bytes.readUnsignedByte();
        if (--aboutBytes > 0) return;
        if (aboutKind == WHY) {
            end = LineEnd.of((int) about).orElse(LineEnd.RESET);
            return;
        }
        if (!replay.confirm(about)) {
            breakOff(LineEnd.FORBIDDEN);
            return;
        }
        if (awaitsHeard) {
            awaitsHeard = false;
            carryOn(about);
        } else reader.writable();
    }

    private void theirEnd() {
        if (isEnded) return;
        isEnded = true;
        reader.ended();
    }

    private void brokenOff() {
        breakOff(end == null ? LineEnd.RESET : end);
    }

    private void sayHeard() {
        Wire now = wire;
        if (now == null) return;
        confirmed = heard;
        now.write(allocator
                .directBuffer(HEAD_BYTES + Long.BYTES)
                .writeMedium(HEARD)
                .writeLong(heard));
    }
}
