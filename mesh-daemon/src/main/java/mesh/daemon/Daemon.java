package mesh.daemon;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import mesh.core.Event;
import mesh.core.id.NodeId;
import mesh.core.wire.StreamType;
import mesh.daemon.api.DiscoverApi;
import mesh.daemon.api.Management.ModelStatus;
import mesh.daemon.api.ManagementApi;
import mesh.daemon.api.OllamaApi;
import mesh.daemon.api.OpenAiApi;
import mesh.daemon.api.PeerApi;
import mesh.daemon.blob.Copies;
import mesh.daemon.edge.Action;
import mesh.daemon.edge.ChangingFiles;
import mesh.daemon.edge.EdgeLoops;
import mesh.daemon.edge.EdgeServer;
import mesh.daemon.edge.EdgeSettings;
import mesh.daemon.edge.PeerPort;
import mesh.daemon.edge.RouteTable;
import mesh.daemon.edge.Served;
import mesh.daemon.edge.StaticFiles;
import mesh.daemon.engine.EngineShelf;
import mesh.daemon.feed.Entities;
import mesh.daemon.feed.Feed;
import mesh.daemon.fetch.Network;
import mesh.daemon.fetch.Patience;
import mesh.daemon.hardware.Cores;
import mesh.daemon.hardware.Memory;
import mesh.daemon.hardware.PortHolder;
import mesh.daemon.listing.Publisher;
import mesh.daemon.log.Log;
import mesh.daemon.log.LogOutput;
import mesh.daemon.log.RecentLines;
import mesh.daemon.loop.Belonging;
import mesh.daemon.loop.Unable;
import mesh.daemon.models.Arrivals;
import mesh.daemon.models.Catalog;
import mesh.daemon.models.Downloads;
import mesh.daemon.models.Hub;
import mesh.daemon.models.ModelStore;
import mesh.daemon.process.Children;
import mesh.daemon.process.Confinement;
import mesh.daemon.process.LoopbackPorts;
import mesh.daemon.quic.Peer;
import mesh.daemon.quic.QuicEndpoint;
import mesh.daemon.quic.WaitingStream;
import mesh.daemon.route.MeshModels;
import mesh.daemon.serve.EngineRoom;
import mesh.daemon.serve.Limits;
import mesh.daemon.serve.LocalModels;
import mesh.daemon.split.Mates;
import mesh.daemon.split.Splits;
import mesh.daemon.store.DataDir;
import mesh.daemon.store.Whereabouts;
import mesh.daemon.tunnel.RpcTunnels;

/**
 * One node: its parts started in one order and stopped in the reverse. The API answers as soon as {@link #open} returns,
 * while models are still to come. Opened, run and closed by one thread; a stop may be asked for from any.
 */
public final class Daemon implements AutoCloseable {
    private static final Log log = Log.of(Daemon.class);

    /** Answers under way may end; a person at Ctrl-C who wants it sooner presses it again. */
    private static final Duration DRAIN = Duration.ofSeconds(10);

    /** The endpoint's own bound on a handshake, and a little for the way back. */
    private static final Duration REACHED = Duration.ofSeconds(12);

    private static final String CONSOLE_FOLDER = "mesh/console";

    /**
     * The page's own files and this daemon, nothing else; text becomes markup through the page's sanitiser or not at all.
     * Pictures stand in the page itself, which draws what a person attached; none is fetched.
     */
    private static final String CONSOLE_POLICY = "default-src 'none'; script-src 'self'; style-src 'self';"
            + " img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none';"
            + " frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types dompurify";

    private final Config config;
    private final Consumer<String> terminal;
    private final Deque<Part> parts = new ArrayDeque<>();
    private final BlockingQueue<Stop> stops = new LinkedBlockingQueue<>(1);
    private final Requests requests = new Requests();
    private final DataDir dataDir;
    private final RecentLines lines;
    private final Machine machine;
    private final int cores = Cores.physical();
    private final Children children;
    private final EngineRoom engines;
    private final EdgeLoops loops;
    private final ModelStore store;
    private final Arrivals arrivals;
    private final LocalModels models;
    private final Hosting hosting;
    private final Rendezvous rendezvous;
    private final Belonging belonging;
    private final MeshModels mesh;
    private volatile boolean hasLookedAtModels;
    private volatile boolean hasHeardOfMesh;

