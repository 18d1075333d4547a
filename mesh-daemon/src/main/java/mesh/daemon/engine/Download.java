package mesh.daemon.engine;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Fetches one file over HTTP. What arrived before a line was cut stays, and the next try, even that of a later run,
 * asks for the rest only. Whether the bytes are the right ones is for the caller's hash to say. Blocks.
 */
final class Download {
    private static final int TRIES_MAX = 4;
    private static final int REDIRECTS_MAX = 5;
    private static final int CONNECT_MILLIS = 15_000;

    /** A mobile line may pause for long; a dead one says nothing for ever. */
    private static final int SILENCE_MILLIS = 30_000;

    /** Where no size is pinned: a build with every GPU backend has less than 2 GB. */
    private static final long BYTES_MAX = 4L << 30;

    private final URI uri;
    private final Path part;
    private final long bytesPinned;
    private final InstallProgress progress;

    /** {@code bytesPinned} is 0 where the size is not known beforehand. */
    Download(URI uri, Path part, long bytesPinned, InstallProgress progress) {
        this.uri = uri;
        this.part = part;
        this.bytesPinned = bytesPinned;
        this.progress = progress;
    }

    void run() throws InstallRefused {
        IOException last = new IOException("never tried");
        for (int i = 0; i < TRIES_MAX; i++) {
            try {
                fetchRest();
                return;
            } catch (IOException cut) {
                if (InstallRefused.isFull(String.valueOf(cut.getMessage()))) throw InstallRefused.of(cut);
                last = cut;
            }
        }
        throw new InstallRefused(
                InstallReason.DOWNLOAD_FAILED,
                "url=" + uri + " tries=" + TRIES_MAX + " last="
                        + last.getClass().getSimpleName() + ": " + last.getMessage());
    }

    private void fetchRest() throws IOException, InstallRefused {
        long have = Files.exists(part) ? Files.size(part) : 0;
        if (bytesPinned > 0 && have == bytesPinned) return;
        if (bytesPinned > 0 && have > bytesPinned) have = 0;
        HttpURLConnection answer = open(have);
        try {
            int status = answer.getResponseCode();
            if (status == HttpURLConnection.HTTP_PARTIAL && !startsAt(answer, have))
                throw restart("answered another range");
            // Without a pinned size the whole file may be there already; then nothing is left to send.
            if (status == 416 && have > 0) {
                if (wholeSize(answer) == have) return;
                throw restart("has no such range");
            }
            if (status == HttpURLConnection.HTTP_OK) have = 0;
            else if (status != HttpURLConnection.HTTP_PARTIAL)
                throw new InstallRefused(InstallReason.DOWNLOAD_FAILED, "url=" + uri + " status=" + status);
            copy(answer, have);
        } finally {
            answer.disconnect();
        }
    }

    private IOException restart(String why) throws IOException {
        Files.deleteIfExists(part);
        return new IOException("the server " + why);
    }

    private void copy(HttpURLConnection answer, long have) throws IOException, InstallRefused {
        long announced = answer.getContentLengthLong();
        long total = announced < 0 ? bytesPinned : have + announced;
        if (bytesPinned > 0 && total != bytesPinned)
            throw new InstallRefused(
                    InstallReason.WRONG_SIZE, "url=" + uri + " bytes=" + total + " expected=" + bytesPinned);
        long max = bytesPinned > 0 ? bytesPinned : BYTES_MAX;
        var chunk = new byte[64 << 10];
        try (InputStream in = answer.getInputStream();
                OutputStream out = Files.newOutputStream(
                        part,
                        StandardOpenOption.CREATE,
                        have > 0 ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
            for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                have += count;
                if (have > max)
                    throw new InstallRefused(
                            InstallReason.WRONG_SIZE, "url=" + uri + " sends more than " + max + " bytes");
                out.write(chunk, 0, count);
                progress.at(InstallProgress.Step.DOWNLOAD, have, total);
            }
        }
        if (total > 0 && have < total) throw new IOException("cut at " + have + " of " + total + " bytes");
    }

    /** Follows redirects by hand: the JDK does not follow from one scheme to another, and nobody should follow to a weaker one. */
    private HttpURLConnection open(long from) throws IOException, InstallRefused {
        URI at = uri;
        for (int i = 0; i <= REDIRECTS_MAX; i++) {
            if (!"https".equals(at.getScheme()) && !"http".equals(at.getScheme()))
                throw new InstallRefused(InstallReason.DOWNLOAD_FAILED, "not an http address url=" + at);
            var answer = (HttpURLConnection) at.toURL().openConnection();
            answer.setInstanceFollowRedirects(false);
            answer.setConnectTimeout(CONNECT_MILLIS);
            answer.setReadTimeout(SILENCE_MILLIS);
            if (from > 0) answer.setRequestProperty("Range", "bytes=" + from + "-");
            String next = answer.getResponseCode() / 100 == 3 ? answer.getHeaderField("Location") : null;
            if (next == null) return answer;
            answer.disconnect();
            URI target = at.resolve(next);
            if ("https".equals(at.getScheme()) && !"https".equals(target.getScheme()))
                throw new InstallRefused(InstallReason.DOWNLOAD_FAILED, "redirected from https to " + target);
            at = target;
        }
        throw new InstallRefused(InstallReason.DOWNLOAD_FAILED, "redirected in circles url=" + uri);
    }

    private static boolean startsAt(HttpURLConnection answer, long from) {
        String range = answer.getHeaderField("Content-Range");
        return range != null && range.startsWith("bytes " + from + "-");
    }

    /** The number behind the slash of {@code bytes *}{@code /1234}, or -1. */
    private static long wholeSize(HttpURLConnection answer) {
        String range = answer.getHeaderField("Content-Range");
        try {
            return range == null ? -1 : Long.parseLong(range.substring(range.lastIndexOf('/') + 1));
        } catch (NumberFormatException unknown) {
            return -1;
        }
    }
}
