package mesh.daemon.tunnel;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What becomes of the bytes of one connection between its TCP side and its line: looked at, refused, said shorter. What it
 * says are records of a length in three bytes and that many bytes. Owned by the loop of the connection, as are the buffers
 * it is given and gives.
 */
interface Carrier {
    int RECORD_HEAD_BYTES = 3;

    /** Lengths from here up are no lengths but say what a record is. */
    int NOTES_FROM = 0xFF_FFF0;

    /** The tunnel a carrier works for. On its loop. */
    interface Owner {
        /** Says a note, between whatever is said now. Takes it over. */
        void note(ByteBuf note);

        /** What the carrier waited for is there, perhaps. */
        void goOn();
    }

    /** Called once, before anything else. */
    void serve(Owner tunnel);

    /** The first record of our direction, said before anything is carried; empty for none. */
    Optional<ByteBuf> greeting();

    /** Turns bytes from the TCP side, which it takes over, into whole records; false when they must not pass. */
    boolean out(ByteBuf bytes, Consumer<ByteBuf> records);

    /** The TCP side says nothing more: says what was to be said with its rest. */
    void end(Consumer<ByteBuf> records);

    /** Passes bytes on that came in a record, and stay the caller's; false when they must not pass. */
    boolean in(ByteBuf piece, Consumer<ByteBuf> toTcp);

    /** Whether what was said ends where the peer's program has something to do; elsewhere more comes at once. */
    boolean isOutDue();

    /** The same of what was passed on and the program here. */
    boolean isInDue();

    /** How many bytes a note of this kind has behind its head; empty where it has no business here. */
    Optional<Integer> noteBytes(int kind);

    /** Does what a note says; false when it is wrong. The note stays the caller's. */
    boolean note(int kind, ByteBuf note, Consumer<ByteBuf> toTcp);

    /** Whether nothing may be passed on before something else has come. */
    boolean isWaiting();

    /** Passes on what was waited for, if it is there; false when it must not pass. */
    boolean goOn();

    /** Why something did not pass. */
    Optional<String> fault();

    /** Bytes that the last calls of {@link #out} did not have to send. */
    long savedBytes();

    void release();

    static ByteBuf record(ByteBuf bytes) {
        ByteBuf head = bytes.alloc().directBuffer(RECORD_HEAD_BYTES).writeMedium(bytes.readableBytes());
        return Unpooled.wrappedBuffer(head, bytes);
    }

    /** A note's head, with room for so many bytes behind it. */
    static ByteBuf note(int kind, int bytes) {
        return Unpooled.buffer(RECORD_HEAD_BYTES + bytes).writeMedium(kind);
    }

    /** A part of what was read, as it is. */
    static void raw(ByteBuf bytes, int from, int to, Consumer<ByteBuf> records) {
        if (to > from) records.accept(record(bytes.retainedSlice(from, to - from)));
    }
}
