package mesh.daemon.serve;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import mesh.core.elect.Part;
import mesh.core.id.ModelRef;
import mesh.core.member.Profile.Served;
import mesh.core.model.Fit;
import mesh.daemon.api.Management.ModelStatus;
import mesh.daemon.api.Models.Answer;
import mesh.daemon.api.Models.Entry;
import mesh.daemon.api.Models.State;
import mesh.daemon.edge.EdgeLoops;
import mesh.daemon.edge.TcpEngine;
import mesh.daemon.edge.Turnstile;
import mesh.daemon.engine.Engine;
import mesh.daemon.engine.EngineSkills;
import mesh.daemon.engine.Pooling;
import mesh.daemon.engine.ServerCommand;
import mesh.daemon.engine.Serving;
import mesh.daemon.log.Log;
import mesh.daemon.models.DemoModel;
import mesh.daemon.models.Downloads;
import mesh.daemon.models.ModelFile;
import mesh.daemon.models.ModelSource;
import mesh.daemon.models.ModelStore;
import mesh.daemon.models.Resolved;
import mesh.daemon.process.ChildState;
import mesh.daemon.process.Children;
import mesh.daemon.process.Launch;
import mesh.daemon.process.LoopbackPorts;
import mesh.daemon.process.Supervisor;
import mesh.daemon.serve.LocalModel.Plan;
import mesh.daemon.serve.LocalModel.Standing;
import mesh.daemon.split.Splits;

/**
 * The models this node runs. Each has a supervisor that keeps its engine running; the list is one volatile reference, so
 * that requests are routed without a lock. {@code this} is the lock under which the list changes, because two models
 * must not count the same free memory.
 */
public final class LocalModels {
    private static final Log log = Log.of(LocalModels.class);

    /** A member that was gone is back in seconds, a hub that was down or busy in minutes. */
    private static final Duration DOWNLOAD_AGAIN = Duration.ofSeconds(5);

    private static final Duration DOWNLOAD_AGAIN_MAX = Duration.ofMinutes(1);

    /** A quarter of a second in nanoseconds, about, as a power of two. */
    private static final int LOAD_SHIFT = 28;

    private static final String SOLO = "solo";

    /** A split's host gives no more of its memory than this part to a draft. */
    private static final int SPLIT_DRAFT_PARTS = 4;

    private final Parts parts;
    private final Limits limits;
    private final Sharing sharing;
    private final Casting casting;
    private final Drafts drafts;
    private final long startedSeconds = System.currentTimeMillis() / 1000;
    private final AtomicLong changes = new AtomicLong();
    private volatile List<LocalModel> models = List.of();

    /** The rooms this one is built from. */
    public record Parts(
            ModelStore store,
            Downloads downloads,
            EngineRoom engines,
            Children children,
            LoopbackPorts ports,
            EdgeLoops loops,
            Splits splits,
            Consumer<String> terminal) {}

    /**
     * How the operator wants models shared with other nodes.
     *
     * @param isForced split even what fits here
     * @param ratios of the split, host first, in thousandths; empty = by memory
     */
    public record Sharing(boolean isForced, List<Integer> ratios) {
        public static final Sharing AS_NEEDED = new Sharing(false, List.of());

        public Sharing {
            ratios = List.copyOf(ratios);
        }
    }

    /**
     * What this node puts to a model.
     *
     * @param budgetBytes memory it may take here
     * @param needBytes memory the whole of it takes
     */
    public record Stake(
            ModelRef model,
            long budgetBytes,
            long needBytes,
            long kvBytes,
            int layers,
            long fileBytes,
            Sharing sharing) {}

    /** What came of a wish to serve a model. */
    public sealed interface Wish {
        record Granted(String name) implements Wish {}

        /** {@code isMissing}: there is nothing of that name, as opposed to something that cannot be served. */
        record Refused(String code, String message, boolean isMissing) implements Wish {}
    }

    public LocalModels(Parts parts, Limits limits, Sharing sharing, Drafts.Wish draft) {
        this.parts = parts;
        this.limits = limits;
        this.sharing = sharing;
        this.drafts = new Drafts(draft, parts, new Beside());
        this.casting = new Casting(parts, new Alone(), drafts);
    }

    /** Who is told of parts that end by themselves; set once, before the mesh can order any. */
    public void report(Casualties to) {
        casting.report(to);
    }

