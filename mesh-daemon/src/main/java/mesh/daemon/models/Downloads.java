package mesh.daemon.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import mesh.core.model.Fit;
import mesh.daemon.fetch.Fetch;
import mesh.daemon.fetch.FetchReason;
import mesh.daemon.fetch.FetchRefused;
import mesh.daemon.fetch.Fetched;
import mesh.daemon.fetch.Network;
import mesh.daemon.fetch.Order;
import mesh.daemon.fetch.Progress;
import mesh.daemon.log.Log;
import mesh.daemon.models.ModelSource.RemoteFile;
import org.jspecify.annotations.Nullable;

/**
 * Brings models into the models folder, all parts of a set, each checked, and opens them. Any thread, which it blocks
 * for as long as the line takes.
 */
public final class Downloads {
    private static final Log log = Log.of(Downloads.class);

    /** Often enough to see that it moves, rarely enough for a log that is read. */
    private static final long TOLD_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final ModelStore store;
    private final Network network;
    private final boolean isOffline;
    private final Neighbours neighbours;
    private final Optional<Gauge> gauge;

    /** What became of a download. */
    public sealed interface Brought {
        record Here(ModelFile file) implements Brought {}

        /** {@code code} is stable; {@code passes} says that trying again later may help by itself. */
        record Refused(String code, String message, boolean passes) implements Brought {}
    }

    /** Where a model that is to be fetched would have to fit. Asked at each download; any thread. */
    public interface Gauge {
        long usableBytes();

        /** Of all members together, this machine included. */
        long meshBytes();

        /** Whether more may come, so that what does not fit is worth fetching. */
        boolean mayGrow();
    }

    private Downloads(
            ModelStore store, Network network, boolean isOffline, Neighbours neighbours, Optional<Gauge> gauge) {
        this.store = store;
        this.network = network;
        this.isOffline = isOffline;
        this.neighbours = neighbours;
        this.gauge = gauge;
    }

    /** {@code isOffline} forbids the network, not the mesh. Whatever is asked for is fetched. */
    public Downloads(ModelStore store, Network network, boolean isOffline, Neighbours neighbours) {
        this(store, network, isOffline, neighbours, Optional.empty());
    }

    /** The same for what fits; a download that has begun goes on. */
    public Downloads within(Gauge room) {
        return new Downloads(store, network, isOffline, neighbours, Optional.of(room));
    }

    /** Whether a member of the mesh has a model of exactly that name. */
    public boolean neighboursKnow(String model) throws InterruptedException {
        return neighbours.know(model);
    }

    /** One download; made, run once, and perhaps stopped by somebody else. */
    public Download of(ModelSource source, Progress progress) {
        return new Download(source, progress);
    }

    /** A model on its way. */
    public final class Download {
        private final ModelSource source;
        private final Progress progress;
        private final AtomicReference<@Nullable Fetch> current = new AtomicReference<>();
        private volatile boolean isStopping;
        private volatile long toldNanos = System.nanoTime();

        private Download(ModelSource source, Progress progress) {
            this.source = source;
            this.progress = progress;
        }

        /** What has come is kept. */
        public void stop() {
            isStopping = true;
            Fetch running = current.get();
            if (running != null) running.stop();
        }

        public Brought run() {
            long startedNanos = System.nanoTime();
            log.info(
                    "download.started",
                    "model",
                    source.ref(),
                    "files",
                    source.files().size(),
                    "bytes",
                    source.bytes().orElse(0),
                    "source",
                    source.said());
            Brought brought = bring();
            switch (brought) {
                case Brought.Here(ModelFile file) ->
                    log.info(
                            "download.done",
                            "model",
                            source.ref(),
                            "bytes",
                            file.bytes(),
                            "seconds",
                            TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startedNanos));
                case Brought.Refused(String code, String message, boolean passes) ->
                    log.warn("download.refused", "model", source.ref(), "reason", code, "message", message);
            }
            return brought;
        }

        /** A neighbour is nearer than the hub, and costs nobody's data volume. */
        private Brought bring() {
            if (store.isHere(source))
                return opened(store.folder().resolve(source.files().getFirst().name()));
            Optional<Brought> refused = refused();
            if (refused.isPresent()) return refused.get();
            Progress shown = this::at;
            return switch (neighbours.copy(source, shown, () -> isStopping)) {
                case Neighbours.Copied.Done(var files) -> {
                    for (Fetched.Done each : files)
                        note(each.file(), "a member of the mesh", each.sha256(), each.bytes());
                    boolean isWhole = source.files().isEmpty() || store.isHere(source);
                    yield isWhole ? opened(files.getFirst().file()) : fromHub();
                }
                case Neighbours.Copied.Nobody() -> fromHub();
                case Neighbours.Copied.Refused(FetchReason reason, String message) -> {
                    if (reason.passes() && !source.files().isEmpty() && !isOffline) yield fromHub();
                    yield new Brought.Refused(reason.code(), source.ref() + ": " + message, reason.passes());
                }
            };
        }

