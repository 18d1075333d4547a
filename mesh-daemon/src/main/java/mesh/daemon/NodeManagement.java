package mesh.daemon;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import mesh.core.Snapshot;
import mesh.core.elect.Explanation;
import mesh.core.id.Checked;
import mesh.core.id.Invite;
import mesh.core.id.MeshId;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.id.Role;
import mesh.core.id.Serial;
import mesh.core.member.Member;
import mesh.daemon.api.Management;
import mesh.daemon.hardware.Memory;
import mesh.daemon.loop.Belonging;
import mesh.daemon.models.Arrivals;
import mesh.daemon.models.ModelStore;
import mesh.daemon.models.Stock;
import mesh.daemon.quic.Membership;
import mesh.daemon.quic.Peer;
import mesh.daemon.serve.LocalModels;
import mesh.daemon.serve.LocalModels.Wish;
import mesh.daemon.store.Ed25519Verifier;

/** The daemon as its management API sees it. Called on virtual threads. */
final class NodeManagement implements Management {
    private static final double MICROS_PER_MILLI = 1_000;

    /** As many as logs and tables show; fewer may be typed by mistake. */
    private static final int ID_CHARS_MIN = 10;

    /** The next look at what this node serves is a fifth of a second away. */
    private static final long WITHDRAWN_NANOS_MAX = 1_000_000_000L;

    private static final long WITHDRAWN_LOOK_MILLIS = 10;

    private static final long SECONDS_MAX = 365L * 24 * 3_600;

    private final String nodeName;
    private final String apiUrl;
    private final Machine machine;
    private final LocalModels models;
    private final Belonging belonging;
    private final Rendezvous rendezvous;
    private final Requests requests;
    private final ModelStore store;
    private final Arrivals arrivals;
    private final Consumer<String> stop;

    NodeManagement(
            String nodeName,
            String apiUrl,
            Machine machine,
            LocalModels models,
            Belonging belonging,
            Rendezvous rendezvous,
            Requests requests,
            ModelStore store,
            Arrivals arrivals,
            Consumer<String> stop) {
        this.nodeName = nodeName;
        this.apiUrl = apiUrl;
        this.machine = machine;
        this.models = models;
        this.belonging = belonging;
        this.rendezvous = rendezvous;
        this.requests = requests;
        this.store = store;
        this.arrivals = arrivals;
        this.stop = stop;
    }

    @Override
    public Status status() {
        Optional<Belonging.View> view = belonging.view();
        return new Status(
                Version.text(),
                new NodeStatus(
                        view.map(v -> v.node().hex()).orElse(""),
                        nodeName,
                        view.flatMap(Belonging.View::role).map(Role::toString).orElse(""),
                        view.flatMap(v -> v.addresses().stream().findFirst()).orElse(""),
                        view.map(v -> v.nat().code()).orElse("")),
                view.flatMap(Belonging.View::mesh).map(MeshId::hex).orElse(""),
                apiUrl,
                machine.known().map(NodeManagement::shown).orElse(MemoryStatus.LOOKING),
                models.status().stream().map(this::named).toList(),
                belonging.snapshot().stream()
                        .flatMap(snapshot -> snapshot.peers().stream())
                        .map(this::shown)
                        .toList(),
                requests.counts(),
                belonging.carried(),
                belonging.refused(),
                rendezvous.status());
    }

    private static MemoryStatus shown(Memory memory) {
        String lent = memory.forSplits().map(Memory.Card::device).orElse(MemoryStatus.MACHINE);
        var devices = new ArrayList<DeviceStatus>();
        for (Memory.Card card : memory.cards())
            devices.add(new DeviceStatus(
                    card.device(),
                    card.title(),
                    card.usableBytes(),
                    card.device().equals(lent)));
        devices.add(new DeviceStatus(
                MemoryStatus.MACHINE,
                "this machine's memory",
                memory.machineBytes(),
                MemoryStatus.MACHINE.equals(lent)));
        return new MemoryStatus(
                memory.totalBytes(), memory.usableBytes(), memory.source().word(), memory.how(), devices);
    }

    @Override
    public List<Map<String, Object>> requests() {
        return requests.recent().stream().map(Requests::shown).toList();
    }

    @Override
    public Changed load(String said) throws InterruptedException {
        return switch (models.add(said)) {
            case Wish.Granted(String name) -> new Changed.Done(name);
            case Wish.Refused(String code, String message, boolean isMissing) ->
                new Changed.Refused(code, message, isMissing);
        };
    }