    /** What must be done about a part that was started. */
    private interface Part {
        void stop() throws IOException, InterruptedException;
    }

    /** Why the daemon ends. */
    private sealed interface Stop {
        record Asked(String reason) implements Stop {}

        record Failed(Refusal refusal) implements Stop {}
    }

    private Daemon(Config config, Consumer<String> terminal, DataDir dataDir, RecentLines lines)
            throws IOException, InterruptedException, Refusal {
        this.lines = lines;
        this.config = config;
        this.terminal = terminal;
        this.dataDir = dataDir;
        this.children = new Children(dataDir.run(), dataDir.log(), new Confinement(dataDir.root()));
        this.engines =
                new EngineRoom(config.engine().binDir(), new EngineShelf(dataDir.engine()), config.offline(), terminal);
        this.machine = Machine.looking(config, engines::look);
        this.loops = EdgeLoops.start();
        this.store = new ModelStore(
                dataDir.models(),
                Catalog::bundled,
                new Hub(config.fetching().hub()),
                config.fetching().caches(),
                config.serve().eyes());
        var network = Network.of(
                System.getenv(), config.fetching().hub(), config.fetching().bytesPerSecondMax(), Patience.USUAL);
        var copies =
                new Copies(store, config.fetching()::isShared, config.fetching().givenBytesPerSecondMax());
        var downloads = new Downloads(store, network, config.offline(), copies).within(gauge());
        this.arrivals = new Arrivals(store, downloads);
        var ports = new LoopbackPorts();
        var splits = new Splits(children, ports);
        var rooms = new LocalModels.Parts(store, downloads, engines, children, ports, loops, splits, terminal);
        this.models = new LocalModels(
                rooms,
                this::limits,
                new LocalModels.Sharing(config.serve().isSplit(), config.serve().ratios()),
                config.serve().draft());
        this.hosting = new Hosting(
                config.name(),
                config.mesh().isClient(),
                machine,
                models,
                engines,
                store,
                dataDir.models(),
                config.offline());
        models.report(hosting);
        this.rendezvous = new Rendezvous(config, dataDir.root(), terminal);
        var plan = new Belonging.Plan(
                dataDir.root(),
                config.mesh().invites(),
                rendezvous.finder(),
                config.mesh().isEphemeral(),
                config.mesh().bind(),
                config.mesh().reach(),
                terminal);
        this.belonging = new Belonging(plan, hosting::facts, hosting, this::fail);
        copies.connect(new Neighbourhood(belonging, !config.mesh().invites().isEmpty()));
        belonging.onSocket(socket ->
                socket.takes(StreamType.BLOB, WaitingStream.each("copy-answer", Copies.SILENCE, copies::answer)));
        this.mesh = new MeshModels(
                belonging::snapshot,
                models,
                config.name(),
                this::knowsAll,
                belonging::reach,
                belonging::silentMillis,
                hosting::asked);
        belonging.onChange(mesh::changed);
        belonging.onSocket(socket -> layTunnels(socket, splits, config.serve().patience()));
    }

    private Limits limits() {
        Memory memory = machine.memory();
        return new Limits(
                memory.usableBytes(),
                cores,
                config.serve().ctxTokens(),
                config.serve().parallel(),
                config.serve().threads(),
                config.serve().devices(),
                memory.forSplits());
    }

