package mesh.daemon.tunnel;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Optional;
import java.util.function.Consumer;
import mesh.core.Sha256;
import mesh.core.rpc.Conversation;
import org.jspecify.annotations.Nullable;

/**
 * What the host's end of an RPC connection makes of its program's requests: data is compared while it comes, byte by byte,
 * with where it is expected, and what is equal is named instead of sent, so nothing waits and nothing is guessed. Owned
 * by the loop of the connection.
 */
final class Naming {
    /** A graph has about as many inputs; each is looked for among those of the same size. */
    private static final int CANDIDATES_MAX = 16;

    private final Conversation talk;
    private final Optional<KnownFile> file;

    /** The host's part in payloads that workers bring each other, if there are several. */
    private final Optional<Handover.End> handover;

    private final Past past = new Past();
    private final MessageDigest sha256 = Sha256.fresh();
    private final Deque<Candidate> candidates = new ArrayDeque<>();
    private boolean isFileShared;
    private @Nullable Source source;
    private boolean isKept;

    /** How many of the candidates were looked at for the data that comes. */
    private int tried;

    private long savedBytes;

    /** Data that went through, by where it stands in the past. */
    private record Candidate(long from, long bytes) {}

    /** Where the data that comes is expected to stand already. */
    private static final class Source {
        static final int PAST = -1;
        static final int ANSWER = -2;

        final int part;
        final Handover.@Nullable Answer answer;
        long at;
        int unnamed;
        boolean isProved;

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
    }

    /** Turns what the program says, which stays the caller's, into whole records; false when it must not pass. */
    boolean requests(ByteBuf bytes, Consumer<ByteBuf> records) {
        Conversation.Direction way = talk.requests();
        int at = bytes.readerIndex();
        int end = bytes.writerIndex();
        int rawFrom = at;
        while (at < end) {
            if (way.unseenBytes() == 0) {
                if (!way.see(bytes.getByte(at++))) return false;
                if (way.unseenBytes() > 0) expect(talk.write());
                continue;
            }
            int here = (int) Math.min(way.unseenBytes(), end - at);
            Source from = source;
            if (from == null) {
                keep(bytes, at, here);
                way.passed(here);
                at += here;
                continue;
            }
            ByteBuffer expected = piece(from, Math.min(here, ShortNote.NAMED_BYTES_MAX - from.unnamed));
            int mismatch = bytes.nioBuffer(at, expected.remaining()).mismatch(expected);
            int equal = mismatch < 0 ? expected.remaining() : mismatch;
            if (equal > 0) {
                Carrier.raw(bytes, rawFrom, at, records);
                keep(bytes, at, equal);
                way.passed(equal);
                at += equal;
                rawFrom = at;
                from.at += equal;
                from.unnamed += equal;
                from.isProved = true;
            }
            boolean isOver = way.unseenBytes() == 0;
            if (mismatch >= 0 || isOver || from.unnamed == ShortNote.NAMED_BYTES_MAX) name(from, records);
            if (isOver) source = null;
            else if (mismatch >= 0) source = from.isProved ? null : nextCandidate(way.unseenBytes());
        }
        Carrier.raw(bytes, rawFrom, end, records);
        return true;
    }

    /** Looks for where the data that begins now should stand already. */
    private void expect(Optional<Conversation.Write> begun) {
        source = null;
        isKept = begun.filter(write -> Past.isWorthIt(write.bytes())).isPresent();
        tried = 0;
        if (begun.isEmpty()) return;
        Conversation.Write write = begun.get();
        Optional<KnownFile.Place> place =
                isFileShared ? file.flatMap(known -> known.place(write.name())) : Optional.empty();
        if (place.isPresent()
                && write.offset() >= 0
                && write.offset() <= place.get().bytes() - write.bytes())
            source = new Source(place.get().part(), place.get().offset() + write.offset());
        else
            source = handover.flatMap(end -> end.dataBegins(write.bytes()))
                    .map(Source::new)
                    .orElseGet(() -> isKept ? nextCandidate(write.bytes()) : null);
        if (!isKept) return;
        candidates.addFirst(new Candidate(past.end(), write.bytes()));
        tried++;
        if (candidates.size() > CANDIDATES_MAX) candidates.removeLast();
    }

    /** The next older data of the same size that will still be there when all of this one has passed. */
    private @Nullable Source nextCandidate(long bytes) {
        int index = 0;
        for (Candidate candidate : candidates) {
            if (index++ < tried) continue;
            tried++;
            boolean isWhole = candidate.from + candidate.bytes <= past.end();
            boolean stays = candidate.from >= past.end() + bytes - Past.BYTES_MAX;
            if (candidate.bytes == bytes && isWhole && stays) return new Source(Source.PAST, candidate.from);
        }
        return null;
    }

    private void keep(ByteBuf bytes, int at, int count) {
        if (isKept) past.add(bytes.nioBuffer(at, count));
        handover.ifPresent(end -> end.data(bytes, at, count));
    }

    private ByteBuffer piece(Source from, int bytes) {
        if (from.answer != null) return from.answer.piece(from.at, bytes);
        return from.part == Source.PAST
                ? past.piece(from.at, bytes)
                : file.orElseThrow().piece(from.part, from.at, bytes);
    }

    /** Says what was found equal since the last time, in short if that is shorter. */
    private void name(Source from, Consumer<ByteBuf> records) {
        int count = from.unnamed;
        if (count == 0) return;
        long at = from.at - count;
        from.unnamed = 0;
        if (count < ShortNote.NAMED_BYTES_MIN) {
            from.at = at;
            records.accept(Carrier.record(Unpooled.wrappedBuffer(copy(from, count))));
        } else if (from.answer != null) {
            byte[] check = ShortNote.check(sha256, from.answer.piece(at, count));
            records.accept(handover.orElseThrow().name(from.answer, at, count, check));
            savedBytes += count - HandNote.Brought.bytes();
        } else if (from.part == Source.PAST) {
            records.accept(new ShortNote.FromPast(at, count).said());
            savedBytes += count - ShortNote.FromPast.BYTES;
        } else {
            byte[] check = ShortNote.check(sha256, file.orElseThrow().piece(from.part, at, count));
            records.accept(new ShortNote.FromFile(from.part, at, count, check).said());
            savedBytes += count - ShortNote.FromFile.BYTES;
        }
    }

    /** The next bytes of a source, which is then behind them. */
    private byte[] copy(Source from, int count) {
        var copy = new byte[count];
        for (int done = 0; done < count; ) {
            ByteBuffer piece = piece(from, count - done);
            int length = piece.remaining();
            piece.get(copy, done, length);
            done += length;
            from.at += length;
        }
        return copy;
    }
}
