package mesh.testnet.sim;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import mesh.core.Effect;
import mesh.core.Event;
import mesh.core.elect.Part;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Profile.Skill;

/**
 * The engines of simulated nodes: loading takes seconds, a split's host is ready once its workers lend to it and ends
 * when one of them goes. Checks that nothing is started twice or stopped in vain. One owner, the simulation.
 */
public final class VirtualEngines {
    private static final long LOAD_MILLIS_MIN = 1_000;
    private static final long LOAD_MILLIS_SPREAD = 4_000;
    private static final long WORKERS_POLL_MILLIS = 500;

    /** The daemon's own limit on waiting for workers. */
    private static final int WORKERS_POLLS_MAX = 40;

    private final Simulation mesh;

    /** By node and model. */
    private final TreeMap<Integer, TreeMap<ModelRef, Engine>> running = new TreeMap<>();

    private long starts;
    private long stops;
    private long decisions;

    private record Engine(Part part, long number) {}

    VirtualEngines(Simulation mesh) {
        this.mesh = mesh;
    }

    /** Engines started so far. */
    public long starts() {
        return starts;
    }

    public long stops() {
        return stops;
    }

    /** Elections whose outcome changed, over all nodes. */
    public long decisions() {
        return decisions;
    }

    /** What {@code node} plays for {@code model}, or nothing. */
    public String part(int node, ModelRef model) {
        Engine engine = at(node).get(model);
        return engine == null ? "nothing" : name(engine.part);
    }

    /** All that runs on {@code node}, as one line. */
    public String parts(int node) {
        var text = new StringBuilder();
        at(node).forEach((model, engine) -> text.append(text.isEmpty() ? "" : ", ")
                .append(model)
                .append(' ')
                .append(name(engine.part)));
        return text.isEmpty() ? "nothing" : text.toString();
    }

    boolean plays(int node, ModelRef model, Part part) {
        Engine engine = at(node).get(model);
        return part instanceof Part.Idle ? engine == null : engine != null && engine.part.equals(part);
    }

    void start(int node, Effect.Start start) {
        starts++;
        if (at(node).containsKey(start.model())) mesh.fail("node " + node + " starts twice " + start, node);
        var engine = new Engine(start.part(), starts);
        at(node).put(start.model(), engine);
        if (start.part() instanceof Part.Lend) return;
        long millis = LOAD_MILLIS_MIN + Math.floorMod(HashKeys.mix(starts), LOAD_MILLIS_SPREAD);
        after(node, millis, () -> loaded(node, start.model(), engine, WORKERS_POLLS_MAX));
    }

    void stop(int node, Effect.Stop stop) {
        stops++;
        if (at(node).remove(stop.model()) == null) mesh.fail("node " + node + " stops in vain " + stop, node);
        endHostsOf(node);
    }

    void fetch(int node, Effect.Fetch fetch) {
        after(node, LOAD_MILLIS_SPREAD, () -> mesh.fetched(node, fetch.model()));
    }

    void decided() {
        decisions++;
    }

    /** The engine that {@code node} runs for {@code model} dies by its own fault. */
    public void fail(int node, ModelRef model) {
        if (at(node).remove(model) == null) mesh.fail("node " + node + " runs nothing for " + model, node);
        mesh.tell(node, new Event.ModelFailed(model));
        endHostsOf(node);
    }

    /** The machine is gone, and with it all that ran there. */
    void crashed(int node) {
        at(node).clear();
        endHostsOf(node);
    }

    private void loaded(int node, ModelRef model, Engine engine, int pollsLeft) {
        if (!engine.equals(at(node).get(model))) return;
        if (hasItsWorkers(node, model, engine))
            mesh.tell(node, new Event.ModelReady(model, 4, 8_192, 5L << 30, List.of(Skill.CHAT)));
        else if (pollsLeft > 0) after(node, WORKERS_POLL_MILLIS, () -> loaded(node, model, engine, pollsLeft - 1));
        else end(node, model, engine);
    }

    private boolean hasItsWorkers(int node, ModelRef model, Engine engine) {
        if (!(engine.part instanceof Part.Host host)) return true;
        var lend = new Part.Lend(mesh.id(node));
        return host.workers().stream().allMatch(worker -> plays(mesh.index(worker), model, lend));
    }

    /** A worker that goes takes the engines with it that used its memory; the process notices at once. */
    private void endHostsOf(int worker) {
        NodeId gone = mesh.id(worker);
        running.forEach((node, engines) -> engines.forEach((model, engine) -> {
            if (engine.part instanceof Part.Host host && host.workers().contains(gone))
                after(node, 1, () -> {
                    if (!hasItsWorkers(node, model, engine)) end(node, model, engine);
                });
        }));
    }

    private void end(int node, ModelRef model, Engine engine) {
        if (!at(node).remove(model, engine)) return;
        mesh.tell(node, new Event.ModelEnded(model));
    }

    private void after(int node, long millis, Runnable what) {
        mesh.at(mesh.nowMillis() + millis, () -> {
            if (mesh.isFrozen(node)) after(node, WORKERS_POLL_MILLIS, what);
            else if (mesh.isUp(node)) what.run();
        });
    }

    private Map<ModelRef, Engine> at(int node) {
        return running.computeIfAbsent(node, _ -> new TreeMap<>());
    }

    private String name(Part part) {
        return switch (part) {
            case Part.Alone() -> "alone";
            case Part.Lend(NodeId host) -> "lends to " + mesh.index(host);
            case Part.Host host ->
                "hosts over " + host.workers().stream().map(mesh::index).toList() + " " + host.shares();
            case Part.Idle idle -> "idle " + idle.reason().code();
        };
    }
}
