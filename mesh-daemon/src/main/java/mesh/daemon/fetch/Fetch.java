package mesh.daemon.fetch;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import mesh.daemon.fetch.PartFile.Claim;
import mesh.daemon.fetch.PartFile.Version;
import org.jspecify.annotations.Nullable;

/**
 * Brings one file, in several pieces at once where the server can, and answers when it lies whole and checked in its
 * place or cannot be had. Whatever interrupts it, what has arrived is kept and the next one goes on from there. Run
 * once, on any thread, which it blocks; {@link #stop} may be called from any other.
 */
public final class Fetch {
    /** Enough to fill a fast line past one slow connection; more is taken for an attack by some hubs. */
    private static final int WORKERS = 4;

    /** A file that changes under our hands more often than that is written to all the time. */
    private static final int VERSIONS_MAX = 3;

    private static final int READ_BYTES = 64 << 10;
    private static final long WATCH_MILLIS = 200;

    private final Order order;
    private final Network network;
    private final Progress progress;
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final Set<Reading> readings = ConcurrentHashMap.newKeySet();

    /** A body that is being read; a silent one is closed by the watch, since a read by itself would wait for ever. */
    private static final class Reading {
        private final InputStream body;
        private volatile long heardNanos = System.nanoTime();

        Reading(InputStream body) {
            this.body = body;
        }
    }

    public Fetch(Order order, Network network, Progress progress) {
        this.order = order;
        this.network = network;
        this.progress = progress;
    }

    public Fetched run() {
        Thread watch = Thread.ofVirtual().name("fetch-watch").start(this::watch);
        try {
            return fetched();
        } catch (FetchRefused refused) {
            return new Fetched.Refused(refused.reason(), refused.message());
        } catch (InterruptedException ending) {
            return new Fetched.Refused(FetchReason.STOPPED, "stopped");
        } finally {
            watch.interrupt();
        }
    }

    /** Ends it soon; it then answers {@link FetchReason#STOPPED}. */
    public void stop() {
        stopping.countDown();
    }

    private boolean isStopping() {
        return stopping.getCount() == 0;
    }

    private Fetched fetched() throws FetchRefused, InterruptedException {
        try (PartFile part = PartFile.open(order)) {
            for (int versions = 1; !part.isWhole(); versions++) {
                try {
                    bring(part);
                } catch (Source.Changed changed) {
                    if (versions == VERSIONS_MAX)
                        throw new FetchRefused(
                                FetchReason.CHANGED,
                                "url=" + Source.shown(order.uri()) + " changes while it is fetched: "
                                        + changed.getMessage());
                    part.restart();
                }
            }
            String seen = part.hash(progress, this::isStopping);
            Optional<String> expected = part.sha256();
            if (expected.isPresent() && !expected.get().equals(seen)) {
                part.wrong();
                throw new FetchRefused(
                        FetchReason.WRONG_HASH,
                        "url=" + Source.shown(order.uri()) + " sha256=" + seen + " expected=" + expected.get()
                                + "; what came is in " + order.part() + ", the next try starts anew");
            }
            return new Fetched.Done(part.deliver(), part.bytesHere(), seen);
        }
    }

    private void bring(PartFile part) throws FetchRefused, Source.Changed, InterruptedException {
        try (Network.Line line = network.line()) {
            var team = new Team(part, new Source(order.uri(), network, line), line);
            team.work(true);
            for (Thread helper : team.helpers) helper.join();
            team.raise();
        }
    }

    private void watch() {
        try {
            while (!stopping.await(WATCH_MILLIS, TimeUnit.MILLISECONDS)) {
                long quiet = System.nanoTime()
                        - TimeUnit.MILLISECONDS.toNanos(network.patience().silenceMillis());
                for (Reading reading : readings) if (reading.heardNanos - quiet < 0) close(reading);
            }
            for (Reading reading : readings) close(reading);
        } catch (InterruptedException ended) {
            // The fetch is over.
        }
    }

    private static void close(Reading reading) {
        try {
            reading.body.close();
        } catch (IOException closedAnyway) {
            // Its reader hears of it.
        }
    }

    /** The threads that bring one version of the file; the first that cannot go on ends all. */
    private final class Team {
        private final PartFile part;
        private final Source source;
        private final Network.Line line;
        private final List<Thread> helpers = new ArrayList<>();
        private final AtomicReference<@Nullable Exception> broken = new AtomicReference<>();

        Team(PartFile part, Source source, Network.Line line) {
            this.part = part;
            this.source = source;
            this.line = line;
        }

        /** The leader's thread, once everybody is done. */
        void raise() throws FetchRefused, Source.Changed, InterruptedException {
            switch (broken.get()) {
                case null -> {
                    if (isStopping()) throw new FetchRefused(FetchReason.STOPPED, "stopped");
                }
                case FetchRefused refused -> throw refused;
                case Source.Changed changed -> throw changed;
                case InterruptedException interrupted -> throw interrupted;
                case RuntimeException bug -> throw bug;
                case Exception other -> throw new IllegalStateException(other);
            }
        }