    /** What drafts need of the models beside which they run. */
    private final class Beside implements Drafts.Room {
        @Override
        public boolean isServed(LocalModel model) {
            return models.contains(model);
        }

        @Override
        public long leftBytes(LocalModel model) {
            long left = limits.usableBytes();
            for (LocalModel other : models) if (other != model && isSolo(other)) left -= other.takenBytes();
            // What is split makes room by taking less of this machine.
            return sharing.isForced() || model.takenBytes() > left
                    ? left / SPLIT_DRAFT_PARTS
                    : left - model.takenBytes();
        }

        @Override
        public boolean again(LocalModel model) {
            return casting.again(model);
        }
    }

    /** Why {@code --draft} names nothing that could be one; empty when it does, or was not said. */
    public Optional<Wish.Refused> draftRefusal() {
        return drafts.refusal();
    }

    /** Runs whole models for the casting. */
    private final class Alone implements Casting.Soloist {
        @Override
        public void begin(LocalModel model) {
            log.info("model.loading", "model", model.ref(), "mode", SOLO);
            launch(model);
        }

        @Override
        public void end(LocalModel model) throws InterruptedException {
            Supervisor supervisor = model.supervisor();
            model.supervisedBy(null);
            if (supervisor != null) supervisor.stop();
        }

        @Override
        public int threads() {
            return limits.threads(Math.max(0, models.size() - 1));
        }

        @Override
        public Limits limits() {
            return limits;
        }
    }

    /**
     * Takes a model up, in the user's words, and answers once its file and the memory were looked at; a demo is made
     * for that, and shown as loading meanwhile. A model that has to be fetched is granted at once, and is loading until
     * it is here. Blocks.
     */
    public Wish add(String said) throws InterruptedException {
        Optional<ModelRef> known = DemoModel.named(said).map(demo -> new ModelRef(said));
        if (known.isPresent() && !entered(known.get(), said)) return served(known.get());
        switch (parts.store().find(said)) {
            case Resolved.Found(ModelFile file) -> {
                if (known.isEmpty() && !entered(file.ref(), said)) return served(file.ref());
                return admit(named(file.ref().name()).orElseThrow(), file);
            }
            case Resolved.Fetchable(ModelSource source) -> {
                return fetched(source, said);
            }
            case Resolved.NotFound(var reason, var message, var near, var advice) -> {
                if (ModelRef.isName(said) && parts.downloads().neighboursKnow(said))
                    return fetched(new ModelSource(new ModelRef(said), List.of(), said), said);
                known.ifPresent(this::leave);
                String hint = near.isEmpty() ? "" : "; did you mean " + String.join(" or ", near) + "?";
                return new Wish.Refused(reason.code(), message + hint + " " + advice, true);
            }
            case Resolved.Refused(var code, var message) -> {
                known.ifPresent(this::leave);
                return new Wish.Refused(code, message, false);
            }
        }
    }

    private Wish fetched(ModelSource source, String said) {
        if (!entered(source.ref(), said)) return served(source.ref());
        LocalModel model = named(source.ref().name()).orElseThrow();
        model.stands(new Standing.Downloading("downloading"));
        Thread.ofVirtual().name("download-" + source.ref()).start(() -> bring(model, source));
        return new Wish.Granted(model.name());
    }

    /** Fetches a model, for as long as trying again may help, and takes it up. */
    private void bring(LocalModel model, ModelSource source) {
        parts.terminal().accept(model.name() + ": not on this machine, downloading " + source.said());
        try {
            for (Duration again = DOWNLOAD_AGAIN; models.contains(model); again = again.multipliedBy(2)) {
                Downloads.Download download = parts.downloads().of(source, model::fetches);
                model.comesBy(download);
                if (!models.contains(model)) return;
                switch (download.run()) {
                    case Downloads.Brought.Here(ModelFile file) -> {
                        model.comesBy(null);
                        if (models.contains(model)) admit(model, file);
                        return;
                    }
                    case Downloads.Brought.Refused(String code, String message, boolean passes) -> {
                        if (!models.contains(model)) return;
                        if (!passes) {
                            failed(model, code, message);
                            return;
                        }
                        model.stands(new Standing.Downloading("download waits: " + code + ", tries again"));
                    }
                }
                Thread.sleep(again.compareTo(DOWNLOAD_AGAIN_MAX) < 0 ? again : DOWNLOAD_AGAIN_MAX);
            }
        } catch (InterruptedException ending) {
            // Only the JVM's end interrupts this thread.
        }
    }

