package mesh.daemon.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A child's output: every byte goes to a file bounded by one rotation, the newest lines stay in memory for the verdict.
 * Runs on the child's reader thread; {@link #newest} may be called from any, which is what the lock is for. A disk that
 * refuses costs lines in the file and nothing else: a reader that stops would stall the child.
 */
final class Output {
    /** Two files of this size hold days of a server that logs a few lines per request. */
    private static final long FILE_BYTES_MAX = 4L << 20;

    /** The reason stands in the last dozen lines, or before a backtrace of some tens. */
    private static final int LINES_MAX = 200;

    private static final int LINE_BYTES_MAX = 4096;

    /** About fifteen such lines per start name folders that the build would have liked to exist. */
    private static final String NOISE = "failed to enumerate";

    private final Path file;
    private final ArrayDeque<String> lines = new ArrayDeque<>();
    private @Nullable OutputStream out;
    private long fileBytes;
    private long bytesDropped;

    Output(Path file) {
        this.file = file;
    }

    /** Copies until the child closes its output. */
    void drain(InputStream in, String head) {
        open();
        write((head + "\n").getBytes(StandardCharsets.UTF_8), 0, head.length() + 1);
        var line = new byte[LINE_BYTES_MAX];
        var chunk = new byte[8192];
        int held = 0;
        try {
            for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                write(chunk, 0, count);
                for (int i = 0; i < count; i++) {
                    if (chunk[i] != '\n') line[held++] = chunk[i];
                    if (chunk[i] != '\n' && held < LINE_BYTES_MAX) continue;
                    keep(new String(line, 0, held, StandardCharsets.UTF_8));
                    held = 0;
                }
            }
        } catch (IOException closed) {
            // The process is gone and took its pipe along; what came before stands.
        }
        if (held > 0) keep(new String(line, 0, held, StandardCharsets.UTF_8));
        close();
    }

    List<String> newest() {
        synchronized (lines) {
            return new ArrayList<>(lines);
        }
    }

    long bytesDropped() {
        return bytesDropped;
    }

    private void keep(String line) {
        if (line.isBlank() || line.contains(NOISE)) return;
        synchronized (lines) {
            if (lines.size() == LINES_MAX) lines.removeFirst();
            lines.addLast(line);
        }
    }

    private void write(byte[] bytes, int from, int count) {
        OutputStream stream = out;
        if (stream == null) {
            bytesDropped += count;
            return;
        }
        try {
            stream.write(bytes, from, count);
            fileBytes += count;
        } catch (IOException full) {
            bytesDropped += count;
        }
        if (fileBytes > FILE_BYTES_MAX) rotate();
    }

    private void rotate() {
        close();
        try {
            Files.move(file, file.resolveSibling(file.getFileName() + ".1"), StandardCopyOption.REPLACE_EXISTING);
            open();
        } catch (IOException kept) {
            // The file grows past its bound; the next try comes after as many bytes again.
            open();
            fileBytes = 0;
        }
    }

    private void open() {
        try {
            out = Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            fileBytes = Files.size(file);
        } catch (IOException refused) {
            out = null;
            fileBytes = 0;
        }
    }

    private void close() {
        OutputStream stream = out;
        out = null;
        if (stream == null) return;
        try {
            stream.close();
        } catch (IOException full) {
            // Nothing is buffered here, so nothing is lost.
        }
    }
}
