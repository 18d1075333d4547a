package mesh.daemon.fetch;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongPredicate;
import mesh.daemon.store.AtomicFile;
import org.jspecify.annotations.Nullable;

/**
 * A file on its way: its bytes where they belong, and a note beside it that says which of them are there and of which
 * version of the source they are. Whatever ends the process, the next one goes on from the last note, which never
 * claims more than the disk has. One process at a time, by a lock on the file; within it any thread, under this lock.
 */
public final class PartFile implements AutoCloseable {
    /** A worker is given so much at a time: long enough that asking costs nothing, short enough to share the end. */
    static final long CLAIM_BYTES = 64L << 20;

    /** A crash costs what came in since the last note. */
    private static final long NOTE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final JsonMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private final Order order;
    private final FileChannel file;
    private final Coverage here = new Coverage();
    private final Coverage claimed = new Coverage();
    private @Nullable Version version;
    private Optional<String> promised = Optional.empty();
    private long notedNanos = System.nanoTime();
    private boolean isWrong;
    private boolean isDelivered;

    /**
     * Which state of the source the bytes belong to.
     *
     * @param total its size; -1 where the server does not say
     * @param validator a strong ETag or a date, by which the server knows it again; may be empty
     */
    public record Version(long total, String validator) {}

    /** A piece that one worker is bringing. */
    public static final class Claim {
        private final long from;
        private final long asked;
        private long to;
        private long at;

        Claim(long from, long to) {
            this.from = from;
            this.asked = to;
            this.to = to;
            this.at = from;
        }

        /** Where the next byte goes. */
        public long at() {
            return at;
        }

        public long to() {
            return to;
        }

        /** The file ends before the piece does. */
        void endAt(long total) {
            to = Math.min(to, total);
        }

        boolean isDone() {
            return at == to;
        }
    }

    /** The note as it stands on disk. */
    private record Note(
            @Nullable String url,
            long total,
            @Nullable String validator,
            @Nullable String sha256,
            boolean wrong,
            @Nullable List<long[]> ranges) {}

    private PartFile(Order order, FileChannel file) {
        this.order = order;
        this.file = file;
    }