    /** Stops serving a model and returns when its engine is gone; false when there is none of that name. */
    public boolean drop(String name) throws InterruptedException {
        Optional<LocalModel> model = named(name);
        if (model.isEmpty() || !leave(model.get().ref())) return false;
        end(model.get());
        log.info("model.stopped", "model", name, "reason", "dropped");
        return true;
    }

    /** Stops all models side by side and returns when their engines are gone. */
    public void stopAll() throws InterruptedException {
        List<Thread> stoppers = new ArrayList<>();
        for (LocalModel model : models)
            stoppers.add(Thread.ofVirtual().name("stop-" + model.name()).start(() -> {
                try {
                    end(model);
                } catch (InterruptedException hurried) {
                    // Whoever is in a hurry kills the children next.
                }
            }));
        for (Thread stopper : stoppers) stopper.join();
    }

    private void end(LocalModel model) throws InterruptedException {
        Downloads.Download download = model.download();
        if (download != null) download.stop();
        casting.end(model);
    }

    // What the mesh orders.

    /** Plays a part for a model, which is taken up for it if it is not here yet. Blocks for reading a header at most. */
    public void cast(ModelRef ref, Part part) {
        if (entered(ref, ref.name())) {
            LocalModel fresh = named(ref.name()).orElseThrow();
            boolean needsFile = !(part instanceof Part.Lend);
            if (needsFile && parts.store().find(ref.name()) instanceof Resolved.Found(ModelFile file))
                spread(fresh, file);
        }
        named(ref.name()).ifPresent(model -> casting.cast(model, part));
    }

    /**
     * The mesh gathered {@code haveBytes} for a model, which is less than it needs. It then waits with less context or
     * fewer slots, if the operator left the choice and that is enough.
     */
    public void waits(ModelRef ref, long haveBytes, String code, String message) {
        Optional<LocalModel> model = named(ref.name());
        if (model.isEmpty() || !(model.get().standing() instanceof Standing.Waiting)) return;
        model.get().stands(new Standing.Waiting(code, message));
        Plan plan = model.get().plan();
        if (plan != null) limits.spread(plan, haveBytes).ifPresent(model.get()::planned);
    }

    /** Whether it runs here alone, so that the mesh takes it from the operator only for another part. */
    public boolean isAlone(ModelRef ref) {
        return casting.part(ref) instanceof Part.Alone;
    }

    /**
     * What this node puts to each model. What runs alone takes its need; the rest is for the others, the first of them
     * first, so that no memory is promised twice.
     */
    public synchronized List<Stake> stakes() {
        long left = limits.usableBytes();
        for (LocalModel model : models) if (isSolo(model)) left -= model.takenBytes();
        var stakes = new ArrayList<Stake>();
        for (LocalModel model : models) {
            boolean isSolo = isSolo(model);
            long room = Math.max(0, left);
            Plan plan = model.plan();
            long budget = isSolo ? room + model.takenBytes() : Math.max(0, room - model.draftBytes());
            if (!isSolo && (sharing.isForced() || plan == null || plan.needBytes() > budget))
                budget = Math.min(budget, limits.splitBytes());
            if (!isSolo) left -= budget;
            if (plan == null) continue;
            Fit fit = plan.file().fit();
            stakes.add(new Stake(
                    model.ref(),
                    budget,
                    plan.needBytes(),
                    fit.kvBytes(plan.ctxTokens(), plan.slots()),
                    fit.layers(),
                    plan.file().bytes(),
                    sharing));
        }
        return stakes;
    }

    private boolean isSolo(LocalModel model) {
        return isAlone(model.ref());
    }

    /** Every model as the status shows it. */
    public List<ModelStatus> status() {
        return models.stream().map(ModelView::status).toList();
    }

    /** Where other nodes can fetch a model of this one; empty where they cannot. */
    public String source(String name) {
        return parts.store()
                .elsewhere(named(name).map(LocalModel::said).orElse(name))
                .orElse("");
    }

    /** The same as the API's lists show it. */
    public List<Entry> list() {
        return models.stream()
                .map(model -> ModelView.entry(model, startedSeconds))
                .toList();
    }