    /** A mesh that was joined, or is to split, may gather what one machine lacks. */
    private Downloads.Gauge gauge() {
        return new Downloads.Gauge() {
            @Override
            public long usableBytes() {
                return machine.memory().usableBytes();
            }

            @Override
            public long meshBytes() {
                return machine.memory().usableBytes()
                        + belonging.snapshot().stream()
                                .flatMap(now -> now.peers().stream())
                                .mapToLong(peer -> peer.profile().usableBytes())
                                .sum();
            }

            @Override
            public boolean mayGrow() {
                return config.serve().isSplit()
                        || config.isJoining()
                        || belonging
                                .snapshot()
                                .filter(now -> !now.peers().isEmpty())
                                .isPresent();
            }
        };
    }

    private void layTunnels(QuicEndpoint endpoint, Splits splits, Duration patience) {
        RpcTunnels.Ties ties =
                (peer, stands) -> belonging.loop().ifPresent(loop -> loop.tell(new Event.Tied(peer, stands)));
        var tunnels = new RpcTunnels(endpoint, patience, ties);
        endpoint.takes(StreamType.RPC, tunnels::answer);
        splits.connect(
                new Mates() {
                    @Override
                    public Optional<Peer> reach(NodeId node) throws InterruptedException {
                        return belonging.reach(node, REACHED);
                    }

                    @Override
                    public Optional<Peer> connected(NodeId node) {
                        return endpoint.peer(node);
                    }
                },
                tunnels);
    }

    /** @param isWatched whether somebody reads {@code terminal} as it is written, and so needs no account of all events */
    public static Daemon open(Config config, Consumer<String> terminal, boolean isWatched)
            throws Refusal, InterruptedException {
        DataDir dataDir = open(config.dataDir());
        RecentLines lines = LogOutput.open(config.log().format(), config.log().level(), dataDir.log(), isWatched);
        Daemon daemon;
        try {
            daemon = new Daemon(config, terminal, dataDir, lines);
        } catch (Refusal | InterruptedException refused) {
            dataDir.close();
            throw refused;
        } catch (IOException unusable) {
            dataDir.close();
            throw new Refusal(
                    Refusal.FAILED,
                    "data_dir_unusable",
                    "cannot use " + config.dataDir() + ": " + unusable.getMessage());
        }
        try {
            daemon.start();
            return daemon;
        } catch (Refusal refusal) {
            daemon.close();
            throw refusal;
        }
    }

    /** Takes up the models of the configuration, on a thread of its own; what makes that impossible ends the daemon. */
    public void serve() {
        Thread.ofVirtual().name("serve").start(() -> {
            try {
                takeUpModels();
            } catch (Refusal refusal) {
                stops.offer(new Stop.Failed(refusal));
            } catch (InterruptedException ending) {
                // Only the JVM's end interrupts this thread.
            }
        });
    }

    private void fail(Unable unable) {
        stops.offer(new Stop.Failed(new Refusal(unable.exitCode(), unable.code(), unable.message())));
    }

    /** How the models of this node stand now. Any thread. */
    public List<ModelStatus> models() {
        return models.status();
    }

    /** Asks the daemon to stop; false when it is stopping already. Any thread. */
    public boolean requestStop(String reason) {
        return stops.offer(new Stop.Asked(reason));
    }

    /** Waits until somebody asks for a stop, and answers why; later requests are then known as such. */
    public String awaitStop() throws Refusal, InterruptedException {
        Stop stop = stops.take();
        stops.offer(stop);
        return switch (stop) {
            case Stop.Asked(String reason) -> reason;
            case Stop.Failed(Refusal refusal) -> throw refusal;
        };
    }

    /** Ends the engines at once, for somebody who cannot wait. Any thread. */
    public void killChildren() {
        children.killAll();
    }

    @Override
    public void close() {
        log.info("node.stopping");
        try {
            while (!parts.isEmpty()) stop(parts.pop());
        } catch (InterruptedException hurried) {
            children.killAll();
        }
        dataDir.close();
    }

