package mesh.daemon.api;

import java.util.List;
import java.util.Map;
import mesh.core.openai.ApiError;
import mesh.daemon.api.Management.DownloadStatus;
import mesh.daemon.api.Management.Preview;
import mesh.daemon.edge.Ask;
import mesh.daemon.edge.Refusal;
import mesh.daemon.edge.Reply;
import mesh.daemon.edge.RouteTable;

/** What the console asks before it decides: what could be served and fetched, and what an invite means. Stateless. */
final class StockApi {
    private final Management daemon;

    StockApi(Management daemon) {
        this.daemon = daemon;
    }

    void addTo(RouteTable routes) {
        routes.waiting("GET", "/mesh/v1/catalog", ask -> Reply.json(daemon.catalog()));
        routes.waiting(
                "GET",
                "/mesh/v1/downloads",
                ask -> Reply.json(
                        daemon.downloads().stream().map(StockApi::shown).toList()));
        routes.changing("POST", "/mesh/v1/downloads", this::download);
        routes.changing("DELETE", "/mesh/v1/downloads/*", ask -> ManagementApi.changed(daemon.pause(ask.rest()), 200));
        routes.changing("POST", "/mesh/v1/join/preview", this::preview);
        routes.changing("POST", "/mesh/v1/join", this::join);
    }

    private Reply download(Ask ask) throws Refusal {
        return ManagementApi.changed(daemon.download(said(ask, "model")), 202);
    }

    private Reply preview(Ask ask) throws Refusal {
        return switch (daemon.preview(said(ask, "token"))) {
            case Preview.Refused(String code, String message) ->
                throw new Refusal(ApiError.invalid(409, code, message));
            case Preview.Good good -> Reply.json(shown(good));
        };
    }

    private Reply join(Ask ask) throws Refusal, InterruptedException {
        boolean leaves = ask.json().path("leave").asBoolean(false);
        return ManagementApi.changed(daemon.join(said(ask, "token"), leaves), 200);
    }

    private static String said(Ask ask, String field) throws Refusal {
        String said = ask.json().path(field).asText("");
        if (said.isEmpty())
            throw new Refusal(ApiError.invalid(400, field + "_missing", "name it: {\"" + field + "\": …}")
                    .at(field));
        return said;
    }

    private static Map<String, Object> shown(DownloadStatus download) {
        Map<String, Object> shown =
                ManagementApi.fields("id", download.model(), "model", download.model(), "state", download.state());
        shown.putAll(ManagementApi.shown(download.progress()));
        if (!download.reason().isEmpty()) {
            shown.put("reason", download.reason());
            shown.put("detail", download.message());
        }
        return shown;
    }

    /** What a role gives and sees is the same whatever the mesh; the page says it in words. */
    private static Map<String, Object> shown(Preview.Good good) {
        return ManagementApi.fields(
                "meshId", good.meshId(),
                "issuer", good.issuer(),
                "role", good.role(),
                "expires", good.expires(),
                "uses", good.uses(),
                "addresses", good.addresses(),
                "isMember", good.isMember(),
                "isFree", good.isFree(),
                "gives", gives(good.role()),
                "sees", List.of("names, memory and models of all nodes", "requests that this node answers for others"),
                "command", good.command());
    }

    private static List<String> gives(String role) {
        return switch (role) {
            case "client" -> List.of("nothing: this node may only ask");
            case "serve" -> List.of("answers of models that run here", "this node's name, memory and addresses");
            default ->
                List.of(
                        "answers of models that run here",
                        "memory for models too large for one node: its host can run code in rpc-server",
                        "this node's name, memory and addresses");
        };
    }
}