    /** Why a model of this node cannot answer; empty when it can, or is none of this node's. */
    public Optional<Answer> find(String name) {
        return named(name).flatMap(ModelView::unready);
    }

    /** The same of the model that is nearest to answering, for callers who left the choice to the mesh. */
    public Optional<Answer> first() {
        List<LocalModel> all = models;
        for (LocalModel model : all) if (ModelView.state(model) == State.LOADING) return ModelView.unready(model);
        return all.isEmpty() ? Optional.empty() : ModelView.unready(all.getFirst());
    }

    // What routing asks.

    /** The engine of a model that is ready here. */
    public Optional<TcpEngine> engine(String name) {
        return named(name)
                .flatMap(model -> model.standing() instanceof Standing.Ready(TcpEngine engine)
                        ? Optional.of(engine)
                        : Optional.empty());
    }

    /** Whether a model of this node runs over other nodes' memory. */
    public boolean isSplit(String name) {
        return named(name).filter(model -> model.split() != null).isPresent();
    }

    /** The queue before a model's engine, which outlives the engine; empty while nothing is known of its slots. */
    public Optional<Turnstile> turnstile(String name) {
        return named(name).flatMap(model -> Optional.ofNullable(model.turnstile()));
    }

    /** What this node serves or is about to, for the table of routes. */
    public List<Served> rows() {
        var rows = new ArrayList<Served>();
        for (LocalModel model : models) {
            // What waits is nobody's yet, and what is lent to is another node's.
            if (ModelView.state(model) == State.WAITING || model.standing() instanceof Standing.Lent) continue;
            rows.add(ModelView.row(model));
        }
        return rows;
    }

    /** Another number whenever {@link #rows} may differ; what only the load changes counts a few times a second. */
    public long version() {
        long version = changes.get();
        for (LocalModel model : models) {
            Turnstile turnstile = model.turnstile();
            version = version * 31 + model.version();
            if (turnstile != null && turnstile.outstanding() > 0) version += System.nanoTime() >> LOAD_SHIFT;
        }
        return version;
    }

    /** An answer of one of this node's engines was measured. */
    public void measured(String name, long milliTokensPerSecond) {
        named(name).ifPresent(model -> model.measured(milliTokensPerSecond));
    }

    /** How busy and fast each ready model is. */
    public List<Load> loads() {
        var loads = new ArrayList<Load>();
        for (LocalModel model : models) {
            Turnstile turnstile = model.turnstile();
            if (turnstile != null && ModelView.state(model) == State.READY)
                loads.add(new Load(model.ref(), turnstile.outstanding(), model.milliTokensPerSecond()));
        }
        return loads;
    }

    /** How many requests wait before each engine. */
    public Map<String, Integer> waiting() {
        var waiting = new TreeMap<String, Integer>();
        for (LocalModel model : models) {
            Turnstile turnstile = model.turnstile();
            if (turnstile != null) waiting.put(model.name(), turnstile.waiting());
        }
        return waiting;
    }

    /** See {@link #loads}. */
    public record Load(ModelRef model, int outstanding, long milliTokensPerSecond) {}

    private Optional<LocalModel> named(String name) {
        for (LocalModel model : models) if (model.name().equals(name)) return Optional.of(model);
        return Optional.empty();
    }

    private synchronized boolean entered(ModelRef ref, String said) {
        if (named(ref.name()).isPresent()) return false;
        var grown = new ArrayList<>(models);
        grown.add(new LocalModel(ref, said));
        models = List.copyOf(grown);
        changes.incrementAndGet();
        return true;
    }

    private synchronized boolean leave(ModelRef ref) {
        int before = models.size();
        models = models.stream().filter(model -> !model.ref().equals(ref)).toList();
        changes.incrementAndGet();
        return models.size() < before;
    }

    private static Wish served(ModelRef ref) {
        return new Wish.Refused("already_served", ref + " is served already", false);
    }

