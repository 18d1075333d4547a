package mesh.daemon.route;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import mesh.core.Snapshot;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Member;
import mesh.core.member.Profile.Phase;
import mesh.core.member.Profile.Served;
import mesh.core.member.Profile.Skill;
import mesh.core.openai.ApiError;
import mesh.core.route.Ask;
import mesh.core.route.Choice;
import mesh.core.route.Host;
import mesh.core.route.Lately;
import mesh.core.route.RouteReason;
import mesh.core.route.RouteTable;
import mesh.core.route.Routes;
import mesh.daemon.api.Models;
import mesh.daemon.edge.Course;
import mesh.daemon.edge.PeerHost;
import mesh.daemon.serve.LocalModels;

/**
 * All models of the mesh as one list, and for each request the way to a host. What peers serve is read from the loop's
 * snapshot; what this node serves is read from its own engines, which know it earlier. Called on event loops: reads
 * volatile fields, blocks never.
 */
public final class MeshModels implements Models {
    /** Who this node is until it has read its key: a request that early can only be answered here. */
    private static final NodeId UNNAMED = NodeId.of(new byte[NodeId.BYTES]);

    private static final int ID_CHARS_MIN = 8;

    /** As often as a loading model is asked for. */
    private static final int LOST_RETRY_SECONDS = 2;

    private final Supplier<Optional<Snapshot>> snapshots;
    private final LocalModels locals;
    private final String ownName;
    private final BooleanSupplier knowsAll;
    private final Ways ways;
    private final MeshCourse.Sight sight = new Looking();
    /** The loop's. */
    private List<Row> rowsBefore = List.of();

    private volatile View view = new View(Optional.empty(), -1, RouteTable.of(UNNAMED, List.of(), Map.of()), Map.of());

    /** A table with names, and what it was made from. */
    private record View(Optional<Snapshot> snapshot, long localVersion, RouteTable table, Map<NodeId, String> names) {}

    /**
     * @param knowsAll whether this node has looked at its own models and heard of its mesh, so that a name it does not know
     *     is nobody's
     * @param asked told of every model somebody asked for at our own port
     */
    public MeshModels(
            Supplier<Optional<Snapshot>> snapshots,
            LocalModels locals,
            String ownName,
            BooleanSupplier knowsAll,
            PeerHost.Reach reach,
            PeerSilence silence,
            Consumer<ModelRef> asked) {
        this.snapshots = snapshots;
        this.locals = locals;
        this.ownName = ownName;
        this.knowsAll = knowsAll;
        this.ways = new Ways(new Routes(), new Lately(), new WaitingRoom(), new Paces(), locals, reach, silence, asked);
    }

    @Override
    public List<Entry> list() {
        View now = view();
        var local = new LinkedHashMap<String, Entry>();
        for (Entry entry : locals.list()) local.put(entry.name(), entry);
        var entries = new TreeMap<String, Entry>();
        now.table.all().forEach((model, hosts) -> entries.put(model.name(), entry(model, hosts, local, now)));
        // Nobody announces a model before its memory is known; its operator sees it from the first moment.
        local.forEach(entries::putIfAbsent);
        for (String name : now.table.names()) entries.computeIfAbsent(name, cold -> cold(cold, now.table));
        return List.copyOf(entries.values());
    }

    @Override
    public Answer find(Wish wish) {
        View now = view();
        var exclude = new ArrayList<NodeId>();
        for (String name : wish.exclude()) exclude.addAll(nodes(name, now));
        Optional<NodeId> target = Optional.empty();
        if (wish.target().isPresent()) {
            List<NodeId> meant = nodes(wish.target().get(), now);
            if (meant.size() != 1)
                return new Answer.Unfit(
                        "x-mesh-target",
                        meant.isEmpty() ? "target_unknown" : "target_ambiguous",
                        (meant.isEmpty() ? "no node" : meant.size() + " nodes") + " of this mesh answer to '"
                                + wish.target().get() + "'; GET /v1/models lists the hosts of each model");
            target = Optional.of(meant.getFirst());
        }
        String model = wish.model().isEmpty() ? Ask.AUTO : wish.model();
        var ask = new Ask(model, wish.skills(), wish.prefixHash(), 0, target, exclude, List.of());
        Choice choice = ways.choose(now.table, ask);
        return choice instanceof Choice.Chosen || MeshCourse.isWorthWaiting(ways, ask, choice)
                ? new Answer.Ready(new MeshCourse(ways, sight, ask, wish.caller(), choice))
                : obstacle(ask, choice);
    }

