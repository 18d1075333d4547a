package mesh.daemon.blob;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.BitSet;
import java.util.Optional;
import mesh.core.wire.StreamType;
import mesh.daemon.quic.Peer;
import mesh.daemon.quic.WaitingStream;

/**
 * The asking end of one blob stream: a question, its answer, the next question. A question is a byte that says what is
 * asked, the model's name behind its length, and where it needs them a file's and a chunk's number; an answer is no,
 * later, or yes with bytes behind their length. One thread.
 */
final class Talk implements AutoCloseable {
    static final int ASK = 1;
    static final int HAVE = 2;
    static final int PIECE = 3;

    static final int NO = 0;
    static final int YES = 1;
    static final int LATER = 2;

    private static final Duration SILENCE = Duration.ofSeconds(20);

    /** The hashes of the largest model there can be. */
    private static final int MANIFEST_BYTES_MAX = 32 << 20;

    private static final int HAVE_BYTES_MAX = 32 << 10;

    private final WaitingStream stream;
    private final String model;

    /** What was answered. */
    sealed interface Answer {
        record No() implements Answer {}

        record Later() implements Answer {}

        @SuppressWarnings("ArrayRecordComponent") // Read once, and never compared.
        record Yes(byte[] bytes) implements Answer {}
    }

    private Talk(WaitingStream stream, String model) {
        this.stream = stream;
        this.model = model;
    }

    static Talk with(Peer peer, String model) throws IOException, InterruptedException {
        return new Talk(WaitingStream.open(peer, StreamType.BLOB, SILENCE), model);
    }

    /** What the peer has of the model; empty when it does not share it. */
    Optional<Manifest> manifest() throws IOException, InterruptedException, NotYet {
        return switch (answer(question(ASK, -1, -1), MANIFEST_BYTES_MAX)) {
            case Answer.No() -> Optional.empty();
            case Answer.Later() -> throw new NotYet();
            case Answer.Yes(byte[] bytes) ->
                Optional.of(Manifest.decode(new DataInputStream(new ByteArrayInputStream(bytes))));
        };
    }

    /** It has the model, and must read it once before it can say what it is made of. */
    static final class NotYet extends Exception {
        private static final long serialVersionUID = 1;
    }

    /** Which chunks of a file the peer has; empty when it has all. */
    Optional<BitSet> chunks(int file) throws IOException, InterruptedException {
        return switch (answer(question(HAVE, file, -1), HAVE_BYTES_MAX)) {
            case Answer.Yes(byte[] bytes) -> bytes.length == 0 ? Optional.empty() : Optional.of(BitSet.valueOf(bytes));
            case Answer.No() -> Optional.of(new BitSet());
            case Answer.Later() -> Optional.of(new BitSet());
        };
    }

    /** One chunk; empty when the peer has not got it, or no more. */
    Optional<byte[]> piece(int file, int chunk) throws IOException, InterruptedException {
        return switch (answer(question(PIECE, file, chunk), Manifest.CHUNK_BYTES)) {
            case Answer.Yes(byte[] bytes) -> Optional.of(bytes);
            case Answer.No() -> Optional.empty();
            case Answer.Later() -> Optional.empty();
        };
    }

    private byte[] question(int kind, int file, int chunk) throws IOException {
        var bytes = new ByteArrayOutputStream();
        var out = new DataOutputStream(bytes);
        byte[] name = model.getBytes(StandardCharsets.UTF_8);
        out.writeByte(kind);
        out.writeShort(name.length);
        out.write(name);
        if (file >= 0) out.writeShort(file);
        if (chunk >= 0) out.writeInt(chunk);
        return bytes.toByteArray();
    }

    private Answer answer(byte[] question, int bytesMax) throws IOException, InterruptedException {
        stream.write(question, 0, question.length);
        var head = new byte[1];
        stream.read(head);
        if (head[0] == NO) return new Answer.No();
        if (head[0] == LATER) return new Answer.Later();
        if (head[0] != YES) throw new IOException("answer code=" + head[0]);
        var length = new byte[Integer.BYTES];
        stream.read(length);
        int count = ByteBuffer.wrap(length).getInt();
        if (count < 0 || count > bytesMax) throw new IOException("answer bytes=" + count + " max=" + bytesMax);
        var bytes = new byte[count];
        stream.read(bytes);
        return new Answer.Yes(bytes);
    }

    /** Ends in order, so that both sides get the stream's credit back. */
    @Override
    public void close() {
        stream.end();
        stream.finish();
    }
}