    /** A model too big for this node waits for others; one that fits runs at once, unless it is to be split. */
    private synchronized Wish admit(LocalModel model, ModelFile file) {
        long takenBytes = 0;
        for (LocalModel other : models) if (other != model && isSolo(other)) takenBytes += other.takenBytes();
        switch (limits.plan(file, takenBytes, models.size() - 1)) {
            case Limits.Planned.Fits(Plan plan)
            when !sharing.isForced() -> {
                model.planned(plan);
                drafts.pair(model, file);
                casting.cast(model, new Part.Alone());
            }
            case Limits.Planned.Fits(Plan plan) -> {
                model.planned(plan.withoutPromptCache());
                drafts.pair(model, file);
                model.stands(new Standing.Waiting("asking_mesh", "asking the mesh who shares it"));
            }
            case Limits.Planned.TooBig(String message) -> {
                spread(model, file);
                model.stands(new Standing.Waiting("memory_short", message + "; waiting for other nodes"));
                parts.terminal().accept(message + "; waiting for other nodes to share it");
                log.info("model.waiting", "model", model.ref(), "message", message);
            }
        }
        return new Wish.Granted(model.name());
    }

    private void spread(LocalModel model, ModelFile file) {
        model.planned(limits.spread(file, models.size() - 1));
        drafts.pair(model, file);
    }

    private void launch(LocalModel model) {
        try {
            model.stands(new Standing.Preparing("looking for llama.cpp"));
            switch (parts.engines().engine()) {
                case EngineRoom.Answer.There(Engine engine) -> supervise(model, engine);
                case EngineRoom.Answer.Missing(String code, String message) -> failed(model, code, message);
            }
        } catch (InterruptedException ending) {
            // Only the JVM's end interrupts this thread.
        }
    }

    /** Under the lock, so that a model dropped meanwhile is not started after all. */
    private synchronized void supervise(LocalModel model, Engine engine) {
        Plan plan = model.plan();
        if (plan == null || !models.contains(model)) return;
        var serving = new Serving(
                        plan.file().path(),
                        model.name(),
                        plan.ctxTokens() * plan.slots(),
                        plan.slots(),
                        plan.threads(),
                        plan.promptCacheBytes(),
                        Optional.empty(),
                        Pooling.of(plan.file().header()))
                .with(drafts.forStart(model, engine))
                .on(limits.place())
                .seeing(plan.file().projector().map(ModelFile.Projector::path));
        var launch = Launch.server(
                model.name().replaceAll("[^A-Za-z0-9._-]", "_"),
                plan.file().bytes(),
                (port, apiKey) -> ServerCommand.of(engine, serving, port, apiKey));
        model.supervisedBy(Supervisor.start(parts.children(), parts.ports(), launch, state -> heard(model, state)));
    }

    /** On the supervisor's thread. */
    private void heard(LocalModel model, ChildState state) {
        switch (state) {
            case ChildState.Starting() -> model.stands(new Standing.Loading("starting"));
            case ChildState.Loading(double done) -> model.loads(done);
            case ChildState.Ready(int port, String apiKey) -> {
                var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
                model.answers(new TcpEngine(address, apiKey), EngineSkills.ask(address, apiKey));
                ready(model, port);
            }
            case ChildState.Restarting(var reason, var message, long delayMillis) -> {
                model.stands(new Standing.Loading("starting again after " + reason.code()));
                log.info("model.stopped", "model", model.ref(), "reason", reason.code());
            }
            case ChildState.Failed(var reason, var message) -> {
                if (drafts.failed(model, reason.code(), message)) casting.anew(model);
                else failed(model, reason.code(), message);
            }
            case ChildState.Stopped() -> {}
        }
    }

    private void ready(LocalModel model, int port) {
        log.info(
                "model.ready",
                "model",
                model.ref(),
                "mode",
                SOLO,
                "port",
                port,
                "workers",
                List.of(),
                "tensorSplit",
                List.of());
        Plan plan = model.plan();
        if (plan == null) return;
        parts.store().used(plan.file());
        parts.terminal()
                .accept(model.name() + ": ready, " + plan.slots() + " at once, " + plan.ctxTokens()
                        + " tokens of context");
        if (plan.file().isDemo())
            parts.terminal()
                    .accept("  This is a demo: made on the spot, it only recites the alphabet. For a real model, give"
                            + " --model the path of a GGUF file.");
    }

    private void failed(LocalModel model, String code, String message) {
        model.stands(new Standing.Failed(code, message));
        log.error("model.failed", "model", model.ref(), "reason", code, "message", message);
        parts.terminal().accept(model.name() + ": failed: " + message);
    }
}
