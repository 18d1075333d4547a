package mesh.daemon.blob;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import mesh.daemon.fetch.Pace;
import mesh.daemon.log.Log;
import mesh.daemon.models.ModelFile;
import mesh.daemon.quic.Peer;
import mesh.daemon.quic.WaitingStream;
import org.jspecify.annotations.Nullable;

/**
 * The answering end of one blob stream. Everything a peer says is bounded before it is used; what is not shared is
 * answered as if it were not there. One virtual thread.
 */
final class Answers {
    private static final Log log = Log.of(Answers.class);

    private static final int NAME_BYTES_MAX = 255;

    /** What is written at once, so that the pace is even. */
    private static final int SLICE_BYTES = 64 << 10;

    private final Copies copies;
    private final Peer peer;
    private final WaitingStream stream;
    private final Pace pace;
    private String model = "";
    private @Nullable Holding holding;
    private long servedBytes;

    Answers(Copies copies, Peer peer, WaitingStream stream, Pace pace) {
        this.copies = copies;
        this.peer = peer;
        this.stream = stream;
        this.pace = pace;
    }

    /** Until the peer asks no more. */
    void run() {
        try {
            var kind = new byte[1];
            while (stream.read(kind, 0, 1) == 1) answer(kind[0]);
            stream.end();
            stream.finish();
        } catch (IOException broken) {
            log.debug("copy.broken", "peer", peer.id(), "cause", broken);
            stream.close();
        } catch (InterruptedException ending) {
            stream.close();
        } finally {
            letGo();
            if (servedBytes > 0) log.info("copy.served", "peer", peer.id(), "model", model, "bytes", servedBytes);
        }
    }

    private void answer(int kind) throws IOException, InterruptedException {
        int nameBytes = number(Short.BYTES);
        if (nameBytes > NAME_BYTES_MAX) throw new IOException("question name bytes=" + nameBytes);
        var name = new byte[nameBytes];
        stream.read(name);
        asksFor(new String(name, StandardCharsets.UTF_8));
        switch (kind) {
            case Talk.ASK -> manifest();
            case Talk.HAVE -> have(number(Short.BYTES));
            case Talk.PIECE -> piece(number(Short.BYTES), number(Integer.BYTES));
            default -> throw new IOException("question kind=" + kind);
        }
    }

    private void asksFor(String wanted) throws IOException {
        if (wanted.equals(model) && holding != null) return;
        letGo();
        model = wanted;
        holding = copies.underWay(wanted).orElse(null);
    }

    private void letGo() {
        Holding old = holding;
        holding = null;
        try {
            if (old instanceof Holding.Whole whole) whole.close();
        } catch (IOException readOnlyAndDone) {
            log.debug("copy.broken", "peer", peer.id(), "cause", readOnlyAndDone);
        }
    }

    private void manifest() throws IOException, InterruptedException {
        Holding now = holding;
        if (now != null) {
            yes(now.manifest().encode());
            return;
        }
        ModelFile file = copies.shared(model).orElse(null);
        if (file == null) {
            code(Talk.NO);
            return;
        }
        Manifest made = copies.trees().of(file).orElse(null);
        if (made == null) {
            code(Talk.LATER);
            return;
        }
        holding = new Holding.Whole(file, made);
        yes(made.encode());
    }

    private void have(int file) throws IOException, InterruptedException {
        Holding now = opened();
        if (now == null || file >= now.manifest().files().size()) {
            code(Talk.NO);
            return;
        }
        if (now instanceof Holding.Whole) {
            yes(new byte[0]);
            return;
        }
        int count = now.manifest().files().get(file).chunkCount();
        var chunks = new BitSet(count + 1);
        for (int i = 0; i < count; i++) chunks.set(i, now.has(file, i));
        // A set without members would be no bytes, which means all.
        chunks.set(count);
        yes(chunks.toByteArray());
    }

    private void piece(int file, int chunk) throws IOException, InterruptedException {
        Holding now = opened();
        if (now == null
                || file >= now.manifest().files().size()
                || chunk < 0
                || chunk >= now.manifest().files().get(file).chunkCount()
                || !now.has(file, chunk)) {
            code(Talk.NO);
            return;
        }
        yes(now.read(file, chunk));
        servedBytes += now.manifest().files().get(file).bytesOf(chunk);
    }

    /** A stream may begin with any question. */
    private @Nullable Holding opened() throws IOException {
        if (holding != null) return holding;
        ModelFile file = copies.shared(model).orElse(null);
        if (file == null) return null;
        Manifest made = copies.trees().of(file).orElse(null);
        if (made != null) holding = new Holding.Whole(file, made);
        return holding;
    }

    private int number(int bytes) throws IOException, InterruptedException {
        var read = new byte[bytes];
        stream.read(read);
        return bytes == Short.BYTES
                ? Short.toUnsignedInt(ByteBuffer.wrap(read).getShort())
                : ByteBuffer.wrap(read).getInt();
    }

    private void code(int code) throws IOException, InterruptedException {
        stream.write(new byte[] {(byte) code}, 0, 1);
    }

    private void yes(byte[] bytes) throws IOException, InterruptedException {
        byte[] head = ByteBuffer.allocate(1 + Integer.BYTES)
                .put((byte) Talk.YES)
                .putInt(bytes.length)
                .array();
        stream.write(head, 0, head.length);
        for (int at = 0; at < bytes.length; at += SLICE_BYTES) {
            int slice = Math.min(SLICE_BYTES, bytes.length - at);
            pace.moved(slice);
            stream.write(bytes, at, slice);
        }
    }
}
