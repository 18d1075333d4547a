package mesh.daemon.serve;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mesh.core.Check;
import mesh.core.elect.Part;
import mesh.core.elect.Reason;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.daemon.edge.TcpEngine;
import mesh.daemon.edge.Turnstile;
import mesh.daemon.engine.Engine;
import mesh.daemon.engine.EngineSkills;
import mesh.daemon.engine.Pooling;
import mesh.daemon.engine.Serving;
import mesh.daemon.log.Log;
import mesh.daemon.models.ModelFile;
import mesh.daemon.process.ChildState;
import mesh.daemon.serve.LocalModel.Plan;
import mesh.daemon.serve.LocalModel.Standing;
import mesh.daemon.split.Loan;
import mesh.daemon.split.Split;
import mesh.daemon.split.SplitReason;
import mesh.daemon.split.SplitState;
import org.jspecify.annotations.Nullable;

/**
 * Turns the parts that elections give this node into engines: the whole model alone, llama-server over workers, or an
 * rpc-server for a host. Each model goes from one part to the next on a virtual thread of its own, {@code cast-MODEL}; of
 * several orders that come meanwhile the last one counts, and an order for what is played already changes nothing. The
 * lock guards the parts wanted and played.
 */
final class Casting {
    private static final Log log = Log.of(Casting.class);

    /** A split that never got ready so often in a row is not worth an attempt each second. */
    private static final int ENDS_MAX = 3;

    private static final Part NOTHING = new Part.Idle(Reason.NOT_NEEDED);

    private final LocalModels.Parts rooms;
    private final Soloist soloist;
    private final Drafts drafts;
    private final Map<ModelRef, Role> roles = new HashMap<>();
    private volatile @Nullable Casualties casualties;

    /** Runs and ends a model that needs nobody. Both return when it is under way or gone. */
    interface Soloist {
        void begin(LocalModel model) throws InterruptedException;

        void end(LocalModel model) throws InterruptedException;

        /** How many threads an engine may have beside the others. */
        int threads();

        Limits limits();
    }

    private static final class Role {
        Part wanted = NOTHING;
        Part played = NOTHING;
        boolean isChanging;
        int endsInRow;
    }

    Casting(LocalModels.Parts rooms, Soloist soloist, Drafts drafts) {
        this.rooms = rooms;
        this.soloist = soloist;
        this.drafts = drafts;
    }

    void report(Casualties to) {
        casualties = to;
    }

    private Casualties told() {
        return Check.present(casualties, "orders come after the mesh was told of us");
    }

    /** What a model should do here from now on; returns at once. */
    synchronized void cast(LocalModel model, Part part) {
        Role role = roles.computeIfAbsent(model.ref(), ref -> new Role());
        role.wanted = part;
        if (role.isChanging || isReached(role)) return;
        role.isChanging = true;
        Thread.ofVirtual().name("cast-" + model.ref()).start(() -> change(model, role));
    }

    /** Plays the same part from its beginning, if an engine runs here and nobody is being answered; false when not now. */
    boolean again(LocalModel model) {
        Role role;
        synchronized (this) {
            role = roles.get(model.ref());
            if (role == null || role.isChanging || !isReached(role) || isBusy(model)) return false;
            if (!(model.standing() instanceof Standing.Ready(TcpEngine engine))) return false;
            // From here on nobody is sent to the engine; who came in between goes first.
            model.stands(new Standing.Loading("starting again, to change its draft"));
            if (isBusy(model)) {
                model.stands(new Standing.Ready(engine));
                return false;
            }
            rooms.loops().closeConnectionsTo(engine.address());
            role.isChanging = true;
            role.played = NOTHING;
        }
        Thread.ofVirtual().name("cast-" + model.ref()).start(() -> change(model, role));
        return true;
    }

    private static boolean isBusy(LocalModel model) {
        Turnstile turnstile = model.turnstile();
        return turnstile == null || turnstile.outstanding() > 0;
    }

    /** Plays the same part once more after its engine could not be started. */
    synchronized void anew(LocalModel model) {
        Role role = roles.get(model.ref());
        if (role == null) return;
        role.played = NOTHING;
        cast(model, role.wanted);
    }

