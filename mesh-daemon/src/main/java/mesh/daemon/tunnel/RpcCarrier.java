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
 * One end of an RPC connection: holds every frame to the protocol, and spares the link tensor data that the worker has
 * already, be it in its copy of the model's file or among what it was lately sent. Data is compared while it comes, byte
 * by byte, with where it is expected; what is equal is named instead of sent, so nothing waits and nothing is guessed.
 * The worker checks what stands in its file, and what another worker brought, before it uses it. Owned by the loop of the
 * connection.
 */
final class RpcCarrier implements Carrier {
    /** The worker has a file: digest of its head. */
    static final int HAVE = 0xFF_FFF0;

    /** Bytes of that file: part, offset, count, and the first half of their SHA-256. */
    static final int FROM_FILE = 0xFF_FFF1;

    /** Bytes that went through this connection: number of the first, count. */
    static final int FROM_PAST = 0xFF_FFF2;

    private static final int CHECK_BYTES = 16;
    private static final int FROM_FILE_BYTES = 1 + Long.BYTES + Integer.BYTES + CHECK_BYTES;
    private static final int FROM_PAST_BYTES = Long.BYTES + Integer.BYTES;

    /** Named at once: as much as the loop reads from a cold disk without anybody noticing. */
    private static final int NAMED_BYTES_MAX = 256 << 10;

    /** Naming takes 32 bytes. */
    private static final int NAMED_BYTES_MIN = 64;

    /** Of smaller data a copy is no saving; larger is a weight, which is written once. */
    private static final int PAST_DATA_MIN = 64;

    private static final int PAST_DATA_MAX = Past.BYTES_MAX / 2;

    /** A graph has about as many inputs; each is looked for among those of the same size. */
    private static final int CANDIDATES_MAX = 16;

    private final Conversation talk;
    private final boolean isHost;
    private final Optional<KnownFile> file;

    /** The host's part in payloads that workers bring each other, if there are several; the worker's part. */
    private final Optional<Handover.End> handover;

    private final Optional<Handing> handing;

    /** What the host's end makes of what its llama-server says, before anything else. */
    private final Folding folding = new Folding(this::isAnswer);

    private final Past past = new Past();
    private final MessageDigest sha256 = Sha256.fresh();
    private final Deque<Candidate> candidates = new ArrayDeque<>();
    private Optional<String> fault = Optional.empty();
    private boolean isFileShared;
    private @Nullable Source source;
    private boolean isKept;
    private boolean isReading;
    private Consumer<ByteBuf> waitingTcp = ByteBuf::release;

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

    private RpcCarrier(
            Conversation talk,
            boolean isHost,
            Optional<KnownFile> file,
            Optional<Handover.End> handover,
            Optional<Handing> handing) {
        this.talk = talk;
        this.isHost = isHost;
        this.file = file;
        this.handover = handover;
        this.handing = handing;
    }

    /** The host's end; {@code handover} of the split, if it has several workers. */
    static RpcCarrier host(Conversation talk, Optional<KnownFile> file, Optional<Handover.End> handover) {
        return new RpcCarrier(talk, true, file, handover, Optional.empty());
    }

    static RpcCarrier worker(Conversation talk, Optional<KnownFile> file, Handing handing) {
        return new RpcCarrier(talk, false, file, Optional.empty(), Optional.of(handing));
    }

    @Override
    public void serve(Owner tunnel) {
        handover.ifPresent(end -> end.serve(tunnel));
        handing.ifPresent(part -> part.serve(tunnel));
    }

    @Override
    public Optional<ByteBuf> greeting() {
        if (isHost) return Optional.empty();
        return file.map(known -> Unpooled.buffer().writeMedium(HAVE).writeBytes(known.digest()));
    }

    @Override
    public Optional<String> fault() {
        return fault.or(talk::fault);
    }

    @Override
    public long savedBytes() {
        return savedBytes;
    }

    @Override
    public void release() {
        folding.release();
        past.release();
        talk.end();
        handover.ifPresent(Handover.End::release);
        handing.ifPresent(Handing::release);
    }

    // Towards the peer.

    @Override
    public boolean out(ByteBuf bytes, Consumer<ByteBuf> records) {
        try {
            return isHost ? folding.say(bytes, piece -> requests(piece, records)) : answers(bytes, records);
        } finally {
            bytes.release();
        }
    }

    /** As they are; where an answer begins that is brought to another worker too, the host is told before. */
    private boolean answers(ByteBuf bytes, Consumer<ByteBuf> records) {
        int[] rawFrom = {bytes.readerIndex()};
        boolean passes = passes(bytes, talk.replies(), new Data() {
            @Override
            public void begins(Conversation.Read read, int at) {
                handing.flatMap(part -> part.answerBegins(read)).ifPresent(note -> {
                    raw(bytes, rawFrom[0], at, records);
                    records.accept(note);
                    rawFrom[0] = at;
                });
            }

            @Override
            public void piece(int at, int count) {
                handing.ifPresent(part -> part.answer(bytes, at, count));
            }
        });
        if (passes) raw(bytes, rawFrom[0], bytes.writerIndex(), records);
        return passes;
    }

