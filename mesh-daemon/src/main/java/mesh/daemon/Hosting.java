package mesh.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import mesh.core.Check;
import mesh.core.Event;
import mesh.core.Snapshot;
import mesh.core.elect.Outcome;
import mesh.core.elect.Part;
import mesh.core.elect.Reason;
import mesh.core.id.ModelRef;
import mesh.core.id.Role;
import mesh.core.member.Member;
import mesh.core.member.Profile;
import mesh.core.member.Profile.Assigned;
import mesh.core.member.Profile.OnDisk;
import mesh.core.member.Profile.Phase;
import mesh.core.member.Profile.Served;
import mesh.core.member.Profile.Skill;
import mesh.core.member.Profile.Wanted;
import mesh.core.model.Fit;
import mesh.core.rpc.Command;
import mesh.daemon.api.Management.ModelStatus;
import mesh.daemon.engine.Engine;
import mesh.daemon.hardware.Memory;
import mesh.daemon.log.Log;
import mesh.daemon.loop.Belonging;
import mesh.daemon.loop.MeshLoop;
import mesh.daemon.loop.Orders;
import mesh.daemon.models.DemoModel;
import mesh.daemon.models.ModelFile;
import mesh.daemon.models.ModelStore;
import mesh.daemon.serve.Casualties;
import mesh.daemon.serve.EngineRoom;
import mesh.daemon.serve.LocalModels;
import mesh.daemon.serve.LocalModels.Stake;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the mesh's idea of this node and the models that run on it in step: tells the loop what is served, on disk and
 * in memory, and starts what the mesh wants served here. What the operator asked for is never stopped by the mesh.
 * Looks a few times a second on a virtual thread; orders come on the loop's.
 */
final class Hosting implements Orders, Casualties {
    private static final Log log = Log.of(Hosting.class);

    /** A model that became ready is in everybody's table this much later, beside the way there. */
    private static final long LOOK_MILLIS = 200;

    private static final long FETCH_STEP_BYTES = 8_000_000_000L;

    /** A hundred requests a second look the same to an assignment as a thousand. */
    private static final int ASKED_PER_LOOK_MAX = 20;

    private final String name;
    private final boolean onlyAsks;
    private final Memory memory;
    private final LocalModels models;
    private final EngineRoom engines;
    private final ModelStore store;
    private final Path modelsFolder;
    private final boolean isOffline;
    /** A few per model would be many; the loop must never wait for them. */
    private static final int ORDERS_MAX = 4_096;

    private final BlockingQueue<Order> orders = new LinkedBlockingQueue<>(ORDERS_MAX);
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Set<ModelRef> orderedByMesh = ConcurrentHashMap.newKeySet();
    private final Set<ModelRef> seen = new HashSet<>();
    private final Map<ModelRef, Integer> asked = new ConcurrentHashMap<>();
    private List<LocalModels.Load> toldLoads = List.of();
    private volatile @Nullable Belonging belonging;
    private volatile List<OnDisk> onDisk = List.of();
    private FileTime listedAt = FileTime.fromMillis(0);
    private boolean isEngineWanted;
    private Optional<Profile> told = Optional.empty();
    private @Nullable MeshLoop toldLoop;

    /** Something the mesh wants done, in its turn. */
    private interface Order {
        void carryOut() throws InterruptedException;
    }

    /** {@code onlyAsks}: whatever its certificate would allow, this node is a client. */
    Hosting(
            String name,
            boolean onlyAsks,
            Memory memory,
            LocalModels models,
            EngineRoom engines,
            ModelStore store,
            Path modelsFolder,
            boolean isOffline) {
        this.name = name;
        this.onlyAsks = onlyAsks;
        this.memory = memory;
        this.models = models;
        this.engines = engines;
        this.store = store;
        this.modelsFolder = modelsFolder;
        this.isOffline = isOffline;
    }

