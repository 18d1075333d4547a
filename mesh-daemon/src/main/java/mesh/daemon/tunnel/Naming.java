package mesh.daemon.tunnel;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import mesh.core.Sha256;
import mesh.core.rpc.Conversation;
import org.jspecify.annotations.Nullable;

/**
 * What the host's end of an RPC connection makes of its program's requests: heads that were said before are named, and data
 * is compared while it comes, byte by byte, with where it is expected and with itself. What is equal is named instead of
 * sent, so nothing is guessed, and nothing waits but for its own rest. Owned by the loop of the connection.
 */
final class Naming {
    /** In a graph for one token more, numbers of four bytes differ between what is the same. */
    private static final int STRAY_BYTES = 4;

    /** Such numbers stand together in 28 bytes, where seven tries miss. */
    private static final int MISSES_MAX = 16;

    private final Conversation talk;
    private final Optional<KnownFile> file;

    /** The host's part in payloads that workers bring each other, if there are several. */
    private final Optional<Handover.End> handover;

    private final Past past = new Past();
    private final MessageDigest sha256 = Sha256.fresh();
    private final Heads heads = new Heads();
    private final Runs runs = new Runs();
    private final Candidates candidates = new Candidates();
    private boolean isFileShared;
    private @Nullable Source source;
    private boolean isKept;
    private long dataBytes;

    /** So often in a row it went on as nothing that has passed; once is enough where it never did. */
    private int misses;

    private long savedBytes;

    /** Where the data that comes is expected to stand already. */
    private static final class Source {
        static final int PAST = -1;
        static final int ANSWER = -2;

        final int part;
        final Handover.@Nullable Answer answer;
        long at;
        int unnamed;

        Source(int part, long at) {
            this.part = part;
            this.at = at;
            this.answer = null;
        }

        Source(Handover.Answer answer) {
            this.part = ANSWER;
            this.answer = answer;
        }
    }

    /** What was read at once, and from where on it is to be said; places are counted from its first byte. */
    private static final class Piece {
        final ByteBuf bytes;
        final ByteBuffer view;
        final Consumer<ByteBuf> records;
        final int begin;
        final int end;
        int at;
        int saidTo;

        Piece(ByteBuf bytes, Consumer<ByteBuf> records) {
            this.bytes = bytes;
            this.view = bytes.nioBuffer();
            this.records = records;
            this.begin = bytes.readerIndex();
            this.end = bytes.readableBytes();
        }

        /** Says what was not said and stands before that, as it is. */
        void sayTo(int to) {
            if (to <= saidTo) return;
            Carrier.raw(bytes, begin + saidTo, begin + to, records);
            saidTo = to;
        }

        /** Says this instead of what stands from there to here. */
        void say(ByteBuf record, int from) {
            sayTo(from);
            saidTo = at;
            records.accept(record);
        }
    }

    Naming(Conversation talk, Optional<KnownFile> file, Optional<Handover.End> handover) {
        this.talk = talk;
        this.file = file;
        this.handover = handover;
    }

    /** The worker's file has this digest. */
    void shared(byte[] digest) {
        isFileShared =
                file.filter(known -> Arrays.equals(digest, known.digest())).isPresent();
    }

    /** Bytes that did not have to be sent. */
    long savedBytes() {
        return savedBytes;
    }

    void release() {
        past.release();
        source = null;
    }

    /** Turns what the program says, which stays the caller's, into whole records; false when it must not pass. */
    boolean requests(ByteBuf bytes, Consumer<ByteBuf> records) {
        Conversation.Direction way = talk.requests();
        var piece = new Piece(bytes, records);
        while (piece.at < piece.end) {
            if (way.unseenBytes() == 0) {
                if (!head(piece)) return false;
            } else data(piece, piece.at + (int) Math.min(way.unseenBytes(), piece.end - piece.at));
        }
        // What may be named when more of it has come waits for that.
        piece.sayTo(source == null ? piece.end : piece.end - source.unnamed);
        return true;
    }

    /** The program says nothing more: what waited for its rest is said without it. */
    void end(Consumer<ByteBuf> records) {
        if (talk.requests().isInHead()) records.accept(heldHead());
        else if (source != null) name(source, new Piece(Unpooled.EMPTY_BUFFER, records));
    }

    /** A request up to its data. What there is of it waits until it is whole; false when it must not pass. */
    private boolean head(Piece piece) {
        Conversation.Direction way = talk.requests();
        boolean hasWaited = way.isInHead();
        int from = piece.at;
        if (!way.see(piece.view.position(from))) return false;
        piece.at = piece.view.position();
        if (way.isInHead()) {
            piece.sayTo(from);
            piece.saidTo = piece.at;
            return true;
        }
        OptionalInt place = heads.place(way.head());
        if (place.isPresent()) {
            piece.say(new ShortNote.Head(place.getAsInt()).said(), from);
            savedBytes += way.head().remaining() - ShortNote.Head.BYTES;
        } else if (hasWaited) piece.say(heldHead(), from);
        if (way.unseenBytes() > 0) expect();
        return true;
    }

    private ByteBuf heldHead() {
        return Carrier.record(Unpooled.copiedBuffer(talk.requests().head()));
    }

    /** Data up to there: what is expected as far as it is, then runs, and the rest as it is. */
    private void data(Piece piece, int end) {
        while (piece.at < end) {
            if (source != null) match(piece, source, end);
            else if (misses <= MISSES_MAX) seek(piece, end);
            else if (runs.next(piece.view, piece.at, end)) {
                pass(piece, runs.from());
                run(piece, runs.to());
            } else pass(piece, end);
        }
        if (talk.requests().unseenBytes() > 0) return;
        if (source != null) name(source, piece);
        source = null;
    }

