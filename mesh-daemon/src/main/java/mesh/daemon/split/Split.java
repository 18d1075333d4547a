package mesh.daemon.split;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import mesh.core.Check;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.rpc.RpcLimits;
import mesh.daemon.engine.Engine;
import mesh.daemon.engine.ServerCommand;
import mesh.daemon.engine.Serving;
import mesh.daemon.engine.WorkerCommand;
import mesh.daemon.log.Log;
import mesh.daemon.models.ModelFile;
import mesh.daemon.process.ChildState;
import mesh.daemon.process.Children;
import mesh.daemon.process.Confinement;
import mesh.daemon.process.ExitReason;
import mesh.daemon.process.Launch;
import mesh.daemon.process.LoopbackPorts;
import mesh.daemon.process.Readiness;
import mesh.daemon.process.RestartPolicy;
import mesh.daemon.process.Supervisor;
import mesh.daemon.tunnel.KnownFile;
import mesh.daemon.tunnel.Meter;
import mesh.daemon.tunnel.RpcTunnels;
import mesh.daemon.tunnel.Tunnels;

/**
 * One model over its workers' memory, seen from the host: reaches the workers, waits for their rpc-servers, lays the
 * tunnels, runs llama-server once, and takes all that down again in the reverse order. Each stage has a deadline. It
 * owns one virtual thread, {@code split-MODEL}, on which the listener is called; a listener must not block for more than a few
 * seconds.
 */
public final class Split {
    private static final Log log = Log.of(Split.class);

    /** Workers hear of the same election within a second or two, and start in one more. */
    private static final Duration LEASE_MAX = Duration.ofSeconds(20);

    private static final long LEASE_ASK_MILLIS = 50;

    /** A dead link is known by then, and a slow disk still moves. */
    private static final Duration STALL_MAX = Duration.ofMinutes(2);

    private static final long LOOK_MILLIS = 500;

    /** llama-server needs a tenth of it when all workers live. */
    private static final long ORDERLY_MILLIS = 500;

    private final Rooms rooms;
    private final Order order;
    private final Consumer<SplitState> listener;
    private final Map<NodeId, Tunnels.Entry> tunnels = new LinkedHashMap<>();
    private final LinkedBlockingQueue<ChildState> heard = new LinkedBlockingQueue<>();
    private final Thread thread;
    private volatile Map<NodeId, Meter> meters = Map.of();
    private final long startedNanos = System.nanoTime();
    private volatile boolean isStopping;

    /** What it is made with. */
    record Rooms(Children children, LoopbackPorts ports, Confinement confinement, Mates mates, RpcTunnels tunnels) {}

    /**
     * What to run.
     *
     * @param serving for the host; its workers are filled in here
     * @param units of each worker, in their order
     * @param needBytes of the whole model, of {@code unitsAll} units
     */
    public record Order(
            ModelRef model,
            Engine engine,
            Serving serving,
            List<NodeId> workers,
            List<Integer> units,
            int unitsAll,
            ModelFile file,
            long needBytes) {
        public Order {
            workers = List.copyOf(workers);
            units = List.copyOf(units);
        }

        /** Weights that go to the workers, about. */
        long dueBytes() {
            return file.header().fileBytes()
                    / unitsAll
                    * units.stream().mapToInt(Integer::intValue).sum();
        }
    }

    private Split(Rooms rooms, Order order, Consumer<SplitState> listener) {
        this.rooms = rooms;
        this.order = order;
        this.listener = listener;
        this.thread = Thread.ofVirtual().name("split-" + order.model()).unstarted(this::run);
    }

    /** Begins at once. */
    static Split start(Rooms rooms, Order order, Consumer<SplitState> listener) {
        var split = new Split(rooms, order, listener);
        split.thread.start();
        return split;
    }

    /** Ends llama-server, then the tunnels, and returns when both are gone. Callers close their connections before. */
    public void stop() throws InterruptedException {
        isStopping = true;
        thread.interrupt();
        thread.join();
    }