    void start(Belonging belonging) {
        this.belonging = belonging;
        Thread.ofVirtual().name("orders").start(this::carryOut);
        Thread.ofVirtual().name("hosting").start(() -> {
            try {
                do {
                    listModels();
                    if (belonging.loop().isPresent()) look(belonging.loop().get(), belonging.facts());
                } while (!closing.await(LOOK_MILLIS, TimeUnit.MILLISECONDS));
            } catch (InterruptedException ending) {
                // Only the JVM's end interrupts this thread.
            }
        });
    }

    void close() {
        closing.countDown();
        orders.offer(() -> {});
    }

    private void carryOut() {
        try {
            while (closing.getCount() > 0) orders.take().carryOut();
        } catch (InterruptedException ending) {
            // Only the JVM's end interrupts this thread.
        }
    }

    /** Somebody asked for a model at this node's own port. Any thread; counted rather than told, for there may be many. */
    void asked(ModelRef model) {
        asked.merge(model, 1, Integer::sum);
    }

    // What this node is.

    /** What it serves is added by the core, which hears of it as events. */
    Profile facts(List<String> addresses, Role role) {
        boolean isClient = onlyAsks || role == Role.CLIENT;
        return new Profile(
                name,
                isClient ? Profile.Role.CLIENT : Profile.Role.STANDBY,
                Math.min(memory.usableBytes(), Profile.BYTES_MAX),
                0,
                List.of(),
                files(),
                wanted(),
                List.of(),
                engines.found().map(Hosting::engine).orElse(Profile.Engine.NONE),
                addresses,
                List.of(),
                List.of(),
                role.includes(Role.SPLIT)
                        && engines.found().filter(Hosting::splits).isPresent(),
                isClient || isOffline ? 0 : fetchBytes());
    }

    /** Half of what is free, so that no member's wish fills this disk; in whole GB, so that it is no news each second. */
    private long fetchBytes() {
        try {
            long free = Files.getFileStore(modelsFolder).getUsableSpace() / 2;
            return Math.min(free - free % FETCH_STEP_BYTES, Profile.BYTES_MAX);
        } catch (IOException unknown) {
            return 0;
        }
    }

    /** Frames of other versions are not read, so they could not be held to anything. */
    private static boolean splits(Engine found) {
        return found.worker()
                .filter(worker -> worker.version().major() == Command.MAJOR)
                .isPresent();
    }

    private static Profile.Engine engine(Engine found) {
        String whole = found.version();
        String version = whole.substring(0, Math.min(whole.length(), Profile.Engine.VERSION_CHARS_MAX));
        return found.worker()
                .map(worker -> new Profile.Engine(
                        version,
                        worker.version().major(),
                        worker.version().minor(),
                        worker.version().patch()))
                .orElse(new Profile.Engine(version, 0, 0, 0));
    }

    /** The models folder's files, and those served from elsewhere. */
    private List<OnDisk> files() {
        var files = new TreeMap<ModelRef, OnDisk>();
        for (OnDisk file : onDisk) files.put(file.model(), file);
        for (Stake stake : models.stakes())
            files.put(
                    stake.model(),
                    new OnDisk(
                            stake.model(),
                            stake.fileBytes(),
                            stake.needBytes(),
                            stake.kvBytes(),
                            Math.min(stake.layers(), OnDisk.LAYERS_MAX),
                            0));
        return files.values().stream().limit(Profile.MODELS_MAX).toList();
    }

    /** What the operator asked for, rather than the mesh. */
    private List<Wanted> wanted() {
        return models.status().stream()
                .map(model -> new Wanted(new ModelRef(model.name()), models.source(model.name()), model.needBytes()))
                .filter(wanted -> !orderedByMesh.contains(wanted.model()))
                .limit(Profile.MODELS_MAX)
                .toList();
    }

