package mesh.core;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Predicate;
import mesh.core.elect.Outcome;
import mesh.core.elect.Part;
import mesh.core.elect.Reason;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Profile.Phase;
import mesh.core.member.Profile.Served;
import org.jspecify.annotations.Nullable;

/**
 * What runs on this node, model by model: turns the parts that elections give it into starts and stops, and what the
 * engines report into announced rows. An unchanged part starts nothing. Owned by {@link Node}.
 */
final class Engines {
    private final NodeId self;
    private final Tunables.Deciding tunables;
    private final TreeMap<ModelRef, Engine> engines = new TreeMap<>();

    Engines(NodeId self, Tunables.Deciding tunables) {
        this.self = self;
        this.tunables = tunables;
    }

    /** One model here. */
    private static final class Engine {
        Settled<Outcome> settled = new Settled<>();

        @Nullable
        Outcome decided;

        @Nullable
        Part running;

        Event.@Nullable ModelReady ready;
        int outstanding;
        long milliTokensPerSecond;
        int failures;
        long restMillis;

        boolean isResting(long nowMillis) {
            return failures > 0 && nowMillis < restMillis;
        }
    }

    /**
     * What an election says now; acts once it stood for a while. Call it again while it stands. A split is not begun over
     * workers that are doubted: either they answer, or the next election knows better.
     */
    void elected(ModelRef model, Outcome outcome, Predicate<NodeId> isTrusted, long nowMillis, List<Effect> out) {
        Engine engine = engines.computeIfAbsent(model, _ -> new Engine());
        if (engine.settled.observe(outcome, tunables.settleMillis(), nowMillis).isEmpty()) return;
        if (!outcome.equals(engine.decided)) out.add(new Effect.Decided(model, outcome));
        engine.decided = outcome;
        Part part = outcome.part(self);
        boolean waits =
                part instanceof Part.Host host && !host.workers().stream().allMatch(isTrusted);
        if (!waits && !engine.isResting(nowMillis)) play(model, engine, part, out);
    }

    /** Nobody puts memory to {@code model} here any more. */
    void gone(ModelRef model, List<Effect> out) {
        Engine engine = engines.remove(model);
        if (engine != null && engine.running != null) out.add(new Effect.Stop(model, Reason.NOT_ASSIGNED));
    }

    void goneAll(List<Effect> out) {
        for (ModelRef model : List.copyOf(engines.keySet())) gone(model, out);
    }

    void ready(Event.ModelReady ready) {
        Engine engine = engines.get(ready.model());
        if (engine == null || engine.running == null) return;
        engine.ready = ready;
        engine.failures = 0;
    }

    void failed(ModelRef model, long nowMillis) {
        Engine engine = engines.get(model);
        if (engine == null) return;
        engine.failures++;
        int doublings = Math.min(engine.failures - 1, tunables.restDoublingsMax());
        engine.restMillis = nowMillis + (tunables.restMillis() << doublings);
        ended(engine);
    }

    /** Starts again once the outcome stood for its while anew, which also bounds how often. */
    void ended(ModelRef model) {
        Engine engine = engines.get(model);
        if (engine == null) return;
        engine.settled = new Settled<>();
        ended(engine);
    }

    void loaded(ModelRef model, int outstanding, long milliTokensPerSecond) {
        Engine engine = engines.get(model);
        if (engine == null || engine.ready == null) return;
        engine.outstanding = outstanding;
        engine.milliTokensPerSecond = milliTokensPerSecond;
    }

    /** What to announce, by model. Lenders are named by their hosts. */
    List<Served> rows(long nowMillis) {
        var rows = new ArrayList<Served>();
        engines.forEach((model, engine) -> {
            if (engine.isResting(nowMillis)) rows.add(row(model, Phase.FAILED, engine, List.of(), List.of()));
            Phase phase = engine.ready == null ? Phase.LOADING : Phase.READY;
            if (engine.running instanceof Part.Alone) rows.add(row(model, phase, engine, List.of(), List.of()));
            if (engine.running instanceof Part.Host(var workers, var shares))
                rows.add(row(model, phase, engine, workers, shares));
        });
        return rows;
    }

    private static void ended(Engine engine) {
        engine.running = null;
        engine.ready = null;
        engine.outstanding = 0;
    }

    private static void play(ModelRef model, Engine engine, Part part, List<Effect> out) {
        if (part.equals(engine.running) || (part instanceof Part.Idle && engine.running == null)) return;
        if (engine.running != null)
            out.add(new Effect.Stop(model, part instanceof Part.Idle(Reason why) ? why : Reason.NOT_NEEDED));
        ended(engine);
        if (part instanceof Part.Idle) return;
        engine.running = part;
        out.add(new Effect.Start(model, part));
    }

    private static Served row(ModelRef model, Phase phase, Engine engine, List<NodeId> workers, List<Integer> shares) {
        var ready = engine.ready;
        return new Served(
                model,
                phase,
                ready == null ? 0 : ready.slots(),
                engine.outstanding,
                engine.milliTokensPerSecond,
                workers,
                ready == null ? 0 : ready.ctxTokens(),
                ready == null ? 0 : ready.sizeBytes(),
                ready == null ? List.of() : ready.skills(),
                false,
                shares);
    }
}
