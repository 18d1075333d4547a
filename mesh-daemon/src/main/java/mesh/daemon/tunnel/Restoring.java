package mesh.daemon.tunnel;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;
import mesh.core.Sha256;
import mesh.core.rpc.Conversation;

/**
 * What the worker's end of an RPC connection makes of what the host's end said: its program's requests, remembered as the
 * host remembers them. Named bytes are held to the protocol as those are that came as they are, and what stands in the
 * worker's file, or was brought by another worker, is checked before it is used. Owned by the loop of the connection.
 */
final class Restoring {
    private final Conversation talk;
    private final Optional<KnownFile> file;
    private final Handing handing;
    private final Past past = new Past();
    private final Heads heads = new Heads();
    private final MessageDigest sha256 = Sha256.fresh();
    private Optional<String> fault = Optional.empty();
    private boolean isKept;
    private Consumer<ByteBuf> waitingTcp = ByteBuf::release;

    Restoring(Conversation talk, Optional<KnownFile> file, Handing handing) {
        this.talk = talk;
        this.file = file;
        this.handing = handing;
    }

    /** What the host must know before it names anything. */
    Optional<ByteBuf> greeting() {
        return file.map(
                known -> Carrier.note(ShortNote.HAVE, KnownFile.DIGEST_BYTES).writeBytes(known.digest()));
    }

    /** Why a note was refused. */
    Optional<String> fault() {
        return fault;
    }

    void release() {
        past.release();
    }

    /** Passes bytes on as they came, which stay the caller's; false when they must not pass. */
    boolean raw(ByteBuf bytes, Consumer<ByteBuf> toTcp) {
        boolean passes = fault.isEmpty() && seen(bytes);
        if (passes) toTcp.accept(bytes.retain());
        return passes;
    }

    private boolean seen(ByteBuf bytes) {
        Conversation.Direction way = talk.requests();
        ByteBuffer left = bytes.nioBuffer();
        while (left.hasRemaining()) {
            if (way.unseenBytes() == 0) {
                if (!way.see(left)) return false;
                if (way.isInHead()) break;
                heads.place(way.head());
                isKept = Past.isWorthIt(way.unseenBytes());
                continue;
            }
            int here = (int) Math.min(way.unseenBytes(), left.remaining());
            if (isKept) past.add(left.slice(left.position(), here));
            way.passed(here);
            left.position(left.position() + here);
        }
        return true;
    }

    /** Passes on what a note stands for; false when it is wrong. */
    boolean note(int kind, ByteBuf note, Consumer<ByteBuf> toTcp) {
        if (fault.isPresent()) return false;
        return switch (kind) {
            case ShortNote.FROM_FILE -> fromFile(ShortNote.FromFile.read(note), toTcp);
            case ShortNote.FROM_PAST -> fromPast(ShortNote.FromPast.read(note), toTcp);
            case ShortNote.HEAD -> head(ShortNote.Head.read(note), toTcp);
            case ShortNote.RUN -> run(ShortNote.Run.read(note), toTcp);
            case HandNote.BROUGHT -> brought(HandNote.Brought.read(note), toTcp);
            default -> handing.heard(kind, note) || refused("note of kind " + Integer.toHexString(kind));
        };
    }

    /** Parsed as it was the first time; what it does may be wrong this time. */
    private boolean head(ShortNote.Head named, Consumer<ByteBuf> toTcp) {
        Optional<ByteBuffer> head = heads.at(named.place());
        if (head.isEmpty() || !talk.requests().isBetweenFrames())
            return refused("head that cannot be place=" + named.place());
        return raw(Unpooled.wrappedBuffer(head.get()), toTcp);
    }

    private boolean fromFile(ShortNote.FromFile named, Consumer<ByteBuf> toTcp) {
        if (file.isEmpty()
                || !ShortNote.isCount(named.count())
                || !file.get().has(named.part(), named.at(), named.count()))
            return refused(
                    "bytes outside the file part=" + named.part() + " at=" + named.at() + " count=" + named.count());
        ByteBuffer piece = file.get().piece(named.part(), named.at(), named.count());
        if (!Arrays.equals(named.check(), ShortNote.check(sha256, piece.duplicate())))
            return refused("the file here differs from the host's part=" + named.part() + " at=" + named.at());
        return took(Unpooled.wrappedBuffer(piece), toTcp);
    }

    private boolean fromPast(ShortNote.FromPast named, Consumer<ByteBuf> toTcp) {
        long from = named.at();
        int count = named.count();
        if (!ShortNote.isCount(count) || !past.has(from, count))
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

    private boolean run(ShortNote.Run named, Consumer<ByteBuf> toTcp) {
        if (!ShortNote.isCount(named.count())) return refused("run of bytes=" + named.count());
        return took(Unpooled.wrappedBuffer(named.bytes()), toTcp);
    }

    private boolean brought(HandNote.Brought named, Consumer<ByteBuf> toTcp) {
        if (talk.requests().unseenBytes() < named.count() || !handing.await(named))
            return refused("brought bytes that cannot be pair=" + named.pair() + " number=" + named.number());
        waitingTcp = toTcp;
        boolean passes = goOn();
        if (handing.isWaiting()) handing.watch();
        return passes;
    }

    /** Passes on what was waited for, if it is there; false when it must not pass. */
    boolean goOn() {
        return handing.take().map(piece -> took(piece, waitingTcp)).orElse(true);
    }

    /** Named bytes are data; nobody names a command. */
    private boolean took(ByteBuf bytes, Consumer<ByteBuf> toTcp) {
        try {
            if (talk.requests().unseenBytes() < bytes.readableBytes()) return refused("named bytes that are no data");
            return raw(bytes, toTcp);
        } finally {
            bytes.release();
        }
    }

    private boolean refused(String why) {
        if (fault.isEmpty()) fault = Optional.of(why);
        return false;
    }
}
