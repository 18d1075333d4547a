package mesh.daemon.api;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mesh.core.openai.ApiError;
import mesh.daemon.api.Management.Changed;
import mesh.daemon.api.Management.ModelStatus;
import mesh.daemon.api.Management.Status;
import mesh.daemon.edge.Ask;
import mesh.daemon.edge.Refusal;
import mesh.daemon.edge.Reply;
import mesh.daemon.edge.RouteTable;

/** The management API under {@code /mesh/v1}: what the console and the command line see and do. Stateless. */
public final class ManagementApi {
    private final Management daemon;

    public ManagementApi(Management daemon) {
        this.daemon = daemon;
    }

    public void addTo(RouteTable routes) {
        routes.waiting("GET", "/mesh/v1/status", ask -> Reply.json(status()));
        routes.waiting("GET", "/mesh/v1/models", ask -> Reply.json(models(daemon.status())));
        routes.changing("POST", "/mesh/v1/models", this::load);
        routes.changing("DELETE", "/mesh/v1/models/*", this::drop);
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

    private static Reply changed(Changed changed, int status) throws Refusal {
        return switch (changed) {
            case Changed.Done(String name) -> Reply.json(status, Map.of("name", name));
            case Changed.Refused(String code, String message, boolean isUnknown) ->
                throw new Refusal(ApiError.invalid(isUnknown ? 404 : 409, code, message));
        };
    }

    private Map<String, Object> status() {
        Status status = daemon.status();
        var memory = status.memory();
        return fields(
                "version", status.version(),
                "node", fields("name", status.nodeName()),
                "api", fields("url", status.apiUrl()),
                "memory",
                        fields(
                                "totalBytes", memory.totalBytes(),
                                "usableBytes", memory.usableBytes(),
                                "source", memory.source()),
                "models", models(status),
                "requests", status.requests());
    }

    private static List<Map<String, Object>> models(Status status) {
        return status.models().stream().map(ManagementApi::shown).toList();
    }

    private static Map<String, Object> shown(ModelStatus model) {
        return fields(
                "name", model.name(),
                "state", model.state(),
                "reason", model.reason(),
                "detail", model.detail(),
                "mode", model.mode(),
                "ctx", model.ctxTokens(),
                "slots", model.slots(),
                "sizeBytes", model.sizeBytes(),
                "needBytes", model.needBytes());
    }

    private static Map<String, Object> fields(Object... pairs) {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) fields.put((String) pairs[i], pairs[i + 1]);
        return fields;
    }
}
