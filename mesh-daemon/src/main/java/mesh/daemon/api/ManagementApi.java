package mesh.daemon.api;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mesh.core.openai.ApiError;
import mesh.daemon.api.Management.Changed;
import mesh.daemon.api.Management.DeviceStatus;
import mesh.daemon.api.Management.DraftStatus;
import mesh.daemon.api.Management.InviteStatus;
import mesh.daemon.api.Management.Invited;
import mesh.daemon.api.Management.ListingStatus;
import mesh.daemon.api.Management.MemoryStatus;
import mesh.daemon.api.Management.ModelStatus;
import mesh.daemon.api.Management.PeerStatus;
import mesh.daemon.api.Management.ProgressStatus;
import mesh.daemon.api.Management.RelayStatus;
import mesh.daemon.api.Management.Status;
import mesh.daemon.api.Management.WorkerStatus;
import mesh.daemon.edge.Ask;
import mesh.daemon.edge.Refusal;
import mesh.daemon.edge.Reply;
import mesh.daemon.edge.RouteTable;

/** The management API under {@code /mesh/v1}: what the console and the command line see and do. Stateless. */
public final class ManagementApi {
    /** An invite that is carried to another machine is used the same day. */
    private static final long DAY_SECONDS = 24 * 3_600;

    private final Management daemon;

    public ManagementApi(Management daemon) {
        this.daemon = daemon;
    }

    public void addTo(RouteTable routes) {
        routes.waiting("GET", "/mesh/v1/status", ask -> Reply.json(status()));
        routes.waiting("GET", "/mesh/v1/models", ask -> Reply.json(models(daemon.status())));
        routes.changing("POST", "/mesh/v1/models", this::load);
        routes.changing("DELETE", "/mesh/v1/models/*", this::drop);
        routes.waiting("GET", "/mesh/v1/requests", ask -> Reply.json(daemon.requests()));
        routes.waiting("GET", "/mesh/v1/peers", ask -> Reply.json(peers(daemon.status())));
        routes.waiting(
                "GET",
                "/mesh/v1/invites",
                ask -> Reply.json(
                        daemon.invites().stream().map(ManagementApi::shown).toList()));
        routes.changing("POST", "/mesh/v1/invites", this::invite);
        routes.changing("DELETE", "/mesh/v1/invites/*", ask -> changed(daemon.revoke(ask.rest()), 200));
        routes.changing("DELETE", "/mesh/v1/peers/*", ask -> changed(daemon.expel(ask.rest()), 200));
        routes.waiting("GET", "/mesh/v1/explain/*", this::explain);
        new StockApi(daemon).addTo(routes);
        routes.changing("POST", "/mesh/v1/leave", ask -> changed(daemon.leave(), 202));
        routes.changing("POST", "/mesh/v1/shutdown", ask -> {
            daemon.shutdown();
            return Reply.json(202, Map.of("stopping", true));
        });
    }

    private Reply load(Ask ask) throws Refusal, InterruptedException {
        String model = ask.json().path("model").asText("");
        if (model.isEmpty())
            throw new Refusal(ApiError.invalid(400, "model_missing", "name the model: {\"model\": \"demo\"}")
                    .at("model"));
        return changed(daemon.load(model), 202);
    }

    private Reply drop(Ask ask) throws Refusal, InterruptedException {
        return changed(daemon.drop(ask.rest()), 200);
    }

    private Reply invite(Ask ask) throws Refusal {
        var json = ask.json();
        int uses = json.path("uses").asInt(1);
        long seconds = json.path("expiresSeconds").asLong(DAY_SECONDS);
        return switch (daemon.invite(json.path("role").asText(""), uses, seconds)) {
            case Invited.Made(String token, InviteStatus invite) -> {
                var made = shown(invite);
                made.put("token", token);
                made.put("command", "mesh --join " + token);
                made.put("qr", QrRows.of("mesh --join " + token));
                yield Reply.json(201, made);
            }
            case Invited.Refused(String code, String message) ->
                throw new Refusal(ApiError.invalid(409, code, message));
        };
    }

    static Reply changed(Changed changed, int status) throws Refusal {
        return switch (changed) {
            case Changed.Done(String name) -> Reply.json(status, Map.of("name", name));
            case Changed.Refused(String code, String message, boolean isUnknown) ->
                throw new Refusal(ApiError.invalid(isUnknown ? 404 : 409, code, message));
        };
    }

    private Map<String, Object> status() {
        Status status = daemon.status();
        Map<String, Object> all = fields(
                "version", status.version(),
                "node",
                        fields(
                                "id", status.node().id(),
                                "name", status.node().name(),
                                "role", status.node().role(),
                                "address", status.node().address(),
                                "nat", status.node().nat()),
                "mesh", mesh(status),
                "api", fields("url", status.apiUrl()),
                "memory", shown(status.memory()),
                "models", models(status),
                "peers", peers(status),
                "requests", status.requests(),
                "carried", status.carried(),
                "refused", status.refused());
        status.listing().ifPresent(listing -> all.put("listing", shown(listing)));
        return all;
    }

