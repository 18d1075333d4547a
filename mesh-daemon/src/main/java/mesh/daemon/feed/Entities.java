package mesh.daemon.feed;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import mesh.core.Snapshot;
import mesh.core.demand.Demand;
import mesh.core.elect.Outcome;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Profile;
import mesh.core.member.Profile.OnDisk;
import mesh.core.member.Profile.Phase;
import mesh.core.member.Profile.Served;
import mesh.core.route.Host;
import mesh.core.route.RouteReason;
import mesh.daemon.api.Management.DownloadStatus;
import mesh.daemon.api.Management.ModelStatus;
import mesh.daemon.api.Management.PeerStatus;
import mesh.daemon.api.Management.ProgressStatus;
import mesh.daemon.api.ManagementApi;
import mesh.daemon.api.Models;

/**
 * Says what a {@link Sight} holds as entities, in the words of docs/api.md: {@code self}, {@code listing}, and
 * {@code node/}, {@code model/}, {@code operation/}, {@code request/} with an id. Remembers who was here before. Owned by {@link Feed}.
 */
public final class Entities implements Feed.Source {
    private final Supplier<Sight> eyes;
    private final RollCall rollCall = new RollCall();
    private final Speeds speeds = new Speeds();

    public Entities(Supplier<Sight> eyes) {
        this.eyes = eyes;
    }

    @Override
    public SortedMap<String, Object> entities(long nowMillis) {
        Sight sight = eyes.get();
        var all = new TreeMap<String, Object>();
        all.put("self", self(sight));
        all.put("listing", listing(sight));
        nodes(sight, nowMillis).forEach(node -> all.put("node/" + node.get("id"), node));
        models(sight, all);
        operations(sight, nowMillis, all);
        for (Map<String, Object> request : sight.requests()) all.put("request/" + request.get("id"), request);
        return all;
    }

    // This node.

    private static Map<String, Object> self(Sight sight) {
        var status = sight.status();
        var home = sight.home();
        return new Entity()
                .known("id", status.node().id())
                .with("name", status.node().name())
                .with("version", status.version())
                .known("role", status.node().role())
                .with("state", state(sight))
                .known("address", status.node().address())
                .known("meshId", status.meshId())
                .known("meshName", home.meshName())
                .with(
                        "apiPort",
                        Integer.parseInt(
                                status.apiUrl().substring(1 + status.apiUrl().lastIndexOf(':'))))
                .with("apiUrl", status.apiUrl())
                .known("consoleUrl", home.consoleUrl())
                .with("startedMillis", home.startedMillis())
                .with("offline", home.isOffline())
                .known("joinCommand", sight.joinCommand().orElse(""))
                .with("queue", sight.waiting())
                .with("memoryBytes", status.memory().usableBytes())
                .with("memoryTotalBytes", status.memory().totalBytes())
                .with("memorySource", status.memory().source())
                .with("requests", status.requests())
                .with("carried", status.carried())
                .with("refused", status.refused())
                .fields();
    }

    /** What stands first is what a person wants to hear first. */
    private static String state(Sight sight) {
        if (sight.snapshot().isEmpty()) return "starting";
        List<String> states =
                sight.status().models().stream().map(ModelStatus::state).toList();
        for (String state : List.of("ready", "loading", "waiting", "failed"))
            if (states.contains(state)) return state.equals("ready") ? "serving" : state;
        return "idle";
    }

    private static Map<String, Object> listing(Sight sight) {
        var listing = new Entity();
        sight.status()
                .listing()
                .ifPresentOrElse(
                        now -> {
                            listing.with("published", now.isPublished()).known("name", now.name());
                            ManagementApi.shown(now).forEach(listing::with);
                        },
                        () -> listing.with("published", false));
        return listing.fields();
    }

    // Nodes.

    private List<Map<String, Object>> nodes(Sight sight, long nowMillis) {
        if (sight.snapshot().isEmpty()) return List.of();
        Snapshot snapshot = sight.snapshot().get();
        Map<NodeId, Profile> profiles = snapshot.view();
        Map<NodeId, Long> used = Memory.used(profiles);
        var here = new LinkedHashMap<String, Map<String, Object>>();
        for (PeerStatus peer : sight.status().peers()) {
            var id = NodeId.parse(peer.id());
            Profile profile = profiles.get(id);
            if (profile != null) here.put(peer.id(), node(peer, profile, used.getOrDefault(id, 0L), sight, nowMillis));
        }
        var nodes = new ArrayList<>(rollCall.missing(here, sight.departed(), nowMillis));
        nodes.addAll(here.values());
        nodes.add(own(sight, snapshot, used.getOrDefault(snapshot.self(), 0L)));
        return nodes;
    }

