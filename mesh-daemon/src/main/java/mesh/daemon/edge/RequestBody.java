package mesh.daemon.edge;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.DefaultFileRegion;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * A request's body held until it is known where it goes: large pieces by reference, small ones gathered, and beyond a
 * bound in a file of its own. Lives on the exchange's event loop, except {@link #append}, which blocks and is called from
 * a virtual thread with pieces taken out before.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write that fails closes the channel, and that is heard.
final class RequestBody {
    /** A smaller piece is copied: a body sent byte by byte would otherwise hold a buffer per byte. */
    private static final int BY_REFERENCE_BYTES_MIN = 8_192;

    private static final int GATHER_BYTES = 65_536;

    /** What of a file is on its way to a peer at a time. */
    private static final int SEND_STEP_BYTES = 128 << 10;

    private static final int SEND_STEPS = 4;

    private final ByteBufAllocator allocator;
    private List<ByteBuf> pieces = new ArrayList<>();
    private @Nullable ByteBuf gathering;
    private long bytes;
    private long memoryBytes;
    private @Nullable Path file;

    RequestBody(ByteBufAllocator allocator) {
        this.allocator = allocator;
    }

    /** Takes over the buffer. */
    void add(ByteBuf piece) {
        bytes += piece.readableBytes();
        memoryBytes += piece.readableBytes();
        if (piece.readableBytes() >= BY_REFERENCE_BYTES_MIN) {
            gathering = null;
            pieces.add(piece);
            return;
        }
        ByteBuf into = gathering;
        if (into == null || into.maxWritableBytes() < piece.readableBytes()) {
            into = allocator.ioBuffer(Math.max(256, piece.readableBytes()), GATHER_BYTES);
            pieces.add(into);
            gathering = into;
        }
        into.writeBytes(piece);
        piece.release();
    }

    long bytes() {
        return bytes;
    }

    long memoryBytes() {
        return memoryBytes;
    }

    boolean isSpilled() {
        return file != null;
    }

    /** Hands the pieces in memory over; the caller appends them to the file and releases them. */
    List<ByteBuf> takePieces() {
        List<ByteBuf> taken = pieces;
        pieces = new ArrayList<>();
        gathering = null;
        memoryBytes = 0;
        return taken;
    }

    /** The file this body goes to; it exists once something was appended. */
    Path spillFile(Path folder, String name) {
        Path chosen = file != null ? file : folder.resolve(name + ".body");
        file = chosen;
        return chosen;
    }

    /** Blocks. Releases the pieces whatever happens. */
    static void append(Path file, List<ByteBuf> pieces) throws IOException {
        try (var channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            for (ByteBuf piece : pieces) while (piece.isReadable()) piece.readBytes(channel, piece.readableBytes());
        } finally {
            pieces.forEach(ByteBuf::release);
        }
    }

    /** Writes the whole body without consuming it. */
    void writeTo(Channel channel) {
        if (file != null) channel.write(new DefaultFileRegion(new File(file.toString()), 0, bytes - memoryBytes));
        for (ByteBuf piece : pieces) channel.write(new DefaultHttpContent(piece.retainedDuplicate()));
    }

    /**
     * The same over a stream to a peer, from any thread; ends with the last part of the request. What lies in a file is
     * read on a virtual thread, a few steps ahead of what the stream has taken.
     */
    void sendTo(Channel stream) {
        Path spilled = file;
        var rest = new ArrayList<ByteBuf>();
        for (ByteBuf piece : pieces) rest.add(piece.retainedDuplicate());
        long fileBytes = bytes - memoryBytes;
        if (spilled == null) {
            sendPieces(stream, rest);
            return;
        }
        Thread.ofVirtual().name("unspill-send").start(() -> {
            try {
                sendFile(stream, spilled, fileBytes);
                sendPieces(stream, rest);
            } catch (IOException | InterruptedException gone) {
                rest.forEach(ByteBuf::release);
                stream.close();
            }
        });
    }

    private static void sendPieces(Channel stream, List<ByteBuf> pieces) {
        for (ByteBuf piece : pieces) stream.write(new DefaultHttpContent(piece));
        stream.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
    }

    private static void sendFile(Channel stream, Path file, long fileBytes) throws IOException, InterruptedException {
        var steps = new Semaphore(SEND_STEPS);
        try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
            for (long at = 0; at < fileBytes; ) {
                steps.acquire();
                if (!stream.isActive()) throw new IOException("stream gone");
                ByteBuf step = stream.alloc().directBuffer(SEND_STEP_BYTES);
                int count = step.writeBytes(channel, at, (int) Math.min(SEND_STEP_BYTES, fileBytes - at));
                if (count <= 0) {
                    step.release();
                    throw new IOException("spilled body cut short");
                }
                at += count;
                stream.writeAndFlush(new DefaultHttpContent(step)).addListener(written -> steps.release());
            }
        }
    }

    /** The part in memory as one array: all of it, for handlers that bound it far below the spill. */
    byte[] toBytes() {
        var all = new byte[(int) memoryBytes];
        int at = 0;
        for (ByteBuf piece : pieces) {
            piece.getBytes(piece.readerIndex(), all, at, piece.readableBytes());
            at += piece.readableBytes();
        }
        return all;
    }

    /** The whole body for a thread that may block: the part in memory is copied now, the file is read there. */
    Whole whole() {
        byte[] rest = toBytes();
        Path spilled = file;
        return spilled == null
                ? () -> rest
                : () -> {
                    byte[] first = Files.readAllBytes(spilled);
                    byte[] all = Arrays.copyOf(first, first.length + rest.length);
                    System.arraycopy(rest, 0, all, first.length, rest.length);
                    return all;
                };
    }

    void release() {
        takePieces().forEach(ByteBuf::release);
        Path spilled = file;
        if (spilled != null) Thread.ofVirtual().name("unspill").start(() -> delete(spilled));
    }

    /** See {@link #whole}. */
    interface Whole {
        byte[] read() throws IOException;
    }

    private static void delete(Path spilled) {
        try {
            Files.deleteIfExists(spilled);
        } catch (IOException leftBehind) {
            // The folder is emptied at the next start.
        }
    }
}