    private static Map<String, Object> shown(MemoryStatus memory) {
        return fields(
                "totalBytes", memory.totalBytes(),
                "usableBytes", memory.usableBytes(),
                "source", memory.source(),
                "how", memory.how(),
                "devices", memory.devices().stream().map(ManagementApi::shown).toList());
    }

    private static Map<String, Object> shown(DeviceStatus device) {
        return fields(
                "name", device.name(),
                "title", device.title(),
                "usableBytes", device.usableBytes(),
                "isForSplits", device.isForSplits());
    }

    private static Map<String, Object> mesh(Status status) {
        return fields(
                "id", status.meshId(),
                "name", status.listing().map(ListingStatus::name).orElse(""),
                "published", status.listing().map(ListingStatus::isPublished).orElse(false));
    }

    /** How a listing stands, in the words of the status. */
    public static Map<String, Object> shown(ListingStatus listing) {
        return fields(
                "state", listing.state(),
                "confirmed", listing.confirmed(),
                "relays", listing.relays().stream().map(ManagementApi::shown).toList());
    }

    /** A relay that is not left alone has no end of that. */
    private static Map<String, Object> shown(RelayStatus relay) {
        Map<String, Object> shown = fields("url", relay.url(), "link", relay.link(), "said", relay.said());
        if (relay.restsUntilMillis() > 0) shown.put("restsUntilMillis", relay.restsUntilMillis());
        return shown;
    }

    private static List<Map<String, Object>> models(Status status) {
        return status.models().stream().map(ManagementApi::shown).toList();
    }

    private static Map<String, Object> shown(ModelStatus model) {
        Map<String, Object> shown = fields(
                "name", model.name(),
                "state", model.state(),
                "reason", model.reason(),
                "detail", model.detail(),
                "mode", model.mode(),
                "ctx", model.ctxTokens(),
                "slots", model.slots(),
                "sizeBytes", model.sizeBytes(),
                "needBytes", model.needBytes(),
                "workers", model.workers().stream().map(ManagementApi::shown).toList(),
                "tensorSplit", model.tensorSplit());
        model.progress().ifPresent(progress -> shown.put("progress", shown(progress)));
        model.draft().ifPresent(draft -> shown.put("draft", shown(draft)));
        return shown;
    }

    private static Map<String, Object> shown(DraftStatus draft) {
        return fields(
                "name", draft.name(),
                "stage", draft.stage(),
                "reason", draft.reason(),
                "needBytes", draft.needBytes(),
                "acceptedPercent", draft.acceptedPercent(),
                "milliTokensPerSecond", draft.milliTokensPerSecond(),
                "milliTokensPerSecondPlain", draft.milliTokensPerSecondPlain(),
                "judgedAt", draft.judgedAt());
    }

    /** In the words of the status, and of the feed. */
    public static Map<String, Object> shown(ProgressStatus progress) {
        Map<String, Object> shown = fields("phase", progress.phase(), "doneBytes", progress.doneBytes());
        if (progress.totalBytes() > 0) shown.put("totalBytes", progress.totalBytes());
        shown.put("sinceMillis", progress.sinceMillis());
        return shown;
    }

    private static Map<String, Object> shown(WorkerStatus worker) {
        return fields(
                "id", worker.id(),
                "name", worker.name(),
                "units", worker.units(),
                "rttMillis", worker.rttMillis(),
                "sentBytes", worker.sentBytes(),
                "savedBytes", worker.savedBytes(),
                "directBytes", worker.directBytes(),
                "missed", worker.missed(),
                "heardBytes", worker.heardBytes());
    }

    private Reply explain(Ask ask) throws Refusal {
        return daemon.explain(ask.rest())
                .map(explanation -> {
                    Map<String, Object> told = Explained.of(explanation);
                    told.put("memory", shown(daemon.status().memory()));
                    return Reply.json(told);
                })
                .orElseThrow(() -> new Refusal(ApiError.invalid(
                        409, "no_mesh", "this node is in no mesh yet, so nothing was decided; see mesh status")));
    }

    private static List<Map<String, Object>> peers(Status status) {
        return status.peers().stream().map(ManagementApi::shown).toList();
    }

    private static Map<String, Object> shown(PeerStatus peer) {
        return fields(
                "id", peer.id(),
                "name", peer.name(),
                "state", peer.state(),
                "role", peer.role(),
                "rttMillis", peer.rttMillis(),
                "path", peer.path(),
                "pathKind", peer.pathKind(),
                "via", peer.via(),
                "memoryBytes", peer.memoryBytes(),
                "serving", peer.serving(),
                "version", peer.version(),
                "ageMillis", peer.ageMillis());
    }

    private static Map<String, Object> shown(InviteStatus invite) {
        return fields(
                "id", invite.id(),
                "role", invite.role(),
                "expires", invite.expires(),
                "uses", invite.uses(),
                "used", invite.used(),
                "state", invite.state());
    }

    static Map<String, Object> fields(Object... pairs) {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) fields.put((String) pairs[i], pairs[i + 1]);
        return fields;
    }
}