    @Override
    public Changed drop(String name) throws InterruptedException {
        if (!models.drop(name))
            return new Changed.Refused(
                    "model_not_served", "this node does not serve " + name + "; see mesh status", true);
        long deadline = System.nanoTime() + WITHDRAWN_NANOS_MAX;
        while (speaksOf(name) && System.nanoTime() < deadline) Thread.sleep(WITHDRAWN_LOOK_MILLIS);
        return new Changed.Done(name);
    }

    /** Whether this node's own word still names a model, so that the mesh would count on it. */
    private boolean speaksOf(String name) {
        var model = new ModelRef(name);
        return belonging.snapshot().stream()
                .map(Snapshot::own)
                .anyMatch(own -> own.wanted().stream()
                                .anyMatch(each -> each.model().equals(model))
                        || own.assigned().stream().anyMatch(each -> each.model().equals(model)));
    }

    /** The models know their workers by id; who they are and how far stands in the view of the mesh. */
    private ModelStatus named(ModelStatus model) {
        if (model.workers().isEmpty()) return model;
        var workers = model.workers().stream().map(this::named).toList();
        return new ModelStatus(
                model.name(),
                model.state(),
                model.reason(),
                model.detail(),
                model.mode(),
                model.ctxTokens(),
                model.slots(),
                model.sizeBytes(),
                model.needBytes(),
                workers,
                model.tensorSplit(),
                model.progress(),
                model.draft());
    }

    private WorkerStatus named(WorkerStatus worker) {
        return belonging.snapshot().stream()
                .flatMap(snapshot -> snapshot.peers().stream())
                .filter(peer -> peer.id().hex().equals(worker.id()))
                .map(this::shown)
                .findFirst()
                .map(peer -> new WorkerStatus(
                        worker.id(),
                        peer.name(),
                        worker.units(),
                        peer.rttMillis(),
                        worker.sentBytes(),
                        worker.savedBytes(),
                        worker.directBytes(),
                        worker.missed(),
                        worker.heardBytes()))
                .orElse(worker);
    }

    @Override
    public Optional<Explanation> explain(String model) {
        if (!ModelRef.isName(model)) return Optional.empty();
        return belonging.snapshot().map(snapshot -> snapshot.explain(new ModelRef(model)));
    }

    private PeerStatus shown(Member peer) {
        Optional<Peer.Path> path = belonging.path(peer.id());
        double rttMillis = path.filter(open -> open.rttMicros() > 0)
                .map(open -> open.rttMicros() / MICROS_PER_MILLI)
                .orElse((double) peer.rttMillis());
        return PeerStatus.of(
                peer,
                rttMillis,
                path.map(open -> open.kind().isDirect() ? "direct" : "relayed").orElse(""),
                path.map(open -> open.kind().code()).orElse(""),
                path.flatMap(Peer.Path::via).map(this::nameOf).orElse(""));
    }

    /** A node that only carries need not be known by name. */
    private String nameOf(NodeId id) {
        return belonging.snapshot().stream()
                .flatMap(snapshot -> snapshot.peers().stream())
                .filter(peer -> peer.id().equals(id))
                .map(peer -> peer.profile().name())
                .findFirst()
                .orElse(id.hex());
    }

    // The mesh.

    @Override
    public Invited invite(String role, int uses, long seconds) {
        Optional<Role> named = role.isEmpty() ? Optional.of(Role.SPLIT) : Role.named(role);
        if (named.isEmpty())
            return new Invited.Refused("bad_value", "role " + role + ": expected client, serve, split or admin");
        if (uses < 0 || uses > Invite.USES_MAX)
            return new Invited.Refused("bad_value", "uses " + uses + ": expected 0 to " + Invite.USES_MAX);
        if (seconds < 1 || seconds > SECONDS_MAX)
            return new Invited.Refused("bad_value", "expires " + seconds + " s: expected 1 s to a year");
        try {
            return switch (belonging.invite(named.get(), uses, Duration.ofSeconds(seconds))) {
                case Checked.Good<Invite>(Invite invite) ->
                    new Invited.Made(invite.token(), shown(new Membership.Issued(invite, 0, false)));
                case Checked.Refused<Invite>(var reason) -> new Invited.Refused(reason.code(), unable(reason));
            };
        } catch (IOException full) {
            return new Invited.Refused("data_dir_unusable", "cannot write the invite down: " + full.getMessage());
        }
    }

    private static String unable(mesh.core.id.Refusal reason) {
        return switch (reason) {
            case NO_CREDENTIAL -> "this node is in no mesh yet; see mesh status";
            case NOT_ADMIN -> "this node may not admit others; ask a node whose role is admin";
            case FULL -> "this node has a thousand open invites; revoke some";
            default -> "no invite: " + reason.code();
        };
    }

