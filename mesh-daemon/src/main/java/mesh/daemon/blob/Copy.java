package mesh.daemon.blob;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongPredicate;
import mesh.core.Sha256;
import mesh.core.id.NodeId;
import mesh.daemon.fetch.FetchReason;
import mesh.daemon.fetch.FetchRefused;
import mesh.daemon.fetch.Fetched;
import mesh.daemon.fetch.Order;
import mesh.daemon.fetch.PartFile;
import mesh.daemon.fetch.Progress;
import mesh.daemon.log.Log;
import mesh.daemon.models.ModelSource;
import mesh.daemon.models.Neighbours.Copied;
import mesh.daemon.quic.Peer;
import org.jspecify.annotations.Nullable;

/**
 * One model on its way from members to here, from all that have it at once, those included that are still fetching it
 * themselves. Every chunk is checked before it is written, and a member that sends a wrong one is asked no more. Run
 * once, on a thread that may wait; the threads it starts end with it.
 */
final class Copy {
    private static final Log log = Log.of(Copy.class);

    /** While one chunk is on its way from a member the next is asked for. */
    private static final int TALKS_PER_SOURCE = 2;

    /** A line that breaks this often in a row is no source. */
    private static final int BREAKS_MAX = 3;

    /** Members that began to fetch it meanwhile are sources too. */
    private static final long LOOK_MILLIS = 2_000;

    /** What a member still fetches grows; where all is being brought, a break may free a piece. */
    private static final long PAUSE_MILLIS = 150;

    /** Reading a large model once to say what it is made of takes minutes. */
    private static final long MANIFEST_MILLIS_MAX = 600_000;

    /** Without any source for so long it is given up for now. */
    private static final long LONELY_MILLIS_MAX = 10_000;

    private final Copies copies;
    private final Copies.Members members;
    private final Path folder;
    private final ModelSource wanted;
    private final String model;
    private final Progress progress;
    private final BooleanSupplier isUnwanted;
    private final Map<NodeId, Source> sources = new ConcurrentHashMap<>();
    private final Set<NodeId> dropped = ConcurrentHashMap.newKeySet();

    /** A member that has the very model that is brought. */
    private record Source(NodeId id, Peer peer) {}

    private record Told(Source source, Manifest manifest) {}

    Copy(
            Copies copies,
            Copies.Members members,
            Path folder,
            ModelSource wanted,
            Progress progress,
            BooleanSupplier isUnwanted) {
        this.copies = copies;
        this.members = members;
        this.folder = folder;
        this.wanted = wanted;
        this.model = wanted.ref().name();
        this.progress = progress;
        this.isUnwanted = isUnwanted;
    }

    Copied run() {
        try {
            Optional<Manifest> agreed = agree();
            if (agreed.isEmpty()) return new Copied.Nobody();
            return bring(agreed.get());
        } catch (FetchRefused refused) {
            return new Copied.Refused(refused.reason(), refused.message());
        } catch (InterruptedException ending) {
            return new Copied.Refused(FetchReason.STOPPED, "stopped");
        } finally {
            copies.ended(model);
        }
    }

    // Who has it.