    private static Map<String, Object> own(Sight sight, Snapshot snapshot, long usedBytes) {
        Profile own = snapshot.own();
        return new Entity()
                .with("id", snapshot.self().hex())
                .with("name", sight.status().node().name())
                .with("role", own.role().name().toLowerCase(Locale.ROOT))
                .with("state", "self")
                .known("version", own.engine().version())
                .known("memoryBytes", sight.status().memory().usableBytes())
                .with("memoryUsedBytes", usedBytes)
                .with("models", served(own))
                .with("path", "self")
                .with("clients", sight.clients())
                .fields();
    }

    private Map<String, Object> node(PeerStatus peer, Profile profile, long usedBytes, Sight sight, long nowMillis) {
        long silent = sight.silentMillis().getOrDefault(peer.id(), Long.MAX_VALUE);
        var node = new Entity()
                .with("id", peer.id())
                .with("name", peer.name())
                .with("role", peer.role())
                .with("state", peer.state())
                .known("version", peer.version())
                .known("memoryBytes", peer.memoryBytes());
        // A client holds no profiles of others but what their hosts say, and those that only ask lend nothing.
        if (peer.memoryBytes() > 0) node.with("memoryUsedBytes", usedBytes);
        node.with("models", served(profile));
        if (peer.rttMillis() >= 0) node.with("rttMillis", rollCall.rtt(peer.id(), peer.rttMillis()));
        return node.known("path", peer.pathKind().equals("relayed") ? "relay" : peer.pathKind())
                .known("via", peer.via())
                .with("heardMillis", rollCall.heard(peer.id(), nowMillis - Math.min(silent, peer.ageMillis())))
                .fields();
    }

    private static List<String> served(Profile profile) {
        return profile.served().stream()
                .filter(row -> row.phase() == Phase.READY)
                .map(row -> row.model().name())
                .toList();
    }

    // Models.

    private static void models(Sight sight, SortedMap<String, Object> all) {
        Map<NodeId, Profile> view = sight.snapshot().map(Snapshot::view).orElse(Map.of());
        Map<ModelRef, Long> demand = Demand.totals(view.values());
        var local = new TreeMap<String, ModelStatus>();
        for (ModelStatus status : sight.status().models()) local.put(status.name(), status);
        for (Models.Entry entry : sight.models()) {
            var ref = new ModelRef(entry.name());
            var model = new Entity()
                    .with("name", entry.name())
                    .with("state", entry.state().name().toLowerCase(Locale.ROOT));
            describe(model, entry, Optional.ofNullable(local.get(entry.name())), sight.snapshot(), ref);
            model.with("demandPerMinute", demand.getOrDefault(ref, 0L) / 1_000.0);
            all.put("model/" + entry.name(), model.fields());
        }
    }

    private static void describe(
            Entity model, Models.Entry entry, Optional<ModelStatus> here, Optional<Snapshot> snapshot, ModelRef ref) {
        List<Host> hosts = snapshot.map(now -> now.routes().hosts(ref)).orElse(List.of());
        String absence = snapshot.flatMap(now -> now.routes().absence(ref))
                .map(RouteReason::code)
                .map(code -> code.replace('-', '_'))
                .orElse("");
        model.known("reason", here.map(ModelStatus::reason).orElse(absence))
                .known("detail", here.map(ModelStatus::detail).orElse(hosts.isEmpty() ? "" : entry.detail()))
                .known("mode", here.map(ModelStatus::mode).orElse(""))
                .with(
                        "hosts",
                        hosts.stream()
                                .filter(host -> host.served().phase() != Phase.FAILED)
                                .map(host -> host.node().hex())
                                .toList())
                .known(
                        "split",
                        hosts.stream().flatMap(host -> shares(host).stream()).toList())
                .known("contextTokens", entry.contextTokens())
                .known("skills", entry.skillWords())
                .known(
                        "slots",
                        here.map(ModelStatus::slots)
                                .orElse(
                                        hosts.isEmpty()
                                                ? 0
                                                : hosts.getFirst().served().slots()))
                .known("sizeBytes", entry.sizeBytes());
        long needBytes = here.map(ModelStatus::needBytes).orElse(0L);
        if (snapshot.map(now -> now.outcomes().get(ref)).orElse(null) instanceof Outcome.Waiting waiting)
            model.known("needBytes", waiting.needBytes()).known("haveBytes", waiting.haveBytes());
        else model.known("needBytes", needBytes);
        int outstanding =
                hosts.stream().mapToInt(host -> host.served().outstanding()).sum();
        long speed = hosts.stream()
                .mapToLong(host -> host.served().milliTokensPerSecond())
                .max()
                .orElse(0);
        model.with("outstanding", outstanding);
        here.flatMap(ModelStatus::progress).ifPresent(progress -> model.with("loading", ManagementApi.shown(progress)));
        if (speed > 0) model.with("tokensPerSecond", speed / 1_000.0);
    }