    /** Reads headers only when a file came or went. */
    private void listModels() {
        try {
            FileTime changedAt = Files.getLastModifiedTime(modelsFolder);
            if (changedAt.equals(listedAt)) return;
            listedAt = changedAt;
        } catch (IOException unreadable) {
            return;
        }
        var rows = new ArrayList<OnDisk>();
        for (ModelFile file : store.list().models())
            if (file.fit().within(memory.usableBytes(), Fit.Ask.ANY)
                    instanceof Fit.Verdict.Fits(int context, int slots, long needBytes, long kvBytes, long usable))
                rows.add(new OnDisk(file.ref(), file.bytes(), needBytes, kvBytes, 0, 0));
        onDisk = rows;
    }

    // What it tells the loop.

    private void look(MeshLoop loop, Optional<Profile> facts) throws InterruptedException {
        if (loop != toldLoop) arrive(loop);
        if (facts.isPresent() && !facts.equals(told)) {
            loop.tell(new Event.Described(facts.get()));
            told = facts;
        }
        Snapshot snapshot = loop.snapshot();
        List<ModelStatus> here = models.status();
        for (Stake stake : models.stakes()) {
            put(loop, snapshot.own(), stake);
            if (snapshot.outcomes().get(stake.model()) instanceof Outcome.Waiting waiting)
                models.waits(
                        stake.model(),
                        waiting.haveBytes(),
                        waiting.reason().code().replace('-', '_'),
                        words(waiting));
        }
        for (ModelStatus model : here) tell(loop, snapshot.own(), model);
        for (Assigned assigned : snapshot.own().assigned())
            if (seen.contains(assigned.model()) && isNotIn(here, assigned.model())) {
                seen.remove(assigned.model());
                loop.tell(new Event.Dropped(assigned.model()));
            }
        tellLoads(loop);
        if (here.isEmpty()) prepare(snapshot);
    }

    /** Parts that another mesh gave end with it; what runs alone goes on, and everything is told anew. */
    private void arrive(MeshLoop loop) {
        if (toldLoop != null)
            for (Stake stake : models.stakes())
                if (!models.isAlone(stake.model())) stop(stake.model(), Reason.NOT_NEEDED);
        toldLoop = loop;
        toldLoads = List.of();
    }

    private static String words(Outcome.Waiting waiting) {
        return "need " + Fit.gigabytes(waiting.needBytes()) + ", have " + Fit.gigabytes(waiting.haveBytes())
                + "; waiting for other nodes";
    }

    /** Puts this node's memory to a model; what the mesh itself chose for this node it has put already. */
    private void put(MeshLoop loop, Profile own, Stake stake) {
        seen.add(stake.model());
        var wish = new Assigned(
                stake.model(),
                Math.min(stake.budgetBytes(), Profile.BYTES_MAX),
                stake.sharing().isForced(),
                stake.sharing().ratios());
        if (!own.assigned().contains(wish)) loop.tell(new Event.Taken(wish));
    }

    private void tell(MeshLoop loop, Profile own, ModelStatus model) {
        if (model.needBytes() == 0) return;
        var ref = new ModelRef(model.name());
        boolean isReady = model.state().equals("ready");
        boolean hasFailed = model.state().equals("failed");
        for (Served row : own.served()) {
            if (!row.model().equals(ref)) continue;
            if (isReady && row.phase() == Phase.LOADING)
                loop.tell(new Event.ModelReady(ref, model.slots(), model.ctxTokens(), model.sizeBytes(), skills(ref)));
            if (!models.isAlone(ref)) continue;
            if (hasFailed && row.phase() != Phase.FAILED) loop.tell(new Event.ModelFailed(ref));
            if (!isReady && !hasFailed && row.phase() == Phase.READY) loop.tell(new Event.ModelEnded(ref));
        }
    }

    private List<Skill> skills(ModelRef model) {
        return models.rows().stream()
                .filter(row -> row.model().equals(model))
                .findFirst()
                .map(Served::skills)
                .orElse(List.of());
    }