    /** The content that most members have, of those that are what the catalog says; others are no sources. */
    private Optional<Manifest> agree() throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(MANIFEST_MILLIS_MAX);
        while (!isUnwanted.getAsBoolean() && System.nanoTime() < deadline) {
            var told = new ArrayList<Told>();
            boolean isSomebodyReading = ask(members.toAsk(model), told);
            Map<String, List<Told>> groups = new LinkedHashMap<>();
            for (Told each : told)
                if (isWanted(each.manifest()))
                    groups.computeIfAbsent(each.manifest().identity(), any -> new ArrayList<>())
                            .add(each);
            Optional<List<Told>> most = groups.values().stream().max((a, b) -> Integer.compare(a.size(), b.size()));
            if (most.isPresent()) {
                for (Told each : told) if (!most.get().contains(each)) drop(each.source(), "other_content");
                for (Told each : most.get()) sources.put(each.source().id(), each.source());
                return Optional.of(most.get().getFirst().manifest());
            }
            if (!isSomebodyReading) return Optional.empty();
            Thread.sleep(PAUSE_MILLIS);
        }
        return Optional.empty();
    }

    /** Asks all of them side by side; true when one has it but cannot say yet what it is made of. */
    private boolean ask(List<NodeId> whom, List<Told> told) throws InterruptedException {
        Set<NodeId> reading = ConcurrentHashMap.newKeySet();
        var threads = new ArrayList<Thread>();
        for (NodeId id : whom) {
            if (dropped.contains(id) || sources.containsKey(id)) continue;
            threads.add(Thread.ofVirtual().name("copy-ask").start(() -> {
                try {
                    Optional<Peer> peer = members.reach(id);
                    if (peer.isEmpty()) return;
                    try (Talk talk = Talk.with(peer.get(), model)) {
                        Optional<Manifest> manifest = talk.manifest();
                        synchronized (told) {
                            manifest.ifPresent(made -> told.add(new Told(new Source(id, peer.get()), made)));
                        }
                    }
                } catch (Talk.NotYet later) {
                    reading.add(id);
                } catch (IOException broken) {
                    log.debug("copy.broken", "peer", id, "cause", broken);
                } catch (InterruptedException ending) {
                    // Only the JVM's end interrupts this thread.
                }
            }));
        }
        for (Thread thread : threads) thread.join();
        return !reading.isEmpty();
    }

    /** The catalog's word stands above any member's. A member may have the model without its projector, or with one. */
    private boolean isWanted(Manifest manifest) {
        List<ModelSource.RemoteFile> expected = wanted.files();
        if (expected.isEmpty()) return true;
        int weights = wanted.weights().size();
        if (manifest.files().size() < weights || manifest.files().size() > weights + 1) return false;
        for (int i = 0; i < Math.min(expected.size(), manifest.files().size()); i++) {
            Manifest.File file = manifest.files().get(i);
            ModelSource.RemoteFile remote = expected.get(i);
            boolean isSame = remote.name().equals(file.name())
                    && remote.sha256().map(file.sha256()::equals).orElse(true)
                    && (remote.bytes().isEmpty() || remote.bytes().getAsLong() == file.bytes());
            if (!isSame) return false;
        }
        return true;
    }

    private void drop(Source source, String reason) {
        sources.remove(source.id());
        if (dropped.add(source.id())) log.warn("copy.dropped", "model", model, "peer", source.id(), "reason", reason);
    }

    // Bringing it.

    private Copied bring(Manifest manifest) throws FetchRefused, InterruptedException {
        log.info("copy.started", "model", model, "sources", sources.size(), "bytes", manifest.bytes());
        var done = new ArrayList<Fetched.Done>();
        long before = 0;
        for (int i = 0; i < manifest.files().size(); i++) {
            Manifest.File file = manifest.files().get(i);
            Path target = folder.resolve(file.name());
            if (!Files.isRegularFile(target)) bring(manifest, i, target, before);
            before += file.bytes();
            done.add(new Fetched.Done(target, file.bytes(), file.sha256()));
        }
        copies.keep(done.getFirst().file(), manifest);
        return new Copied.Done(done);
    }

    private void bring(Manifest manifest, int index, Path target, long before)
            throws FetchRefused, InterruptedException {
        Manifest.File file = manifest.files().get(index);
        URI uri = wanted.files().isEmpty()
                ? URI.create("mesh:" + file.sha256())
                : wanted.files().get(index).uri();
        var order = new Order(uri, target, OptionalLong.of(file.bytes()), Optional.of(file.sha256()));
        try (PartFile part = PartFile.open(order)) {
            if (part.version().map(version -> version.total() != file.bytes()).orElse(false)) part.restart();
            if (part.version().isEmpty())
                part.begin(new PartFile.Version(file.bytes(), ""), Optional.of(file.sha256()));
            var team = new Team(manifest, index, part, before);
            copies.begins(model, team);
            team.bring();
            String seen =
                    part.hash((phase, done, total) -> progress.at(phase, before + done, manifest.bytes()), isUnwanted);
            if (!seen.equals(file.sha256())) {
                part.wrong();
                throw new FetchRefused(
                        FetchReason.WRONG_HASH,
                        "file=" + file.name() + " sha256=" + seen + " expected=" + file.sha256());
            }
            part.deliver();
        }
    }

    /** The threads that bring one file, and what of the model is here meanwhile. */
    private final class Team implements Holding {
        private final Manifest manifest;
        private final int index;
        private final Manifest.File file;
        private final PartFile part;
        private final long before;
        private final List<Thread> workers = new ArrayList<>();
        private final Set<NodeId> working = ConcurrentHashMap.newKeySet();

        /** What those have that are fetching it themselves, as they last said. */
        private final Map<NodeId, BitSet> growing = new ConcurrentHashMap<>();

        private volatile @Nullable FetchRefused broken;

        Team(Manifest manifest, int index, PartFile part, long before) {
            this.manifest = manifest;
            this.index = index;
            this.file = manifest.files().get(index);
            this.part = part;
            this.before = before;
        }

        void bring() throws FetchRefused, InterruptedException {
            long lonelySinceNanos = System.nanoTime();
            long lookedNanos = System.nanoTime();
            while (isGoing()) {
                for (Source source : sources.values()) if (working.add(source.id())) begin(source);
                long now = System.nanoTime();
                if (!sources.isEmpty()) lonelySinceNanos = now;
                if (now - lonelySinceNanos > TimeUnit.MILLISECONDS.toNanos(LONELY_MILLIS_MAX)) break;
                if (now - lookedNanos > TimeUnit.MILLISECONDS.toNanos(LOOK_MILLIS)) {
                    look();
                    lookedNanos = System.nanoTime();
                }
                Thread.sleep(PAUSE_MILLIS);
            }
            for (Thread worker : workers) worker.join();
            FetchRefused first = broken;
            if (first != null) throw first;
            if (isUnwanted.getAsBoolean()) throw new FetchRefused(FetchReason.STOPPED, "stopped");
            if (!part.isWhole())
                throw new FetchRefused(
                        FetchReason.UNREACHABLE, "no member that has " + model + " can be reached any more");
        }

        private boolean isGoing() {
            return !part.isWhole() && broken == null && !isUnwanted.getAsBoolean();
        }

        /** Members that came to have it, in whole or in part. */
        private void look() throws InterruptedException {
            var told = new ArrayList<Told>();
            ask(members.toAsk(model), told);
            for (Told each : told)
                if (each.manifest().identity().equals(manifest.identity()))
                    sources.put(each.source().id(), each.source());
                else drop(each.source(), "other_content");
        }

        private void begin(Source source) {
            for (int i = 0; i < TALKS_PER_SOURCE; i++)
                workers.add(Thread.ofVirtual().name("copy-" + source.id()).start(() -> work(source)));
        }

        private void work(Source source) {
            int breaks = 0;
            try {
                while (isGoing() && sources.containsKey(source.id())) {
                    try (Talk talk = Talk.with(source.peer(), model)) {
                        Optional<BitSet> there = chunks(source, talk);
                        while (isGoing() && sources.containsKey(source.id())) {
                            if (!piece(source, talk, there)) Thread.sleep(PAUSE_MILLIS);
                            // Who has all of it need not be asked again what there is.
                            if (there.isPresent()) there = chunks(source, talk);
                            breaks = 0;
                        }
                    } catch (IOException cut) {
                        log.debug("copy.broken", "peer", source.id(), "cause", cut);
                        if (++breaks == BREAKS_MAX) drop(source, "unreachable");
                    }
                }
            } catch (FetchRefused disk) {
                broken = disk;
            } catch (InterruptedException ending) {
                // Only the JVM's end interrupts this thread.
            } finally {
                working.remove(source.id());
            }
        }

        private Optional<BitSet> chunks(Source source, Talk talk) throws IOException, InterruptedException {
            Optional<BitSet> there = talk.chunks(index);
            there.ifPresentOrElse(some -> growing.put(source.id(), some), () -> growing.remove(source.id()));
            return there;
        }

        /** Brings one chunk; false when this member has none that is missing and not on its way. */
        private boolean piece(Source source, Talk talk, Optional<BitSet> there)
                throws IOException, InterruptedException, FetchRefused {
            LongPredicate isThere =
                    chunk -> there.map(set -> set.get((int) chunk)).orElse(true);
            // Each begins elsewhere, so that those who fetch it together soon have different pieces to exchange; and
            // what
            // one of them has is had from it, so that who has all need not send it twice.
            long first = ThreadLocalRandom.current().nextLong(file.chunkCount());
            Optional<PartFile.Claim> claimed = part.claimWithin(
                            Manifest.CHUNK_BYTES, isThere.and(chunk -> isRare(source, (int) chunk)), first)
                    .or(() -> part.claimWithin(Manifest.CHUNK_BYTES, isThere, first));
            if (claimed.isEmpty()) return false;
            PartFile.Claim claim = claimed.get();
            try {
                int chunk = (int) (claim.at() / Manifest.CHUNK_BYTES);
                Optional<byte[]> bytes = talk.piece(index, chunk);
                if (bytes.isEmpty()) return false;
                boolean isRight =
                        bytes.get().length == file.bytesOf(chunk) && file.matches(chunk, Sha256.of(bytes.get()));
                if (!isRight) {
                    drop(source, "wrong_bytes");
                    return false;
                }
                int offset = (int) (claim.at() - (long) chunk * Manifest.CHUNK_BYTES);
                part.write(claim, ByteBuffer.wrap(bytes.get(), offset, (int) (claim.to() - claim.at())));
                progress.at(Progress.Phase.FETCHING, before + part.bytesHere(), manifest.bytes());
                return true;
            } finally {
                part.release(claim);
            }
        }

        private boolean isRare(Source source, int chunk) {
            for (var each : growing.entrySet())
                if (!each.getKey().equals(source.id()) && each.getValue().get(chunk)) return false;
            return true;
        }

        @Override
        public Manifest manifest() {
            return manifest;
        }

        @Override
        public boolean has(int of, int chunk) {
            if (of != index) return of < index;
            long from = (long) chunk * Manifest.CHUNK_BYTES;
            return part.has(from, from + file.bytesOf(chunk));
        }

        @Override
        public byte[] read(int of, int chunk) throws IOException {
            var bytes = ByteBuffer.allocate(manifest.files().get(of).bytesOf(chunk));
            long from = (long) chunk * Manifest.CHUNK_BYTES;
            if (of == index) {
                part.read(bytes, from);
                return bytes.array();
            }
            try (var whole = java.nio.channels.FileChannel.open(
                    folder.resolve(manifest.files().get(of).name()))) {
                while (bytes.hasRemaining() && whole.read(bytes, from + bytes.position()) >= 0) {}
            }
            return bytes.array();
        }
    }
}