    @Override
    public Optional<Answer> obstacle(String model) {
        Ask ask = Ask.of(model.isEmpty() ? Ask.AUTO : model);
        Choice choice = ways.preview(view().table, ask);
        return choice instanceof Choice.Chosen ? Optional.empty() : Optional.of(obstacle(ask, choice));
    }

    private Answer obstacle(Ask ask, Choice choice) {
        String model = ask.model();
        return switch (choice) {
            case Choice.Chosen chosen -> throw new IllegalArgumentException("chosen: " + chosen.host());
            case Choice.NoSuchModel(var asked, var near) -> unlisted(model, near);
            case Choice.NotReady(var reason, var retryMillis, var rejected) ->
                notReady(model, reason, seconds(retryMillis));
            case Choice.AllBusy(var retryMillis, var rejected) -> new Answer.Busy(model, seconds(retryMillis));
            case Choice.NoneFits(var reason, var rejected)
            when reason == RouteReason.LACKS_SKILL -> Blindness.of(ask, view.table);
            case Choice.NoneFits(var reason, var rejected) ->
                new Answer.Unfit("model", code(reason), "no host of the model '" + model + "' can: " + reason.code());
        };
    }

    /** The mesh changed: requests that wait look again if a host came or went. Called by the loop; returns at once. */
    public void changed(Snapshot now) {
        var lives = new LinkedHashMap<NodeId, Long>();
        lives.put(now.self(), 0L);
        for (Member peer : now.peers()) lives.put(peer.id(), peer.said().incarnation());
        ways.lately().seen(now.routes(), lives, model -> now.outcomes().containsKey(model), Ways.nowMillis());
        var rows = new ArrayList<Row>();
        for (List<Host> hosts : now.routes().all().values())
            for (Host host : hosts)
                rows.add(new Row(host.node(), host.model(), host.served().phase()));
        if (rows.equals(rowsBefore)) return;
        rowsBefore = rows;
        ways.room().wakeAll();
    }

    /** Who runs what; the rest of the table, such as the load of each host, changes all the time. */
    private record Row(NodeId node, ModelRef model, Phase phase) {}

    /** How many requests wait for a host. */
    public int waiting() {
        return ways.room().size();
    }

    /** What courses see of this node's view. */
    private final class Looking implements MeshCourse.Sight {
        @Override
        public RouteTable table() {
            return view().table;
        }

        @Override
        public String nameOf(NodeId node) {
            return view.names.getOrDefault(node, node.toString());
        }

        @Override
        public ApiError refusal(Ask ask, Choice choice) {
            return obstacle(ask, choice).error(ask.model());
        }
    }

    /** The way to one of this node's own engines, for a peer: it never leads on to another node. */
    public Optional<Course> here(String model, String asker) {
        return locals.engine(model).isPresent()
                ? Optional.of(Course.only(new LocalLeg(locals, ownName, model, asker)))
                : Optional.empty();
    }

    private Answer unlisted(String model, List<String> near) {
        if (model.equals(Ask.AUTO)) return new Answer.Nothing();
        Optional<Answer> local = locals.find(model);
        if (local.isPresent()) return local.get();
        if (ways.lately().slots(model, Ways.nowMillis()).isPresent())
            return new Answer.Unable(
                    model, code(RouteReason.HOST_LOST), "lost its hosts a moment ago", LOST_RETRY_SECONDS);
        if (!knowsAll.getAsBoolean())
            return new Answer.Loading(model, "this node has just started and does not know every model yet", 1);
        return new Answer.Unknown(near);
    }

    private Answer notReady(String model, RouteReason reason, int retrySeconds) {
        Optional<Answer> local = model.equals(Ask.AUTO) ? locals.first() : locals.find(model);
        if (local.isPresent()) return local.get();
        if (model.equals(Ask.AUTO) && view.table.names().isEmpty()) return new Answer.Nothing();
        return switch (reason) {
            case LOADING -> new Answer.Loading(model, "on another node", retrySeconds);
            case WAITING_FOR_MEMORY ->
                new Answer.Unable(model, code(reason), "waits for more memory in the mesh", retrySeconds);
            case NOT_LOADED -> new Answer.Unable(model, code(reason), "is run by no node yet", retrySeconds);
            case PARKED -> new Answer.Unable(model, code(reason), "failed on its hosts a moment ago", retrySeconds);
            default -> new Answer.Unable(model, code(reason), "cannot be answered now: " + reason.code(), retrySeconds);
        };
    }