    /** How busy the engines are, and what was asked for; a mesh needs no more than an idea of the latter. */
    private void tellLoads(MeshLoop loop) {
        List<LocalModels.Load> loads = models.loads();
        for (var load : loads)
            if (!toldLoads.contains(load))
                loop.tell(new Event.ModelLoad(load.model(), load.outstanding(), load.milliTokensPerSecond()));
        toldLoads = loads;
        for (ModelRef model : List.copyOf(asked.keySet())) {
            Integer times = asked.remove(model);
            for (int i = 0; times != null && i < Math.min(times, ASKED_PER_LOOK_MAX); i++)
                loop.tell(new Event.Requested(model));
        }
    }

    private static boolean isNotIn(List<ModelStatus> here, ModelRef model) {
        return here.stream().noneMatch(status -> status.name().equals(model.name()));
    }

    /** A node without a model gets ready for what the mesh may give it: an engine, and demos, which are made of nothing. */
    private void prepare(Snapshot snapshot) throws InterruptedException {
        List<ModelRef> wanted = snapshot.peers().stream()
                .map(Member::profile)
                .flatMap(profile -> profile.wanted().stream())
                .map(Wanted::model)
                .distinct()
                .toList();
        if (wanted.isEmpty() || snapshot.own().role() == Profile.Role.CLIENT) return;
        if (!isEngineWanted) {
            isEngineWanted = true;
            if (engines.engine() instanceof EngineRoom.Answer.Missing(String code, String message))
                log.warn("engine.missing", "reason", code, "message", message);
        }
        if (engines.found().isEmpty()) return;
        Predicate<ModelRef> isHere =
                model -> onDisk.stream().anyMatch(file -> file.model().equals(model));
        for (ModelRef model : wanted)
            if (DemoModel.named(model.name()).isPresent() && !isHere.test(model)) {
                store.find(model.name());
                return;
            }
    }

    // What the mesh orders.

    @Override
    public void start(ModelRef model, Part part) {
        order(() -> begin(model, part));
    }

    @Override
    public void stop(ModelRef model, Reason reason) {
        order(() -> end(model, reason));
    }

    private void order(Order order) {
        Check.that(orders.offer(order), "orders are carried out faster than elections are held", orders.size());
    }

    private void begin(ModelRef model, Part part) {
        boolean isNew = isNotIn(models.status(), model);
        if (isNew) orderedByMesh.add(model);
        if (!isNew || !(part instanceof Part.Alone)) models.cast(model, part);
        // Making or reading a file may take long, and other orders do not wait for it.
        else Thread.ofVirtual().name("order-" + model).start(() -> add(model, model.name()));
    }

    private void add(ModelRef model, String said) {
        try {
            if (models.add(said) instanceof LocalModels.Wish.Refused(String code, String message, boolean isMissing))
                refused(model, code, message);
        } catch (InterruptedException ending) {
            // Only the JVM's end interrupts this thread.
        }
    }

    /** Serving follows by itself, once the file is here. */
    @Override
    public void fetch(ModelRef model, String source) {
        Thread.ofVirtual().name("fetch-" + model).start(() -> {
            if (!isNotIn(models.status(), model)) return;
            orderedByMesh.add(model);
            log.info("model.assigned", "model", model, "source", source);
            add(model, source);
        });
    }

    private void refused(ModelRef model, String code, String message) {
        log.warn("order.refused", "model", model, "reason", code, "message", message);
        failed(model);
    }

    /** What the operator runs alone goes on, until another part follows. */
    private void end(ModelRef model, Reason reason) throws InterruptedException {
        if (orderedByMesh.remove(model)) models.drop(model.name());
        else if (!models.isAlone(model)) models.cast(model, new Part.Idle(reason));
    }

    @Override
    public void ended(ModelRef model) {
        inLoop(new Event.ModelEnded(model));
    }

    @Override
    public void failed(ModelRef model) {
        inLoop(new Event.ModelFailed(model));
    }

    private void inLoop(Event event) {
        Belonging in = belonging;
        if (in != null) in.loop().ifPresent(loop -> loop.tell(event));
    }
}