    /** What comes of tensors while answers pass. */
    private interface Data {
        void begins(Conversation.Read read, int at);

        void piece(int at, int count);
    }

    private boolean isAnswer(ByteBuf data) {
        return handover.filter(end -> end.isAnswer(data)).isPresent();
    }

    private boolean requests(ByteBuf bytes, Consumer<ByteBuf> records) {
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
            ByteBuffer expected = piece(from, Math.min(here, NAMED_BYTES_MAX - from.unnamed));
            int mismatch = bytes.nioBuffer(at, expected.remaining()).mismatch(expected);
            int equal = mismatch < 0 ? expected.remaining() : mismatch;
            if (equal > 0) {
                raw(bytes, rawFrom, at, records);
                keep(bytes, at, equal);
                way.passed(equal);
                at += equal;
                rawFrom = at;
                from.at += equal;
                from.unnamed += equal;
                from.isProved = true;
            }
            boolean isOver = way.unseenBytes() == 0;
            if (mismatch >= 0 || isOver || from.unnamed == NAMED_BYTES_MAX) name(from, records);
            if (isOver) source = null;
            else if (mismatch >= 0) source = from.isProved ? null : nextCandidate(way.unseenBytes());
        }
        raw(bytes, rawFrom, end, records);
        return true;
    }

    /** Looks for where the data that begins now should stand already. */
    private void expect(Optional<Conversation.Write> begun) {
        source = null;
        isKept = begun.filter(write -> isKept(write.bytes())).isPresent();
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

    private static boolean isKept(long bytes) {
        return bytes >= PAST_DATA_MIN && bytes <= PAST_DATA_MAX;
    }

    /** Both ends keep the same bytes: all data of sizes worth it, however it came. */
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
        if (from.answer != null && count >= NAMED_BYTES_MIN) {
            byte[] check = check(from.answer.piece(at, count));
            records.accept(handover.orElseThrow().name(from.answer, at, count, check));
            savedBytes += count - HandNote.Brought.bytes();
        } else if (from.part >= 0 && count >= NAMED_BYTES_MIN) {
            byte[] check = check(file.orElseThrow().piece(from.part, at, count));
            ByteBuf note = Unpooled.buffer(RECORD_HEAD_BYTES + FROM_FILE_BYTES).writeMedium(FROM_FILE);
            records.accept(
                    note.writeByte(from.part).writeLong(at).writeInt(count).writeBytes(check));
            savedBytes += count - FROM_FILE_BYTES;
        } else if (count >= NAMED_BYTES_MIN) {
            ByteBuf note = Unpooled.buffer(RECORD_HEAD_BYTES + FROM_PAST_BYTES).writeMedium(FROM_PAST);
            records.accept(note.writeLong(at).writeInt(count));
            savedBytes += count - FROM_PAST_BYTES;
        } else {
            var copy = new byte[count];
            long place = from.at;
            from.at = at;
            for (int done = 0; done < count; ) {
                ByteBuffer piece = piece(from, count - done);
                int length = piece.remaining();
                piece.get(copy, done, length);
                done += length;
                from.at += length;
            }
            from.at = place;
            records.accept(Carrier.record(Unpooled.wrappedBuffer(copy)));
        }
    }

    private byte[] check(ByteBuffer bytes) {
        sha256.update(bytes);
        return Arrays.copyOf(sha256.digest(), CHECK_BYTES);
    }

    private void raw(ByteBuf bytes, int from, int to, Consumer<ByteBuf> records) {
        if (to > from) records.accept(Carrier.record(bytes.retainedSlice(from, to - from)));
    }

    // From the peer.

    @Override
    public boolean in(ByteBuf piece, Consumer<ByteBuf> toTcp) {
        boolean passes = fault.isEmpty() && (isHost ? answered(piece) : restored(piece));
        if (passes) toTcp.accept(piece.retain());
        return passes;
    }

    /** What the worker said, of which another worker may be sent a part next. */
    private boolean answered(ByteBuf bytes) {
        return passes(bytes, talk.replies(), new Data() {
            @Override
            public void begins(Conversation.Read read, int at) {
                handover.ifPresent(end -> end.answerBegins(read));
            }

            @Override
            public void piece(int at, int count) {
                handover.ifPresent(end -> end.answer(bytes, at, count));
            }
        });
    }

    /** What the host said, as its llama-server did, remembered as the host remembers it. */
    private boolean restored(ByteBuf bytes) {
        Conversation.Direction way = talk.requests();
        int at = bytes.readerIndex();
        while (at < bytes.writerIndex()) {
            if (way.unseenBytes() == 0) {
                if (!way.see(bytes.getByte(at++))) return false;
                if (way.unseenBytes() > 0)
                    isKept = talk.write().filter(write -> isKept(write.bytes())).isPresent();
                continue;
            }
            int here = (int) Math.min(way.unseenBytes(), bytes.writerIndex() - at);
            keep(bytes, at, here);
            way.passed(here);
            at += here;
        }
        return true;
    }

    private boolean passes(ByteBuf bytes, Conversation.Direction way, Data data) {
        int at = bytes.readerIndex();
        while (at < bytes.writerIndex()) {
            long unseen = way.unseenBytes();
            if (unseen == 0) {
                if (!way.see(bytes.getByte(at++))) return false;
                if (way.unseenBytes() == 0) continue;
                isReading = talk.read().isPresent();
                if (isReading) data.begins(talk.read().orElseThrow(), at);
                continue;
            }
            int count = (int) Math.min(unseen, bytes.writerIndex() - at);
            if (isReading) data.piece(at, count);
            way.passed(count);
            at += count;
        }
        return true;
    }

    @Override
    public boolean isOutDue() {
        return (isHost ? talk.requests() : talk.replies()).isDue();
    }

    @Override
    public boolean isInDue() {
        return (isHost ? talk.replies() : talk.requests()).isDue();
    }

    @Override
    public Optional<Integer> noteBytes(int kind) {
        if (isHost) {
            if (kind == HAVE) return Optional.of(KnownFile.DIGEST_BYTES);
            return handover.isPresent() ? HandNote.bytesFromWorker(kind) : Optional.empty();
        }
        return switch (kind) {
            case FROM_FILE -> Optional.of(FROM_FILE_BYTES);
            case FROM_PAST -> Optional.of(FROM_PAST_BYTES);
            default -> HandNote.bytesFromHost(kind);
        };
    }

    @Override
    public boolean note(int kind, ByteBuf note, Consumer<ByteBuf> toTcp) {
        if (fault.isPresent()) return false;
        return switch (kind) {
            case HAVE -> {
                var theirs = new byte[KnownFile.DIGEST_BYTES];
                note.readBytes(theirs);
                isFileShared =
                        file.isPresent() && Arrays.equals(theirs, file.get().digest());
                yield true;
            }
            case FROM_FILE -> fromFile(note, toTcp);
            case FROM_PAST -> fromPast(note, toTcp);
            case HandNote.BROUGHT -> brought(HandNote.Brought.read(note), toTcp);
            default ->
                handover.filter(end -> end.heard(kind, note)).isPresent()
                        || handing.filter(part -> part.heard(kind, note)).isPresent()
                        || refused("note of kind " + Integer.toHexString(kind));
        };
    }

    private boolean brought(HandNote.Brought named, Consumer<ByteBuf> toTcp) {
        Handing part = handing.orElseThrow();
        if (talk.requests().unseenBytes() < named.count() || !part.await(named))
            return refused("brought bytes that cannot be pair=" + named.pair() + " number=" + named.number());
        waitingTcp = toTcp;
        boolean passes = goOn();
        if (part.isWaiting()) part.watch();
        return passes;
    }

    @Override
    public boolean isWaiting() {
        return handing.filter(Handing::isWaiting).isPresent();
    }

    @Override
    public boolean goOn() {
        return handing.flatMap(Handing::take)
                .map(piece -> took(piece, waitingTcp))
                .orElse(true);
    }

    private boolean fromFile(ByteBuf note, Consumer<ByteBuf> toTcp) {
        int part = note.readUnsignedByte();
        long at = note.readLong();
        int count = note.readInt();
        var check = new byte[CHECK_BYTES];
        note.readBytes(check);
        if (file.isEmpty()
                || count <= 0
                || count > NAMED_BYTES_MAX
                || !file.get().has(part, at, count))
            return refused("bytes outside the file part=" + part + " at=" + at + " count=" + count);
        ByteBuffer piece = file.get().piece(part, at, count);
        if (!Arrays.equals(check, check(piece.duplicate())))
            return refused("the file here differs from the host's part=" + part + " at=" + at);
        return took(Unpooled.wrappedBuffer(piece), toTcp);
    }

    private boolean fromPast(ByteBuf note, Consumer<ByteBuf> toTcp) {
        long from = note.readLong();
        int count = note.readInt();
        if (count <= 0 || count > NAMED_BYTES_MAX || !past.has(from, count))
            return refused("bytes outside the past from=" + from + " count=" + count + " end=" + past.end());
        var copy = new byte[count];
        for (int done = 0; done < count; ) {
            ByteBuffer piece = past.piece(from + done, count - done);
            int length = piece.remaining();
            piece.get(copy, done, length);
            done += length;
        }
        return took(Unpooled.wrappedBuffer(copy), toTcp);
    }

    /** Named bytes are data; nobody names a command. */
    private boolean took(ByteBuf bytes, Consumer<ByteBuf> toTcp) {
        try {
            if (talk.requests().unseenBytes() < bytes.readableBytes()) return refused("named bytes that are no data");
            return in(bytes, toTcp);
        } finally {
            bytes.release();
        }
    }

    private boolean refused(String why) {
        if (fault.isEmpty()) fault = Optional.of(why);
        return false;
    }
}