    @Override
    public List<InviteStatus> invites() {
        return belonging.invites().stream().map(NodeManagement::shown).toList();
    }

    private static InviteStatus shown(Membership.Issued issued) {
        Invite.Terms terms = issued.invite().terms();
        boolean isUsedUp = terms.uses() != Invite.UNCOUNTED && issued.used() >= terms.uses();
        return new InviteStatus(
                terms.serial().toString(),
                terms.role().toString(),
                Instant.ofEpochMilli(terms.notAfterMillis()).toString(),
                terms.uses(),
                issued.used(),
                issued.revoked() ? "revoked" : isUsedUp ? "used_up" : "open");
    }

    @Override
    public Changed revoke(String invite) {
        try {
            if (invite.matches("[0-9a-f]{32}") && belonging.revoke(Serial.parse(invite)))
                return new Changed.Done(invite);
            return new Changed.Refused(
                    "invite_unknown", "this node has issued no invite " + invite + "; see mesh invite list", true);
        } catch (IOException full) {
            return new Changed.Refused("data_dir_unusable", "cannot write it down: " + full.getMessage(), false);
        }
    }

    @Override
    public Changed expel(String said) {
        List<NodeId> meant = named(said);
        if (meant.isEmpty())
            return new Changed.Refused("peer_unknown", "no node is known as " + said + "; see mesh status", true);
        if (meant.size() > 1)
            return new Changed.Refused("peer_ambiguous", said + " is " + meant.size() + " nodes; give the id", false);
        NodeId member = meant.getFirst();
        try {
            return switch (belonging.revoke(member)) {
                case Checked.Good<NodeId> done -> new Changed.Done(member.hex());
                case Checked.Refused<NodeId>(var reason) ->
                    new Changed.Refused(reason.code(), unexpelled(reason), false);
            };
        } catch (IOException full) {
            return new Changed.Refused("data_dir_unusable", "cannot write it down: " + full.getMessage(), false);
        }
    }

    /** A whole id needs nobody to know it: a stolen laptop is put out while it is away. */
    private List<NodeId> named(String said) {
        if (said.matches("[0-9a-f]{64}")) return List.of(NodeId.parse(said));
        var all = new TreeMap<NodeId, String>();
        for (NodeId each : belonging.connected()) all.put(each, "");
        for (var snapshot : belonging.snapshot().stream().toList())
            for (Member each : snapshot.peers())
                all.put(each.id(), each.profile().name());
        return all.entrySet().stream()
                .filter(known -> known.getValue().equals(said)
                        || (said.length() >= ID_CHARS_MIN
                                && known.getKey().hex().startsWith(said)))
                .map(Map.Entry::getKey)
                .toList();
    }

    private static String unexpelled(mesh.core.id.Refusal reason) {
        return switch (reason) {
            case NO_CREDENTIAL -> "this node is in no mesh yet; see mesh status";
            case NOT_ADMIN -> "only an admin may revoke, and an admin only those it let in, unless it is the founder";
            case WRONG_NODE -> "that is this node itself; see mesh leave";
            case FULL -> "this mesh has as many revocations as it can hold";
            default -> "not revoked: " + reason.code();
        };
    }

    @Override
    public Changed leave() {
        String mesh =
                belonging.view().flatMap(Belonging.View::mesh).map(MeshId::hex).orElse("");
        try {
            belonging.forget();
        } catch (IOException stuck) {
            return new Changed.Refused("data_dir_unusable", "cannot forget the mesh: " + stuck.getMessage(), false);
        }
        stop.accept("left");
        return new Changed.Done(mesh);
    }

    @Override
    public Changed join(String token, boolean leaves) throws InterruptedException {
        return switch (Invite.parse(token.strip(), Ed25519Verifier.ED25519, System.currentTimeMillis())) {
            case Checked.Refused<Invite>(var reason) -> refused(reason);
            case Checked.Good<Invite>(Invite invite) -> join(invite, leaves);
        };
    }

    private static Changed refused(mesh.core.id.Refusal reason) {
        return new Changed.Refused(reason.code(), unusable(reason), false);
    }

    private static String unusable(mesh.core.id.Refusal reason) {
        return "this invite cannot be used: " + reason.code();
    }