    private void match(Piece piece, Source from, int end) {
        ByteBuffer expected = expected(from, Math.min(end - piece.at, ShortNote.NAMED_BYTES_MAX - from.unnamed));
        int equal = equal(piece, expected);
        boolean isOver = equal < expected.remaining();
        pass(piece, piece.at + equal);
        from.at += equal;
        from.unnamed += equal;
        if (isOver || from.unnamed == ShortNote.NAMED_BYTES_MAX) name(from, piece);
        if (isOver) source = null;
    }

    /** Goes on with the one of the candidates that does so the longest, or else passes a few bytes as they are. */
    private void seek(Piece piece, int end) {
        long left = talk.requests().unseenBytes();
        int longest = Math.min(end - piece.at, ShortNote.NAMED_BYTES_MIN) - 1;
        for (long begin : candidates.begins()) {
            long from = begin + dataBytes - left;
            // It and all older ones will be gone before all of this has passed.
            if (from < past.end() + left - Past.BYTES_MAX) break;
            int equal = equal(piece, past.piece(from, end - piece.at));
            if (equal <= longest) continue;
            longest = equal;
            source = new Source(Source.PAST, from);
        }
        misses = source == null ? misses + 1 : 0;
        if (source == null && misses <= MISSES_MAX) pass(piece, Math.min(end, piece.at + STRAY_BYTES));
    }

    private static int equal(Piece piece, ByteBuffer expected) {
        int mismatch = piece.view.slice(piece.at, expected.remaining()).mismatch(expected);
        return mismatch < 0 ? expected.remaining() : mismatch;
    }

    private void run(Piece piece, int end) {
        long word = piece.view.getLong(piece.at);
        while (piece.at < end) {
            int begin = piece.at;
            int count = Math.min(end - begin, ShortNote.NAMED_BYTES_MAX);
            pass(piece, begin + count);
            piece.say(new ShortNote.Run(count, word).said(), begin);
            savedBytes += count - ShortNote.Run.BYTES;
        }
    }

    /** Both ends keep the same bytes, however they are said. */
    private void pass(Piece piece, int end) {
        int count = end - piece.at;
        if (isKept) past.add(piece.view.slice(piece.at, count));
        int at = piece.begin + piece.at;
        handover.ifPresent(way -> way.data(piece.bytes, at, count));
        talk.requests().passed(count);
        piece.at = end;
    }

    /** Looks for where the data that begins now should stand already. */
    private void expect() {
        dataBytes = talk.requests().unseenBytes();
        isKept = Past.isWorthIt(dataBytes);
        source = talk.write().flatMap(this::elsewhere).orElse(null);
        runs.begin();
        misses = isKept ? MISSES_MAX : MISSES_MAX + 1;
        if (isKept) candidates.begin(dataBytes, past.end());
    }

    /** In the model's file, or among what another worker brought. */
    private Optional<Source> elsewhere(Conversation.Write write) {
        Optional<KnownFile.Place> place =
                isFileShared ? file.flatMap(known -> known.place(write.name())) : Optional.empty();
        if (place.isPresent()
                && write.offset() >= 0
                && write.offset() <= place.get().bytes() - write.bytes())
            return Optional.of(new Source(place.get().part(), place.get().offset() + write.offset()));
        return handover.flatMap(end -> end.dataBegins(write.bytes())).map(Source::new);
    }

    private ByteBuffer expected(Source from, int bytes) {
        if (from.answer != null) return from.answer.piece(from.at, bytes);
        return from.part == Source.PAST
                ? past.piece(from.at, bytes)
                : file.orElseThrow().piece(from.part, from.at, bytes);
    }

    /** Says what was found equal since the last time, in short if that is shorter. */
    private void name(Source from, Piece piece) {
        int count = from.unnamed;
        int begin = piece.at - count;
        from.unnamed = 0;
        boolean isShort = count < ShortNote.NAMED_BYTES_MIN;
        // As it is, with what stands around it; unless it began in a piece that is gone.
        if (count == 0 || (isShort && begin >= 0)) return;
        piece.say(named(from, from.at - count, count), begin);
    }

    private ByteBuf named(Source from, long at, int count) {
        if (count < ShortNote.NAMED_BYTES_MIN) {
            from.at = at;
            return Carrier.record(Unpooled.wrappedBuffer(copy(from, count)));
        }
        if (from.answer != null) {
            savedBytes += count - HandNote.Brought.bytes();
            byte[] check = ShortNote.check(sha256, from.answer.piece(at, count));
            return handover.orElseThrow().name(from.answer, at, count, check);
        }
        if (from.part == Source.PAST) {
            savedBytes += count - ShortNote.FromPast.BYTES;
            return new ShortNote.FromPast(at, count).said();
        }
        savedBytes += count - ShortNote.FromFile.BYTES;
        byte[] check = ShortNote.check(sha256, file.orElseThrow().piece(from.part, at, count));
        return new ShortNote.FromFile(from.part, at, count, check).said();
    }

    /** The next bytes of a source, which is then behind them. */
    private byte[] copy(Source from, int count) {
        var copy = new byte[count];
        for (int done = 0; done < count; ) {
            ByteBuffer piece = expected(from, count - done);
            int length = piece.remaining();
            piece.get(copy, done, length);
            done += length;
            from.at += length;
        }
        return copy;
    }
}
