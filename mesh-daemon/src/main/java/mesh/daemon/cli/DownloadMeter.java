package mesh.daemon.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import mesh.core.model.Fit;
import mesh.daemon.fetch.Progress;

/**
 * Shows how a download gets on: a line that redraws itself on a terminal, a line at each tenth elsewhere, one JSON object
 * a second for scripts. Called from several threads; the lock keeps their lines whole.
 */
final class DownloadMeter implements Progress, AutoCloseable {
    private static final long REDRAWN_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long TOLD_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int BAR_CELLS = 30;

    private final String model;
    private final PrintWriter out;
    private final boolean isJson;
    private final boolean isTerminal;
    private final long startedNanos = System.nanoTime();
    private long startedBytes = -1;
    private long toldNanos;
    private long toldTenth = -1;
    private Phase toldPhase = Phase.FETCHING;
    private boolean isLineOpen;

    DownloadMeter(String model, PrintWriter out, boolean isJson) {
        this.model = model;
        this.out = out;
        this.isJson = isJson;
        this.isTerminal = Terminal.isWatched();
    }

    @Override
    public synchronized void at(Phase phase, long done, long total) {
        if (startedBytes < 0) startedBytes = done;
        long now = System.nanoTime();
        boolean isEnd = total > 0 && done == total;
        if (isJson) {
            if (now - toldNanos < TOLD_NANOS && !isEnd) return;
            toldNanos = now;
            out.println(new JsonMapper()
                    .createObjectNode()
                    .put("event", "download.progress")
                    .put("model", model)
                    .put("phase", phase.name().toLowerCase(Locale.ROOT))
                    .put("doneBytes", done)
                    .put("totalBytes", total));
        } else if (isTerminal) {
            if (now - toldNanos < REDRAWN_NANOS && !isEnd) return;
            toldNanos = now;
            out.print("\r" + line(phase, done, total, now) + "\u001b[K");
            out.flush();
            isLineOpen = true;
        } else {
            long tenth = total > 0 ? done * 10 / total : done / 1_000_000_000;
            if (phase == toldPhase && tenth == toldTenth) return;
            toldPhase = phase;
            toldTenth = tenth;
            out.println(line(phase, done, total, now));
        }
    }

    private String line(Phase phase, long done, long total, long now) {
        String what = model + (phase == Phase.CHECKING ? ": checking " : ": ");
        if (total <= 0) return what + Fit.gigabytes(done);
        int cells = (int) (done * BAR_CELLS / total);
        String bar = isTerminal ? "[" + "#".repeat(cells) + ".".repeat(BAR_CELLS - cells) + "] " : "";
        String share = what + bar + done * 100 / total + " % of " + Fit.gigabytes(total);
        double seconds = (now - startedNanos) / 1e9;
        double speed = (done - startedBytes) / Math.max(0.001, seconds);
        if (phase == Phase.CHECKING || seconds < 1 || speed < 1) return share;
        return share + ", %.1f MB/s, %s left".formatted(speed / 1e6, time((long) ((total - done) / speed)));
    }

    private static String time(long seconds) {
        if (seconds < 60) return seconds + " s";
        return seconds < 3_600 ? seconds / 60 + " min" : seconds / 3_600 + " h " + seconds / 60 % 60 + " min";
    }

    /** Ends the line that redraws itself. */
    @Override
    public synchronized void close() {
        if (isLineOpen) out.println();
        isLineOpen = false;
    }
}