    private void takeUpModels() throws Refusal, InterruptedException {
        var refused = models.draftRefusal();
        if (refused.isPresent())
            throw new Refusal(
                    Refusal.FAILED, refused.get().code(), refused.get().message());
        for (String said : config.models())
            if (models.add(said) instanceof LocalModels.Wish.Refused(String code, String message, boolean isMissing))
                throw new Refusal(Refusal.FAILED, code, message);
        hasLookedAtModels = true;
        if (!config.models().isEmpty()
                && engines.engine() instanceof EngineRoom.Answer.Missing(String code, String message))
            throw new Refusal(Refusal.MISSING, code, message);
        log.info("node.ready", "node", config.name());
    }

    /** A node that was told to join knows little until it has heard of its mesh once. */
    private boolean knowsAll() {
        boolean isJoining = config.isJoining();
        if (!hasHeardOfMesh)
            hasHeardOfMesh = belonging
                    .snapshot()
                    .filter(now -> !isJoining || !now.peers().isEmpty())
                    .isPresent();
        return hasLookedAtModels && hasHeardOfMesh;
    }

    private void start() throws Refusal {
        log.info(
                "node.starting",
                "version",
                Version.text(),
                "pid",
                ProcessHandle.current().pid(),
                "dataDir",
                dataDir.root());
        try {
            parts.push(loops::close);
            parts.push(children::stopAll);
            children.endLeftovers();
            parts.push(models::stopAll);
            List<String> origins = config.callers().origins();
            EdgeServer api = listen("api", config.ports().api(), "--port", origins, apiRoutes(), this::served);
            String apiUrl = url(api.port());
            log.info("api.ready", "url", apiUrl, "port", api.port());
            String management = management(apiUrl);
            new Whereabouts(ProcessHandle.current().pid(), apiUrl, management).write(dataDir.root());
            parts.push(() -> Whereabouts.remove(dataDir.root()));
            terminal.accept("API      " + apiUrl + "/v1");
            if (!management.isEmpty()) terminal.accept("Console  " + management);
            answerPeers();
            // The mesh is told what stands, and elects by it.
            machine.await();
            belonging.start();
            parts.push(belonging::close);
            hosting.start(belonging);
            parts.push(hosting::close);
            if (config.listing().isPublished()) {
                Publisher publisher = rendezvous.publisher(belonging);
                publisher.start();
                parts.push(publisher::close);
            }
        } catch (IOException unusable) {
            throw new Refusal(
                    Refusal.FAILED,
                    "data_dir_unusable",
                    "cannot write " + dataDir.root() + ": " + unusable.getMessage());
        }
    }

    private RouteTable apiRoutes() {
        var routes = new RouteTable();
        var openAi = new OpenAiApi(mesh);
        openAi.addTo(routes);
        new OllamaApi(openAi, mesh).addTo(routes);
        routes.local("GET", "/metrics", exchange -> exchange.respond(200, "text/plain; version=0.0.4", metrics()));
        return routes;
    }

    private String metrics() {
        int peers = belonging.snapshot().map(now -> now.peers().size()).orElse(0);
        return requests.metrics(models.waiting(), mesh.waiting(), peers);
    }

    /** Requests of peers come over the socket, so they end with it; what they ask is answered by engines of this node. */
    private void answerPeers() throws IOException {
        var routes = new RouteTable();
        new PeerApi(mesh::here).addTo(routes);
        var settings = EdgeSettings.loopbackOnly(dataDir.root().resolve("state").resolve("peers"));
        var peers = new PeerPort(loops, routes, settings, this::served);
        belonging.onSocket(socket -> socket.takes(StreamType.HTTP, peers::answer));
        parts.push(() -> peers.close(DRAIN));
    }

    private void served(Served served) {
        if (served.asker().isEmpty()) requests.served(served);
        else requests.relayed(served);
        served.record().ifPresent(record -> {
            String model = served.labels().getOrDefault("x-mesh-model", "");
            boolean isOurs = served.labels().getOrDefault("x-mesh-node", "").equals(config.name());
            if (isOurs && record.usage().milliTokensPerSecond() > 0)
                models.measured(model, record.usage().milliTokensPerSecond());
        });
    }

