package mesh.daemon.fetch;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.Optional;
import mesh.core.model.Bytes;

/**
 * A file at a server, read by ranges without fetching it: enough for a look at its beginning. Gives up on servers without
 * ranges and on files that change meanwhile. One thread at a time, which it blocks.
 */
public final class RemoteBytes implements Bytes, AutoCloseable {
    /** A header is read in one piece or a few. */
    private static final int WINDOW_BYTES = 1 << 20;

    /** Enough to learn the size, and for small headers. */
    private static final int FIRST_BYTES = 64 << 10;

    /** Vocabularies of the largest models take a fifth of it. */
    private static final long READ_BYTES_MAX = 64 << 20;

    private final Network.Line line;
    private final Source source;
    private Optional<PartFile.Version> version = Optional.empty();
    private byte[] window = new byte[0];
    private long windowAt;
    private long readBytes;

    private RemoteBytes(URI uri, Network network) {
        this.line = network.line();
        this.source = new Source(uri, network, line);
    }

    /** Asks the server once; a file that cannot be had is refused in the words of a fetch. */
    public static RemoteBytes open(URI uri, Network network) throws IOException, InterruptedException, FetchRefused {
        var remote = new RemoteBytes(uri, network);
        try {
            remote.move(0, FIRST_BYTES);
            return remote;
        } catch (IOException | InterruptedException | FetchRefused failed) {
            remote.close();
            throw failed;
        }
    }

    @Override
    public long size() {
        return version.map(PartFile.Version::total).orElse(0L);
    }

    @Override
    public ByteBuffer read(long offset, int length) throws IOException {
        int wanted = (int) Math.max(0, Math.min(length, size() - offset));
        if (offset < windowAt || offset + wanted > windowAt + window.length) {
            try {
                move(offset, Math.max(wanted, WINDOW_BYTES));
            } catch (FetchRefused refused) {
                throw new IOException(refused.message(), refused);
            } catch (InterruptedException ending) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", ending);
            }
        }
        return ByteBuffer.wrap(window, (int) (offset - windowAt), wanted).slice();
    }

    private void move(long offset, int length) throws IOException, InterruptedException, FetchRefused {
        readBytes += length;
        if (readBytes > READ_BYTES_MAX) throw new IOException("no end of its header");
        try (InputStream body = body(offset, offset + length)) {
            window = body.readNBytes(length);
            windowAt = offset;
        }
        if (window.length < Math.min(length, size() - offset)) throw new IOException("the server sent less than asked");
    }

    private InputStream body(long from, long to) throws IOException, InterruptedException, FetchRefused {
        try {
            switch (source.piece(from, to, version)) {
                case Source.Answer.Piece(var seen, var sha256, InputStream body) -> {
                    if (seen.total() < 0) {
                        body.close();
                        throw new IOException("the server does not say how large it is");
                    }
                    version = Optional.of(seen);
                    return body;
                }
                case Source.Answer.Whole(var seen, var sha256, InputStream body) -> {
                    body.close();
                    throw new IOException("the server knows no ranges");
                }
            }
        } catch (Source.Later | Source.Changed busy) {
            throw new IOException(busy.getMessage(), busy);
        }
    }

    @Override
    public void close() {
        line.close();
    }
}