        /** Before an hour is spent on it. A hub that refuses need not be asked twice. */
        private Optional<Brought> refused() {
            if (gauge.isEmpty() || isOffline || source.files().isEmpty() || hasBegun()) return Optional.empty();
            Gauge room = gauge.get();
            try {
                long meshBytes = Math.max(room.usableBytes(), room.meshBytes());
                Optional<Long> need = new Foresight(network).needBytes(source, room.usableBytes());
                if (need.isEmpty() || need.get() <= meshBytes) return Optional.empty();
                String message = source.ref() + " needs at least " + Fit.gigabytes(need.get())
                        + ", this machine has " + Fit.gigabytes(room.usableBytes()) + " for models"
                        + (meshBytes > room.usableBytes() ? ", the mesh " + Fit.gigabytes(meshBytes) : "");
                if (!room.mayGrow())
                    return Optional.of(new Brought.Refused(
                            "too_large",
                            message + "; nothing was fetched; mesh download " + source.said()
                                    + " --anyway fetches it all the same",
                            false));
                log.warn("download.too_large", "model", source.ref(), "message", message);
                return Optional.empty();
            } catch (FetchRefused refused) {
                return refused.reason().passes()
                        ? Optional.empty()
                        : Optional.of(new Brought.Refused(
                                refused.reason().code(), source.ref() + ": " + refused.message(), false));
            } catch (InterruptedException ending) {
                return Optional.of(new Brought.Refused(FetchReason.STOPPED.code(), "stopped", false));
            }
        }

        private boolean hasBegun() {
            for (RemoteFile file : source.files()) {
                Path target = store.folder().resolve(file.name());
                var order = new Order(file.uri(), target, file.bytes(), file.sha256());
                if (Files.exists(target) || order.traces().stream().anyMatch(Files::exists)) return true;
            }
            return false;
        }

        private Brought fromHub() {
            if (source.files().isEmpty())
                return new Brought.Refused("no_source", "no member that can be reached shares " + source.ref(), true);
            if (isOffline && store.isHere(source.blind())) return blind("--offline forbids to fetch its projector");
            if (isOffline)
                return new Brought.Refused(
                        FetchReason.OFFLINE.code(),
                        "model " + source.ref() + " is not on this machine, and --offline forbids to fetch it",
                        false);
            long before = 0;
            for (RemoteFile file : source.files()) {
                Path target = store.folder().resolve(file.name());
                if (Files.isRegularFile(target)) {
                    before += file.bytes().orElse(0);
                    continue;
                }
                long earlier = before;
                var order = new Order(file.uri(), target, file.bytes(), file.sha256());
                var fetch = new Fetch(
                        order, network, (phase, done, total) -> at(phase, earlier + done, all(file, earlier, total)));
                current.set(fetch);
                if (isStopping) fetch.stop();
                switch (fetch.run()) {
                    case Fetched.Done(Path path, long bytes, String sha256) -> {
                        before += bytes;
                        note(path, file.uri().toString(), sha256, bytes);
                    }
                    case Fetched.Refused(FetchReason reason, String message) -> {
                        if (file.isProjector() && !reason.passes() && reason != FetchReason.STOPPED)
                            return blind(message);
                        return new Brought.Refused(reason.code(), source.ref() + ": " + message, reason.passes());
                    }
                }
            }
            return opened(store.folder().resolve(source.files().getFirst().name()));
        }

        /** What it takes to write is here. */
        private Brought blind(String message) {
            log.warn("projector.missing", "model", source.ref(), "message", message);
            return opened(store.folder().resolve(source.files().getFirst().name()));
        }

        private Brought opened(Path first) {
            return switch (store.open(first)) {
                case Resolved.Found(ModelFile file) -> new Brought.Here(file);
                case Resolved.Refused(String code, String message) -> new Brought.Refused(code, message, false);
                case Resolved.NotFound gone -> new Brought.Refused(gone.reason().code(), gone.message(), false);
            };
        }

        /** Without its note the model serves as well; it is only not taken for ours. */
        private void note(Path path, String from, String sha256, long bytes) {
            try {
                store.notes().fetched(path, from, sha256, bytes);
            } catch (IOException unwritten) {
                log.warn("note.unwritten", "file", path, "cause", unwritten);
            }
        }

        /** Of all files together; of those whose size nobody wrote down, what the server says of the one that comes. */
        private long all(RemoteFile coming, long earlier, long total) {
            if (source.bytes().isPresent()) return source.bytes().getAsLong();
            boolean isLast = coming.equals(source.weights().getLast()) || coming.isProjector();
            return isLast && total > 0 ? earlier + total : 0;
        }

        private void at(Progress.Phase phase, long done, long total) {
            progress.at(phase, done, total);
            long now = System.nanoTime();
            if (now - toldNanos < TOLD_NANOS) return;
            toldNanos = now;
            log.info(
                    "download.progress",
                    "model",
                    source.ref(),
                    "phase",
                    phase.name().toLowerCase(Locale.ROOT),
                    "doneBytes",
                    done,
                    "totalBytes",
                    total);
        }
    }

    /** How far a download is, in a few words. */
    public static String words(Progress.Phase phase, long done, long total) {
        String what = phase == Progress.Phase.CHECKING ? "checking" : "downloading";
        if (total <= 0) return what + " " + Fit.gigabytes(done);
        return what + " " + done * 100 / total + " % of " + Fit.gigabytes(total);
    }
}