    /** What goes on here and can be measured: models that are fetched, read or sent to workers. */
    private void operations(Sight sight, long nowMillis, SortedMap<String, Object> all) {
        var running = new TreeMap<String, Object>();
        for (ModelStatus model : sight.status().models())
            model.progress().ifPresent(progress -> {
                String kind = kind(progress.phase());
                String id = kind + "-" + model.name();
                running.put(
                        "operation/" + id,
                        operation(id, kind, model.name(), progress, nowMillis).fields());
            });
        for (DownloadStatus download : sight.downloads()) {
            String id = "download-" + download.model();
            Entity operation = operation(id, "download", download.model(), download.progress(), nowMillis);
            if (!download.reason().isEmpty())
                operation
                        .with("state", "failed")
                        .with("reason", download.reason())
                        .known("detail", download.message());
            running.put("operation/" + id, operation.fields());
        }
        speeds.retain(running.keySet());
        all.putAll(running);
    }

    private static String kind(String phase) {
        return switch (phase) {
            case "loading" -> "load";
            case "sending" -> "split";
            default -> "download";
        };
    }

    private Entity operation(String id, String kind, String model, ProgressStatus progress, long nowMillis) {
        var operation = new Entity().with("id", id).with("kind", kind).with("subject", model);
        ManagementApi.shown(progress).forEach(operation::with);
        return operation.known(
                "bytesPerSecond", speeds.of("operation/" + id, progress.phase(), progress.doneBytes(), nowMillis));
    }

    /** Of a split: who holds how much. */
    private static List<Map<String, Object>> shares(Host host) {
        Served served = host.served();
        List<Integer> units = served.shares();
        if (served.workers().isEmpty() || units.size() != served.workers().size() + 1) return List.of();
        var nodes = new ArrayList<>(served.workers());
        nodes.addFirst(host.node());
        double all = units.stream().mapToInt(Integer::intValue).sum();
        var shares = new ArrayList<Map<String, Object>>();
        for (int i = 0; i < nodes.size(); i++) {
            double share = units.get(i) / all;
            shares.add(new Entity()
                    .with("node", nodes.get(i).hex())
                    .with("units", units.get(i))
                    .with("share", share)
                    .known("bytes", Math.round(share * served.sizeBytes()))
                    .fields());
        }
        return shares;
    }

    /** How much of each node's memory its models take, as far as their needs are announced. */
    private static final class Memory {
        static Map<NodeId, Long> used(Map<NodeId, Profile> view) {
            var needs = new TreeMap<ModelRef, Long>();
            for (Profile profile : view.values())
                for (OnDisk file : profile.onDisk()) needs.merge(file.model(), file.needBytes(), Math::max);
            var used = new TreeMap<NodeId, Long>();
            view.forEach((node, profile) -> {
                for (Served row : profile.served()) {
                    if (row.attached() || row.phase() == Phase.FAILED) continue;
                    long whole = Math.max(needs.getOrDefault(row.model(), 0L), row.sizeBytes());
                    spread(node, row, whole, used);
                }
            });
            return used;
        }

        private static void spread(NodeId host, Served row, long whole, Map<NodeId, Long> used) {
            List<Integer> units = row.shares();
            if (units.size() != row.workers().size() + 1) {
                used.merge(host, whole, Long::sum);
                return;
            }
            long all = Math.max(1, units.stream().mapToInt(Integer::intValue).sum());
            for (int i = 0; i < units.size(); i++)
                used.merge(i == 0 ? host : row.workers().get(i - 1), whole * units.get(i) / all, Long::sum);
        }
    }
}