    /** What has gone to and come from each worker since the start. */
    public Map<NodeId, Meter> meters() {
        return meters;
    }

    public Order order() {
        return order;
    }

    private void run() {
        SplitState end = ended(SplitReason.LOAD_STALLED, "interrupted");
        try {
            end = lay().or(this::awaitLeases).orElseGet(this::serve);
        } finally {
            tunnels.values().forEach(Tunnels.Entry::close);
            if (isStopping) end = new SplitState.Stopped();
            if (end instanceof SplitState.Ended(SplitReason reason, String message))
                log.warn("split.ended", "model", order.model(), "reason", reason.code(), "message", message);
            listener.accept(end);
        }
    }

    private static SplitState ended(SplitReason reason, String message) {
        return new SplitState.Ended(reason, message);
    }

    /** Connects to every worker and opens a port for each; answers the end when that cannot be. */
    private Optional<SplitState> lay() {
        var missing = new ArrayList<>(order.workers());
        var laid = new LinkedHashMap<NodeId, Meter>();
        Optional<KnownFile> known = known(order.file());
        try {
            for (NodeId worker : order.workers()) {
                listener.accept(new SplitState.Reaching(names(missing)));
                if (rooms.mates().reach(worker).isEmpty())
                    return Optional.of(
                            ended(SplitReason.WORKER_UNREACHABLE, "worker " + worker + " cannot be reached"));
                missing.remove(worker);
                var limits = new RpcLimits(rpcMajor(), order.needBytes() + SLACK_BYTES);
                Tunnels.Entry entry =
                        rooms.tunnels().enter(order.model(), limits, known, new Seeking(rooms.mates(), worker));
                tunnels.put(worker, entry);
                laid.put(worker, entry.meter());
            }
            meters = Map.copyOf(laid);
            return Optional.empty();
        } catch (IOException none) {
            return Optional.of(ended(SplitReason.NO_TUNNEL, String.valueOf(none.getMessage())));
        } catch (InterruptedException stopped) {
            return Optional.of(new SplitState.Stopped());
        }
    }

    /** Without it the weights are sent, which is slower and no less right. */
    static Optional<KnownFile> known(ModelFile file) {
        try {
            return Optional.of(KnownFile.open(file.paths(), file.header()));
        } catch (IOException unreadable) {
            log.warn("split.unmapped", "model", file.ref(), "cause", unreadable.toString());
            return Optional.empty();
        }
    }

    /** Buffers are rounded up, and compute buffers are counted on the host. */
    static final long SLACK_BYTES = 1L << 30;

    private int rpcMajor() {
        return order.engine().worker().orElseThrow().version().major();
    }

    /** Asks each worker's rpc-server for its version, through the tunnel that will carry the tensors. */
    private Optional<SplitState> awaitLeases() {
        var missing = new ArrayList<>(order.workers());
        long deadline = System.nanoTime() + LEASE_MAX.toNanos();
        try {
            while (!missing.isEmpty()) {
                listener.accept(new SplitState.Leasing(names(missing)));
                missing.removeIf(worker -> isLeased(worker));
                if (missing.isEmpty()) return Optional.empty();
                if (System.nanoTime() > deadline)
                    return Optional.of(ended(
                            SplitReason.WORKER_NOT_READY,
                            "no answer from " + String.join(", ", names(missing)) + " within " + LEASE_MAX.toSeconds()
                                    + " s"));
                Thread.sleep(LEASE_ASK_MILLIS);
            }
            return Optional.empty();
        } catch (InterruptedException stopped) {
            return Optional.of(new SplitState.Stopped());
        }
    }

    private boolean isLeased(NodeId worker) {
        int port = Check.present(tunnels.get(worker), "laid before").address().getPort();
        return WorkerCommand.readiness().ask(port) == Readiness.Answer.READY;
    }