    public static PartFile open(Order order) throws FetchRefused {
        try {
            Files.createDirectories(
                    Objects.requireNonNull(order.target().toAbsolutePath().getParent(), "a file's folder"));
            FileChannel file = FileChannel.open(
                    order.part(), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            try {
                if (file.tryLock() != null) {
                    var part = new PartFile(order, file);
                    part.recall();
                    return part;
                }
            } catch (OverlappingFileLockException withinThisProcess) {
                // The answer is the same: somebody is at it.
            } catch (IOException failed) {
                file.close();
                throw failed;
            }
            file.close();
        } catch (IOException unusable) {
            throw FetchRefused.disk(order.part(), unusable);
        }
        throw new FetchRefused(FetchReason.BUSY, "is being fetched already file=" + order.part());
    }

    /** How much of the file that is to lie at {@code target} came in by the last note; 0 while nothing did. */
    public static long bytesBefore(Path target) {
        Path note = Order.note(target);
        if (!Files.exists(note)) return 0;
        try {
            List<long[]> ranges =
                    JSON.readValue(Files.readAllBytes(note), Note.class).ranges();
            return ranges == null
                    ? 0
                    : ranges.stream()
                            .filter(range -> range.length == 2)
                            .mapToLong(range -> range[1] - range[0])
                            .sum();
        } catch (IOException damaged) {
            return 0;
        }
    }

    /** Takes up what an earlier run left, if it belongs to the same file. */
    private synchronized void recall() throws IOException {
        if (!Files.exists(order.note())) return;
        Note note;
        try {
            note = JSON.readValue(Files.readAllBytes(order.note()), Note.class);
        } catch (IOException damaged) {
            return;
        }
        boolean isSame = order.uri().toString().equals(note.url())
                || (order.sha256().isPresent() && order.sha256().get().equals(note.sha256()));
        List<long[]> ranges = note.ranges();
        if (!isSame || note.wrong() || ranges == null) return;
        for (long[] range : ranges) {
            if (range.length != 2 || range[0] < 0 || range[1] < range[0] || range[1] > file.size()) {
                here.remove(0, Long.MAX_VALUE);
                return;
            }
            here.add(range[0], range[1]);
        }
        version = new Version(note.total(), Objects.requireNonNullElse(note.validator(), ""));
        promised = Optional.ofNullable(note.sha256());
    }

    public synchronized Optional<Version> version() {
        return Optional.ofNullable(version);
    }

    /** The hash that the file must have, by whoever ordered it or by the server that sends it. */
    synchronized Optional<String> sha256() {
        return order.sha256().or(() -> promised);
    }

    /** The source was seen; from here on its bytes may be claimed. */
    public synchronized void begin(Version seen, Optional<String> sha256) throws FetchRefused {
        version = seen;
        promised = sha256.or(() -> promised);
        room(seen.total());
        note();
    }

    /** Nothing of what is here belongs to the source as it is now. */
    public synchronized void restart() throws FetchRefused {
        here.remove(0, Long.MAX_VALUE);
        claimed.remove(0, Long.MAX_VALUE);
        version = null;
        promised = Optional.empty();
        try {
            file.truncate(0);
            Files.deleteIfExists(order.note());
        } catch (IOException failed) {
            throw FetchRefused.disk(order.part(), failed);
        }
    }

    private void room(long total) throws FetchRefused {
        try {
            long missing = Math.max(0, total - here.bytes());
            long free = Files.getFileStore(order.part()).getUsableSpace();
            if (missing > free)
                throw new FetchRefused(
                        FetchReason.DISK_FULL,
                        "no room file=" + order.target() + " needBytes=" + missing + " freeBytes=" + free);
        } catch (IOException unknown) {
            throw FetchRefused.disk(order.part(), unknown);
        }
    }

    /** The next missing piece that nobody brings yet; of a file of unknown size, the rest. */
    synchronized Optional<Claim> claim(long bytesMax) {
        var taken = new Coverage();
        for (Coverage.Range range : here.ranges()) taken.add(range.from(), range.to());
        for (Coverage.Range range : claimed.ranges()) taken.add(range.from(), range.to());
        Coverage.Range gap = taken.firstGap(end(), bytesMax);
        if (gap.bytes() == 0) return Optional.empty();
        claimed.add(gap.from(), gap.to());
        return Optional.of(new Claim(gap.from(), gap.to()));
    }

    /**
     * A missing piece that nobody brings yet and that lies within one cell of the file.
     *
     * @param cells which cells may be brought, from 0
     */
    public synchronized Optional<Claim> claimWithin(long cellBytes, LongPredicate cells, long firstCell) {
        long count = (end() + cellBytes - 1) / cellBytes;
        for (long i = 0; i < count; i++) {
            long cell = (firstCell + i) % count;
            if (!cells.test(cell)) continue;
            long cellEnd = Math.min(end(), (cell + 1) * cellBytes);
            if (claimed.overlaps(cell * cellBytes, cellEnd)) continue;
            Coverage.Range gap = here.gapWithin(cell * cellBytes, cellEnd);
            if (gap.bytes() == 0) continue;
            claimed.add(gap.from(), gap.to());
            return Optional.of(new Claim(gap.from(), gap.to()));
        }
        return Optional.empty();
    }

    /** Whether all of a range is here. */
    public synchronized boolean has(long from, long to) {
        return here.gapWithin(from, to).bytes() == 0;
    }

    /** Bytes that are here. */
    public void read(ByteBuffer into, long from) throws IOException {
        while (into.hasRemaining() && file.read(into, from + into.position()) >= 0) {}
    }

    private long end() {
        Version now = version;
        return now == null || now.total() < 0 ? Long.MAX_VALUE : now.total();
    }

    /** The worker gets more than it asked for: everything up to the end. */
    synchronized void widen(Claim claim) {
        claim.to = end();
        claimed.add(claim.from, claim.to);
    }

    public synchronized void release(Claim claim) {
        claimed.remove(claim.from, claim.asked);
        claimed.remove(claim.from, claim.to);
    }

    /** The next bytes of a claim; the caller sends no more than it asked for. */
    public void write(Claim claim, ByteBuffer bytes) throws FetchRefused {
        try {
            long at = claim.at;
            while (bytes.hasRemaining()) at += file.write(bytes, at);
            written(claim, at);
        } catch (IOException failed) {
            throw FetchRefused.disk(order.part(), failed);
        }
    }

    private synchronized void written(Claim claim, long to) throws FetchRefused {
        here.add(claim.at, to);
        claim.at = to;
        if (System.nanoTime() - notedNanos > NOTE_NANOS) note();
    }

    /** Data first: a note that says more than the disk holds would put zeros into a model. */
    private void note() throws FetchRefused {
        Version now = version;
        if (now == null) return;
        try {
            file.force(false);
            List<long[]> ranges = here.ranges().stream()
                    .map(range -> new long[] {range.from(), range.to()})
                    .toList();
            var note = new Note(
                    order.uri().toString(), now.total(), now.validator(), sha256().orElse(null), isWrong, ranges);
            AtomicFile.write(order.note(), JSON.writeValueAsBytes(note));
            notedNanos = System.nanoTime();
        } catch (IOException failed) {
            throw FetchRefused.disk(order.note(), failed);
        }
    }

    public synchronized long bytesHere() {
        return here.bytes();
    }

    public synchronized boolean isWhole() {
        return version != null && version.total() >= 0 && here.isWhole(version.total());
    }

    /** The server said no size, and sent all it had. */
    synchronized void endedAt(long total) {
        Version now = Objects.requireNonNull(version, "a source that was seen");
        version = new Version(total, now.validator());
    }

    /** Reads the whole file once; {@code isUnwanted} is asked on the way. */
    public String hash(Progress progress, BooleanSupplier isUnwanted) throws FetchRefused {
        try {
            return Hashing.sha256(file, (done, total) -> {
                if (isUnwanted.getAsBoolean()) throw new ClosedChannelException();
                progress.at(Progress.Phase.CHECKING, done, total);
            });
        } catch (IOException failed) {
            throw FetchRefused.disk(order.part(), failed);
        }
    }

    /** The bytes are not the right ones. They stay for whoever wants to look, and are not taken up again. */
    public synchronized void wrong() {
        isWrong = true;
    }

    /** The file takes its place, in one step. */
    public synchronized Path deliver() throws FetchRefused {
        try {
            long total = Objects.requireNonNull(version, "a whole file").total();
            if (file.size() > total) file.truncate(total);
            file.force(true);
            Files.move(
                    order.part(), order.target(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            isDelivered = true;
            Files.deleteIfExists(order.note());
            return order.target();
        } catch (IOException failed) {
            throw FetchRefused.disk(order.target(), failed);
        }
    }

    /** What came in since the last note is not lost either. */
    @Override
    public synchronized void close() throws FetchRefused {
        try (file) {
            if (isDelivered || !file.isOpen()) return;
            if (version != null) note();
            else if (file.size() == 0) Files.deleteIfExists(order.part());
        } catch (IOException failed) {
            throw FetchRefused.disk(order.part(), failed);
        }
    }
}