        /** Brings pieces until none is left. The leader asks first, and calls helpers once it knows what there is. */
        void work(boolean isLeader) {
            int failures = 0;
            long hadBytes = part.bytesHere();
            long waitedMillis = 0;
            try {
                while (broken.get() == null && !isStopping()) {
                    Optional<Claim> claim = part.claim(PartFile.CLAIM_BYTES);
                    if (claim.isEmpty()) return;
                    try {
                        bring(claim.get(), isLeader);
                    } catch (IOException cut) {
                        if (isStopping()) return;
                        long haveBytes = part.bytesHere();
                        failures = haveBytes > hadBytes ? 1 : failures + 1;
                        hadBytes = haveBytes;
                        if (failures >= network.patience().tries()) throw gaveUp(cut, failures);
                        pause(network.patience().pauseMillis(failures));
                    } catch (Source.Later later) {
                        // One connection less is what the server asks for.
                        if (!isLeader) return;
                        waitedMillis += later.millis();
                        if (waitedMillis > network.patience().retryAfterMillisMax()) throw tooLate(later);
                        pause(later.millis());
                    } finally {
                        part.release(claim.get());
                    }
                }
            } catch (FetchRefused | Source.Changed | InterruptedException | RuntimeException end) {
                // The first cause is told; what follows from it is noise.
                if (broken.compareAndSet(null, end)) line.close();
            }
        }

        private void pause(long millis) throws InterruptedException {
            if (stopping.await(millis, TimeUnit.MILLISECONDS)) line.close();
        }

        private FetchRefused gaveUp(IOException last, int tries) {
            String cause = last.getMessage() == null ? last.getClass().getSimpleName() : last.getMessage();
            return new FetchRefused(
                    last instanceof Source.Unreachable ? FetchReason.UNREACHABLE : FetchReason.SERVER_FAILED,
                    "url=" + Source.shown(order.uri()) + " tries=" + tries + " last=" + cause
                            + "; what came is kept, the next try goes on from there");
        }

        private FetchRefused tooLate(Source.Later later) {
            return new FetchRefused(
                    later.status() == 429 ? FetchReason.RATE_LIMITED : FetchReason.SERVER_FAILED,
                    "url=" + Source.shown(order.uri()) + " status=" + later.status() + " asks to come back in "
                            + later.millis() / 1_000 + " s");
        }

        private void bring(Claim claim, boolean isLeader)
                throws IOException, InterruptedException, FetchRefused, Source.Later, Source.Changed {
            Optional<Version> known = part.version();
            switch (source.piece(claim.at(), claim.to(), known)) {
                case Source.Answer.Piece(Version version, Optional<String> sha256, InputStream body) -> {
                    try (body) {
                        if (known.isEmpty()) begin(version, sha256);
                        claim.endAt(version.total());
                        if (isLeader && helpers.isEmpty()) callHelpers(version.total());
                        copy(body, claim, version.total());
                    }
                }
                case Source.Answer.Whole(Version version, Optional<String> sha256, InputStream body) -> {
                    try (body) {
                        if (known.isEmpty()) begin(version, sha256);
                        else if (!Source.isSame(known.get(), version))
                            throw new Source.Changed("bytes=" + version.total());
                        // It sends from the start, so what is there already is passed over.
                        skip(body, claim.at());
                        part.widen(claim);
                        copy(body, claim, version.total());
                    }
                }
            }
        }

        private void begin(Version version, Optional<String> sha256) throws FetchRefused {
            long pinned = order.bytes().orElse(version.total());
            if (version.total() >= 0 && version.total() != pinned)
                throw new FetchRefused(
                        FetchReason.WRONG_SIZE,
                        "url=" + Source.shown(order.uri()) + " bytes=" + version.total() + " expected=" + pinned);
            part.begin(version, sha256);
        }

        private void callHelpers(long total) {
            long pieces = (total - part.bytesHere()) / PartFile.CLAIM_BYTES;
            for (long i = 0; i < Math.min(WORKERS - 1L, pieces); i++)
                helpers.add(Thread.ofVirtual().name("fetch-" + i).start(() -> work(false)));
        }

        private void skip(InputStream body, long bytes) throws IOException {
            var reading = new Reading(body);
            readings.add(reading);
            try {
                var chunk = new byte[READ_BYTES];
                for (long left = bytes; left > 0; ) {
                    int count = body.read(chunk, 0, (int) Math.min(left, chunk.length));
                    if (count < 0) throw new IOException("cut before byte " + bytes);
                    reading.heardNanos = System.nanoTime();
                    left -= count;
                }
            } finally {
                readings.remove(reading);
            }
        }

        private void copy(InputStream body, Claim claim, long total)
                throws IOException, InterruptedException, FetchRefused {
            var reading = new Reading(body);
            readings.add(reading);
            try {
                var chunk = new byte[READ_BYTES];
                while (!claim.isDone()) {
                    int count = body.read(chunk, 0, (int) Math.min(claim.to() - claim.at(), chunk.length));
                    if (count < 0) {
                        if (total >= 0) throw new IOException("cut at " + claim.at() + " of " + total + " bytes");
                        part.endedAt(claim.at());
                        return;
                    }
                    part.write(claim, ByteBuffer.wrap(chunk, 0, count));
                    progress.at(Progress.Phase.FETCHING, part.bytesHere(), Math.max(0, total));
                    network.pace().moved(count);
                    reading.heardNanos = System.nanoTime();
                }
            } finally {
                readings.remove(reading);
            }
        }
    }
}