    private Changed join(Invite invite, boolean leaves) throws InterruptedException {
        if (isMember(invite)) return new Changed.Refused("already_member", "this node is in that mesh already", false);
        try {
            if (!leaves && !belonging.isAlone())
                return new Changed.Refused(
                        "in_a_mesh",
                        "this node is in a mesh with others; to leave them for it, say --leave or \"leave\": true",
                        false);
            return switch (belonging.move(invite)) {
                case Belonging.Move.Done(MeshId mesh) -> new Changed.Done(mesh.hex());
                case Belonging.Move.Refused(var reason) -> refused(reason);
                case Belonging.Move.Unreached() ->
                    new Changed.Refused("mesh_unreached", "nobody answers at the addresses of this invite", false);
            };
        } catch (IOException failed) {
            return new Changed.Refused("join_failed", "cannot go over to that mesh: " + failed.getMessage(), false);
        }
    }

    private boolean isMember(Invite invite) {
        return belonging
                .view()
                .flatMap(Belonging.View::mesh)
                .filter(invite.mesh()::equals)
                .isPresent();
    }

    // Models that are not served.

    @Override
    public List<Map<String, Object>> catalog() {
        long meshBytes = machine.memory().usableBytes()
                + belonging.snapshot().stream()
                        .flatMap(now -> now.peers().stream())
                        .mapToLong(peer -> peer.profile().usableBytes())
                        .sum();
        return Stock.of(store, machine.memory().usableBytes(), meshBytes).rows().stream()
                .map(NodeManagement::shown)
                .toList();
    }

    private static Map<String, Object> shown(Stock.Row row) {
        var shown = new LinkedHashMap<String, Object>();
        shown.put("name", row.name());
        shown.put("sizeBytes", row.bytes());
        shown.put("sizeIsExact", row.isExact());
        shown.put("presence", row.presence().name().toLowerCase(Locale.ROOT));
        if (row.cameBytes() > 0) shown.put("cameBytes", row.cameBytes());
        shown.put("fits", row.fits().name().toLowerCase(Locale.ROOT));
        if (row.needBytes() > 0) shown.put("needBytes", row.needBytes());
        if (!row.why().isEmpty()) shown.put("why", row.why());
        row.entry().ifPresent(entry -> {
            shown.put("family", entry.family());
            shown.put("repository", entry.repository());
            shown.put("quantization", entry.quantization());
            shown.put("parametersBillions", entry.parametersBillions());
            if (entry.activeBillions() != null) shown.put("activeBillions", entry.activeBillions());
            shown.put("contextTokens", entry.context());
            shown.put("capabilities", entry.capabilities());
            shown.put("license", entry.license());
        });
        return shown;
    }

    @Override
    public Changed download(String said) {
        return switch (arrivals.begin(said)) {
            case Arrivals.Begun.Begins(String model) -> new Changed.Done(model);
            case Arrivals.Begun.Refused(String code, String message, boolean isUnknown) ->
                new Changed.Refused(code, message, isUnknown);
        };
    }

    @Override
    public List<DownloadStatus> downloads() {
        return arrivals.list().stream()
                .map(each -> new DownloadStatus(
                        each.model(),
                        each.reason().isEmpty() ? "running" : "failed",
                        new ProgressStatus(each.phaseWord(), each.doneBytes(), each.totalBytes(), each.sinceMillis()),
                        each.reason(),
                        each.message()))
                .toList();
    }

    @Override
    public Changed pause(String model) throws InterruptedException {
        if (arrivals.pause(model)) return new Changed.Done(model);
        boolean isFetched = models.status().stream()
                .anyMatch(each -> each.name().equals(model) && each.reason().equals("downloading"));
        if (isFetched) return drop(model);
        return new Changed.Refused("download_unknown", "no download of " + model + " is under way", true);
    }

    @Override
    public Preview preview(String token) {
        return switch (Invite.parse(token, Ed25519Verifier.ED25519, System.currentTimeMillis())) {
            case Checked.Refused<Invite>(var reason) -> new Preview.Refused(reason.code(), unusable(reason));
            case Checked.Good<Invite>(Invite invite) -> {
                Invite.Terms terms = invite.terms();
                yield new Preview.Good(
                        invite.mesh().hex(),
                        invite.issuer().hex(),
                        terms.role().toString(),
                        Instant.ofEpochMilli(terms.notAfterMillis()).toString(),
                        terms.uses(),
                        terms.addresses(),
                        isMember(invite),
                        isAlone(),
                        "mesh --join " + token.strip());
            }
        };
    }

    private boolean isAlone() {
        try {
            return belonging.isAlone();
        } catch (IOException unreadable) {
            return false;
        }
    }

    @Override
    public void shutdown() {
        stop.accept("asked");
    }
}