    /** What it does now, or is about to. */
    synchronized Part part(ModelRef model) {
        Role role = roles.get(model);
        return role == null ? NOTHING : role.wanted;
    }

    /** Ends whatever a model does here and forgets it; returns when that is done. */
    void end(LocalModel model) throws InterruptedException {
        cast(model, NOTHING);
        synchronized (this) {
            Role role = roles.get(model.ref());
            while (role != null && role.isChanging) wait();
            roles.remove(model.ref());
        }
    }

    private static boolean isReached(Role role) {
        return role.wanted.equals(role.played)
                || (role.wanted instanceof Part.Idle && role.played instanceof Part.Idle);
    }

    private void change(LocalModel model, Role role) {
        try {
            while (true) {
                Part next;
                synchronized (this) {
                    if (isReached(role)) {
                        role.isChanging = false;
                        notifyAll();
                        return;
                    }
                    next = role.wanted;
                }
                leave(model);
                synchronized (this) {
                    role.played = next;
                }
                begin(model, next);
            }
        } catch (InterruptedException ending) {
            // Only the JVM's end interrupts this thread.
        }
    }

    /** Connections first: llama-server waits for its clients before it goes. */
    private void leave(LocalModel model) throws InterruptedException {
        if (model.standing() instanceof Standing.Ready(TcpEngine engine))
            rooms.loops().closeConnectionsTo(engine.address());
        soloist.end(model);
        Split split = model.split();
        if (split != null) split.stop();
        model.splitBy(null);
        Loan loan = model.loan();
        if (loan != null) loan.end();
        model.lentBy(null);
    }

    private void begin(LocalModel model, Part part) throws InterruptedException {
        switch (part) {
            case Part.Alone() -> soloist.begin(model);
            case Part.Host host -> host(model, host);
            case Part.Lend(NodeId host) -> lend(model, host);
            case Part.Idle(Reason reason) ->
                model.stands(new Standing.Waiting(reason.code(), "waiting: " + reason.code()));
        }
    }

    private Optional<Engine> engine(LocalModel model) throws InterruptedException {
        return switch (rooms.engines().engine()) {
            case EngineRoom.Answer.There(Engine engine) -> Optional.of(engine);
            case EngineRoom.Answer.Missing(String code, String message) -> {
                failed(model, code, message);
                yield Optional.empty();
            }
        };
    }

    // The host.

    private void host(LocalModel model, Part.Host part) throws InterruptedException {
        Optional<Engine> engine = engine(model);
        Plan plan = model.plan();
        if (engine.isEmpty()) return;
        if (plan == null) {
            failed(model, "no_file", "no file of " + model.ref() + " here");
            return;
        }
        log.info("model.loading", "model", model.ref(), "mode", "split");
        model.stands(new Standing.Loading("reaching " + part.workers().size() + " workers"));
        ModelFile file = plan.file();
        var serving = new Serving(
                        file.path(),
                        model.name(),
                        plan.ctxTokens() * plan.slots(),
                        plan.slots(),
                        soloist.threads(),
                        0,
                        Optional.empty(),
                        Pooling.of(file.header()))
                .with(drafts.forStart(model, engine.get()))
                .on(soloist.limits().place(part.shares().getFirst()))
                .seeing(file.projector().map(ModelFile.Projector::path));
        var shares = part.shares();
        var order = new Split.Order(
                model.ref(),
                engine.get(),
                serving,
                part.workers(),
                shares.subList(1, shares.size()),
                shares.stream().mapToInt(Integer::intValue).sum(),
                file,
                plan.needBytes());
        Optional<Split> started = rooms.splits().host(order, state -> heard(model, part, state));
        if (started.isPresent()) model.splitBy(started.get());
        else ended(model, part, SplitReason.NO_TUNNEL, "this node has no socket yet");
    }

    /** On the split's thread. */
    private void heard(LocalModel model, Part.Host part, SplitState state) {
        switch (state) {
            case SplitState.Reaching(List<String> missing) ->
                model.stands(new Standing.Loading("reaching " + String.join(", ", missing)));
            case SplitState.Leasing(List<String> missing) ->
                model.stands(new Standing.Loading("waiting for the memory of " + String.join(", ", missing)));
            case SplitState.Loading(long sentBytes, long dueBytes) ->
                model.stands(
                        new Standing.Loading(progress(sentBytes, dueBytes)),
                        "sending",
                        Math.min(sentBytes, dueBytes),
                        dueBytes);
            case SplitState.Ready(int port, String apiKey) -> ready(model, part, port, apiKey);
            case SplitState.Ended(SplitReason reason, String message) -> ended(model, part, reason, message);
            case SplitState.Stopped() -> {}
        }
    }

