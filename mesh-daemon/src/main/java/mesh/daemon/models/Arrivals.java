package mesh.daemon.models;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import mesh.daemon.fetch.Progress;

/**
 * Models that somebody at the console fetches without serving them, each on a virtual thread of its own. Any thread; the
 * lock guards the list. A failed one stays for a minute, so that whoever looks away for a moment learns of it.
 */
public final class Arrivals {
    /** Beyond it they would only take the line from each other. */
    private static final int RUNNING_MAX = 8;

    private static final long FAILED_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final ModelStore store;
    private final Downloads downloads;
    private final Map<String, Arrival> arrivals = new LinkedHashMap<>();

    public Arrivals(ModelStore store, Downloads downloads) {
        this.store = store;
        this.downloads = downloads;
    }

    /** What came of asking for one. */
    public sealed interface Begun {
        record Begins(String model) implements Begun {}

        /** {@code isUnknown}: there is nothing of that name. */
        record Refused(String code, String message, boolean isUnknown) implements Begun {}
    }

    /**
     * One at this moment.
     *
     * @param totalBytes 0 = nobody knows
     * @param reason empty while it runs
     */
    public record Sight(
            String model,
            Progress.Phase phase,
            long doneBytes,
            long totalBytes,
            long sinceMillis,
            String reason,
            String message) {
        public String phaseWord() {
            return phase.name().toLowerCase(Locale.ROOT);
        }
    }

    private static final class Arrival {
        final Downloads.Download download;
        Sight sight;
        long failedNanos;

        Arrival(Downloads.Download download, Sight sight) {
            this.download = download;
            this.sight = sight;
        }
    }

    public Begun begin(String said) {
        return switch (store.find(said)) {
            case Resolved.Found(ModelFile file) ->
                new Begun.Refused("already_here", file.ref() + " is on this machine already", false);
            case Resolved.Fetchable(ModelSource source) -> begin(source);
            case Resolved.NotFound(var reason, var message, var near, var advice) ->
                new Begun.Refused(reason.code(), message + " " + advice, true);
            case Resolved.Refused(String code, String message) -> new Begun.Refused(code, message, false);
        };
    }

    private synchronized Begun begin(ModelSource source) {
        String model = source.ref().name();
        forgetFailed();
        Arrival known = arrivals.get(model);
        if (known != null && known.sight.reason().isEmpty())
            return new Begun.Refused("already_fetched", model + " is on its way already", false);
        if (arrivals.size() >= RUNNING_MAX)
            return new Begun.Refused("too_many", arrivals.size() + " models are on their way; wait for one", false);
        Downloads.Download download = downloads.of(source, (phase, done, total) -> at(model, phase, done, total));
        arrivals.put(
                model,
                new Arrival(
                        download,
                        new Sight(
                                model,
                                Progress.Phase.FETCHING,
                                0,
                                source.bytes().orElse(0),
                                System.currentTimeMillis(),
                                "",
                                "")));
        Thread.ofVirtual().name("arrival-" + model).start(() -> over(model, download, download.run()));
        return new Begun.Begins(model);
    }

    /** False when none of that name is on its way. What has come is kept. */
    public boolean pause(String model) {
        Downloads.Download download;
        synchronized (this) {
            Arrival arrival = arrivals.remove(model);
            if (arrival == null) return false;
            download = arrival.download;
        }
        download.stop();
        return true;
    }

    public synchronized List<Sight> list() {
        forgetFailed();
        var list = new ArrayList<Sight>();
        for (Arrival arrival : arrivals.values()) list.add(arrival.sight);
        return list;
    }

    /** The daemon ends. */
    public void close() {
        for (Sight each : list()) pause(each.model());
    }

    private synchronized void at(String model, Progress.Phase phase, long done, long total) {
        Arrival arrival = arrivals.get(model);
        if (arrival == null) return;
        long known = total > 0 ? total : arrival.sight.totalBytes();
        arrival.sight = new Sight(model, phase, done, known, arrival.sight.sinceMillis(), "", "");
    }

    /** What was paused, and perhaps begun anew since, is not this one's to end. */
    private synchronized void over(String model, Downloads.Download download, Downloads.Brought brought) {
        Arrival arrival = arrivals.get(model);
        if (arrival == null || arrival.download != download) return;
        switch (brought) {
            case Downloads.Brought.Here here -> arrivals.remove(model);
            case Downloads.Brought.Refused(String code, String message, boolean passes) -> {
                Sight last = arrival.sight;
                arrival.sight = new Sight(
                        model, last.phase(), last.doneBytes(), last.totalBytes(), last.sinceMillis(), code, message);
                arrival.failedNanos = System.nanoTime();
            }
        }
    }

    private void forgetFailed() {
        long now = System.nanoTime();
        arrivals.values().removeIf(each -> !each.sight.reason().isEmpty() && now - each.failedNanos > FAILED_NANOS);
    }
}