    private static String code(RouteReason reason) {
        return reason.code().replace('-', '_');
    }

    // Names.

    private List<NodeId> nodes(String said, View now) {
        var meant = new LinkedHashSet<NodeId>();
        now.names.forEach((id, name) -> {
            boolean isId = said.length() >= ID_CHARS_MIN && id.hex().startsWith(said);
            if (isId || name.equals(said)) meant.add(id);
        });
        return List.copyOf(meant);
    }

    // The table.

    /** Two threads that find it old at the same time make it twice; that does no harm. */
    private View view() {
        Optional<Snapshot> snapshot = snapshots.get();
        long version = locals.version();
        View known = view;
        if (version == known.localVersion && isSame(snapshot, known.snapshot)) return known;
        View fresh = make(snapshot, version);
        ways.routes().seen(fresh.table);
        view = fresh;
        return fresh;
    }

    @SuppressWarnings(
            "ReferenceEquality") // The loop makes a new snapshot when something changed; comparing all costs more.
    private static boolean isSame(Optional<Snapshot> one, Optional<Snapshot> other) {
        return one.isPresent() == other.isPresent() && (one.isEmpty() || one.get() == other.get());
    }

    private View make(Optional<Snapshot> snapshot, long version) {
        NodeId self = snapshot.map(Snapshot::self).orElse(UNNAMED);
        var names = new LinkedHashMap<NodeId, String>();
        names.put(self, ownName);
        var hosts = new ArrayList<Host>();
        var absent = new TreeMap<ModelRef, RouteReason>();
        if (snapshot.isPresent()) {
            for (Member peer : snapshot.get().peers())
                names.put(peer.id(), printable(peer.profile().name(), peer.id()));
            RouteTable told = snapshot.get().routes();
            told.all()
                    .values()
                    .forEach(all -> all.stream().filter(host -> !host.isLocal()).forEach(hosts::add));
            for (String name : told.names())
                told.absence(new ModelRef(name)).ifPresent(why -> absent.put(new ModelRef(name), why));
        }
        for (Served row : locals.rows()) hosts.add(new Host(self, row, 0, true, false));
        return new View(snapshot, version, RouteTable.of(self, hosts, absent), names);
    }

    /** A name goes into headers; what others call themselves is theirs to choose. */
    private static String printable(String name, NodeId id) {
        String plain = name.replaceAll("[^ -~]", "").strip();
        return plain.isEmpty() ? id.toString() : plain;
    }

    // Lists.

    private static Entry entry(ModelRef model, List<Host> hosts, Map<String, Entry> local, View now) {
        Entry own = local.get(model.name());
        State state = State.FAILED;
        int ctxTokens = 0;
        long bytes = 0;
        var names = new ArrayList<String>();
        var skills = new TreeSet<Skill>();
        for (Host host : hosts) {
            Phase phase = host.served().phase();
            if (phase == Phase.READY) skills.addAll(host.served().skills());
            if (phase == Phase.READY) state = State.READY;
            else if (phase != Phase.FAILED && state != State.READY) state = State.LOADING;
            ctxTokens = Math.max(ctxTokens, host.served().ctxTokens());
            bytes = Math.max(bytes, host.served().sizeBytes());
            if (phase != Phase.FAILED)
                names.add(now.names.getOrDefault(host.node(), host.node().toString()));
        }
        String owner = names.isEmpty() ? "mesh" : names.getFirst();
        String detail = state == State.READY ? "" : own != null ? own.detail() : "on another node";
        return new Entry(
                model.name(), state, detail, ctxTokens, bytes, STARTED_SECONDS, owner, names, List.copyOf(skills));
    }

    private static Entry cold(String name, RouteTable table) {
        String why = table.absence(new ModelRef(name)).map(RouteReason::code).orElse("");
        return new Entry(name, State.COLD, why, 0, 0, STARTED_SECONDS, "mesh", List.of());
    }

    private static final long STARTED_SECONDS = TimeUnit.MILLISECONDS.toSeconds(System.currentTimeMillis());

    private static int seconds(long millis) {
        return Math.clamp((millis + 999) / 1_000, 1, 3_600);
    }
}