    /** The management API's root, or nothing when none is wanted. */
    private String management(String apiUrl) throws IOException, Refusal {
        if (config.ports().console() == Config.Console.OFF) return "";
        var routes = new RouteTable();
        var management = new NodeManagement(
                config.name(),
                apiUrl,
                machine,
                models,
                belonging,
                rendezvous,
                requests,
                store,
                arrivals,
                this::requestStop);
        parts.push(arrivals::close);
        new ManagementApi(management).addTo(routes);
        new DiscoverApi(rendezvous).addTo(routes);
        var sight = new NodeSight(config, management, mesh, models, belonging);
        new Feed(new Entities(sight::look), lines, Feed.boot(), System::currentTimeMillis).addTo(routes);
        if (config.ports().console() == Config.Console.FULL) {
            // The page talks to models on its own port, so that it needs no leave to call another one.
            new OpenAiApi(mesh).addTo(routes);
            routes.local("GET", "/*", page());
        }
        EdgeServer console =
                listen("console", config.ports().consolePort(), "--console", List.of(), routes, this::servedToThePage);
        sight.openedAt(url(console.port()));
        log.info("console.ready", "url", url(console.port()), "port", console.port());
        return url(console.port());
    }

    /** What only looks at the node is no request of anybody. */
    private void servedToThePage(Served served) {
        if (served.record().isPresent()) served(served);
    }

    private Action.Handler page() throws IOException {
        if (config.ports().consoleDir().isEmpty())
            return StaticFiles.fromClassPath(Daemon.class.getClassLoader(), CONSOLE_FOLDER, CONSOLE_POLICY)::serve;
        var folder = new ChangingFiles(config.ports().consoleDir().get(), CONSOLE_POLICY);
        parts.push(folder::close);
        return folder::serve;
    }

    private EdgeServer listen(
            String name, int port, String flag, List<String> origins, RouteTable routes, Consumer<Served> observer)
            throws IOException, Refusal {
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        var settings = EdgeSettings.loopbackOnly(dataDir.root().resolve("state").resolve(name))
                .withCallers(config.callers().hostNames(), origins);
        try {
            EdgeServer server = EdgeServer.start(loops, address, routes, settings, observer);
            parts.push(() -> server.close(DRAIN));
            return server;
        } catch (BindException failed) {
            throw portRefused(port, flag, failed);
        }
    }

    private static Refusal portRefused(int port, String flag, BindException failed) {
        String advice = "; choose another with " + flag + ", or 0 for any";
        boolean isTaken = String.valueOf(failed.getMessage()).contains("in use");
        if (!isTaken) return new Refusal(Refusal.FAILED, "port_unusable", failed.getMessage() + advice);
        String holder = PortHolder.of(port).map(h -> " by " + h).orElse("");
        return new Refusal(Refusal.FAILED, "port_taken", "port " + port + " is taken" + holder + advice);
    }

    private static void stop(Part part) throws InterruptedException {
        try {
            part.stop();
        } catch (IOException left) {
            log.warn("node.unclean", "cause", left);
        }
    }

    private static String url(int port) {
        return "http://127.0.0.1:" + port;
    }

    private static DataDir open(java.nio.file.Path root) throws Refusal {
        return switch (DataDir.open(root)) {
            case DataDir.Opening.Opened(DataDir dataDir) -> dataDir;
            case DataDir.Opening.Locked(var where, String holder) ->
                throw new Refusal(
                        Refusal.FAILED,
                        "data_dir_locked",
                        "data dir " + where + " is used by the node with pid " + holder
                                + "; stop that one with mesh stop, or choose another with --data-dir");
            case DataDir.Opening.Unusable(var where, String why) ->
                throw new Refusal(
                        Refusal.FAILED,
                        "data_dir_unusable",
                        "cannot use data dir " + where + ": " + why + "; choose another with --data-dir");
        };
    }
}