    private SplitState serve() {
        var endpoints = tunnels.values().stream()
                .map(entry -> "127.0.0.1:" + entry.address().getPort())
                .toList();
        Serving serving = order.serving().over(new Serving.Workers(endpoints, order.units()));
        var launch = new Launch(
                order.model().name().replaceAll("[^A-Za-z0-9._-]", "_"),
                (port, apiKey) -> ServerCommand.of(order.engine(), serving, port, apiKey),
                Readiness.health(),
                order.file().bytes(),
                Launch.SILENCE_MAX,
                RestartPolicy.NEVER);
        Supervisor server = Supervisor.start(rooms.children(), rooms.ports(), launch, heard::add);
        try {
            return watch();
        } catch (InterruptedException stopped) {
            return new SplitState.Stopped();
        } finally {
            stop(server);
        }
    }

    /**
     * Uninterrupted: whoever stops a split waits for exactly this. An orderly llama-server frees its workers' buffers on
     * the way out; one that waits for a worker that is no more ends when its connections do.
     */
    private void stop(Supervisor server) {
        boolean isInterrupted = Thread.interrupted();
        Thread cutter = Thread.ofVirtual().name(thread.getName() + "-cut").start(() -> {
            try {
                Thread.sleep(ORDERLY_MILLIS);
                tunnels.values().forEach(Tunnels.Entry::cut);
            } catch (InterruptedException wentOrderly) {
                // Nothing is left to cut.
            }
        });
        try {
            server.stop();
        } catch (InterruptedException again) {
            isInterrupted = true;
        }
        cutter.interrupt();
        if (isInterrupted) Thread.currentThread().interrupt();
    }

    private SplitState watch() throws InterruptedException {
        long movedNanos = System.nanoTime();
        long sent = -1;
        boolean isReady = false;
        while (true) {
            ChildState next = heard.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
            if (next != null) movedNanos = System.nanoTime();
            switch (next) {
                case ChildState.Ready(int port, String apiKey) -> {
                    isReady = true;
                    logLoaded();
                    listener.accept(new SplitState.Ready(port, apiKey));
                }
                case ChildState.Failed(ExitReason reason, String message) -> {
                    return ended(judge(reason), message);
                }
                case ChildState.Restarting restarting -> {}
                case ChildState.Stopped() -> {
                    return new SplitState.Stopped();
                }
                case ChildState.Starting() -> {}
                case ChildState.Loading loading -> {}
                case null -> {}
            }
            if (isReady) continue;
            long now = sentBytes();
            if (now != sent) {
                sent = now;
                movedNanos = System.nanoTime();
                listener.accept(new SplitState.Loading(sent, order.dueBytes()));
            } else if (System.nanoTime() - movedNanos > STALL_MAX.toNanos()) {
                return ended(SplitReason.LOAD_STALLED, "nothing moved for " + STALL_MAX.toMinutes() + " minutes");
            }
        }
    }

    private void logLoaded() {
        List<Meter.Reading> readings = meters.values().stream().map(Meter::read).toList();
        log.info(
                "split.loaded",
                "model",
                order.model(),
                "sentBytes",
                readings.stream().mapToLong(Meter.Reading::toPeerBytes).sum(),
                "savedBytes",
                readings.stream().mapToLong(Meter.Reading::savedBytes).sum(),
                "loadMillis",
                (System.nanoTime() - startedNanos) / 1_000_000);
    }

    private long sentBytes() {
        return meters.values().stream()
                .mapToLong(meter -> meter.read().toPeerBytes())
                .sum();
    }

    private static SplitReason judge(ExitReason reason) {
        return switch (reason) {
            case RPC_LOST, RPC_UNREACHABLE -> SplitReason.WORKER_LOST;
            case RPC_VERSION_MISMATCH -> SplitReason.WORKER_VERSION;
            case WORKER_OUT_OF_MEMORY -> SplitReason.WORKER_OUT_OF_MEMORY;
            default -> reason.isLasting() ? SplitReason.ENGINE_FAILED : SplitReason.ENGINE_ENDED;
        };
    }

    private static List<String> names(List<NodeId> nodes) {
        return nodes.stream().map(NodeId::toString).toList();
    }
}