    /** More than is due goes over the link as well: names, shapes and the graph. */
    private static String progress(long sentBytes, long dueBytes) {
        long shown = Math.min(sentBytes, dueBytes);
        return "sent " + (shown >> 20) + " of " + (dueBytes >> 20) + " MB to the workers";
    }

    private void ready(LocalModel model, Part.Host part, int port, String apiKey) {
        synchronized (this) {
            Role role = roles.get(model.ref());
            if (role != null) role.endsInRow = 0;
        }
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        model.answers(new TcpEngine(address, apiKey), EngineSkills.ask(address, apiKey));
        log.info(
                "model.ready",
                "model",
                model.ref(),
                "mode",
                "split",
                "port",
                port,
                "workers",
                new ArrayList<Object>(part.workers()),
                "tensorSplit",
                part.shares());
        rooms.terminal()
                .accept(model.name() + ": ready, split over " + part.workers().size() + " workers, shares "
                        + part.shares());
    }

    private void ended(LocalModel model, Part part, SplitReason reason, String message) {
        // Without its draft it may well run.
        boolean isDraftsFault = reason == SplitReason.ENGINE_FAILED && drafts.failed(model, reason.code(), message);
        boolean isFault;
        synchronized (this) {
            Role role = roles.get(model.ref());
            if (role == null) return;
            role.endsInRow++;
            isFault = !isDraftsFault && (reason.isFault() || role.endsInRow >= ENDS_MAX);
            if (isFault) role.endsInRow = 0;
            forget(role, part);
        }
        model.stands(new Standing.Waiting(reason.code(), message));
        log.info("model.stopped", "model", model.ref(), "reason", reason.code());
        if (isFault) told().failed(model.ref());
        else told().ended(model.ref());
    }

    /** The same order, if it comes again, begins anew. */
    private static void forget(Role role, Part part) {
        if (role.played.equals(part)) role.played = NOTHING;
        if (role.wanted.equals(part)) role.wanted = NOTHING;
    }

    // The worker.

    private void lend(LocalModel model, NodeId host) throws InterruptedException {
        Optional<Engine> engine = engine(model);
        if (engine.isEmpty()) return;
        Optional<Engine.Worker> worker = engine.get().worker();
        if (worker.isEmpty()) {
            failed(model, "no_rpc_server", "this llama.cpp has no rpc-server");
            return;
        }
        model.stands(new Standing.Lent(host));
        Plan plan = model.plan();
        var order = new Loan.Order(
                model.ref(),
                host,
                worker.get().on(soloist.limits().lent(engine.get())),
                soloist.threads(),
                soloist.limits().splitBytes(),
                Optional.ofNullable(plan).map(Plan::file));
        Optional<Loan> loan = rooms.splits().lend(order, state -> heard(model, host, state));
        if (loan.isPresent()) model.lentBy(loan.get());
        else told().ended(model.ref());
    }

    /** On the supervisor's thread. */
    private void heard(LocalModel model, NodeId host, ChildState state) {
        switch (state) {
            case ChildState.Ready(int port, String apiKey) ->
                log.info("model.lent", "model", model.ref(), "host", host, "port", port);
            case ChildState.Failed(var reason, String message) -> failed(model, reason.code(), message);
            case ChildState.Starting starting -> {}
            case ChildState.Loading loading -> {}
            case ChildState.Restarting restarting -> {}
            case ChildState.Stopped stopped -> {}
        }
    }

    private void failed(LocalModel model, String code, String message) {
        synchronized (this) {
            Role role = roles.get(model.ref());
            if (role != null) forget(role, role.played);
        }
        model.stands(new Standing.Failed(code, message));
        log.error("model.failed", "model", model.ref(), "reason", code, "message", message);
        rooms.terminal().accept(model.name() + ": failed: " + message);
        told().failed(model.ref());
    }
}
