package mesh.daemon.api;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import mesh.core.id.Near;
import mesh.core.openai.ApiError;
import mesh.core.openai.Dialect;
import mesh.daemon.api.Models.Entry;
import mesh.daemon.api.Models.State;
import mesh.daemon.edge.Action;
import mesh.daemon.edge.Exchange;
import mesh.daemon.edge.Reply;
import mesh.daemon.edge.RouteTable;

/**
 * The API that engines speak themselves, OpenAI's and Anthropic's: their paths are relayed to a host that has the model,
 * lists and health are answered here. Stateless but for what {@link Models} shows; runs on event loops.
 */
public final class OpenAiApi {
    private static final int RETRY_AFTER_SECONDS = 2;

    private final Models models;

    public OpenAiApi(Models models) {
        this.models = models;
    }

    public void addTo(RouteTable routes) {
        routes.local("GET", "/v1/models", this::list);
        routes.local("GET", "/v1/models/*", this::one);
        routes.local("GET", "/health", this::health);
        routes.local("GET", "/v1/health", this::health);
        routes.local("GET", "/livez", exchange -> exchange.respond(200, "text/plain", "ok"));
        routes.local("GET", "/readyz", this::readiness);
        for (String path : EnginePaths.ALL) routes.forward(path, relayTo(path));
        routes.local("GET", "/v1/responses/*", this::forgotten);
        routes.local("DELETE", "/v1/responses/*", this::forgotten);
    }

    /** To a host that has the model which the body names, at {@code path} there. */
    Action.Chooser relayTo(String path) {
        return (exchange, peek) -> Choosing.among(models, exchange, peek, path);
    }

    private void forgotten(Exchange exchange) {
        exchange.fail(ApiError.invalid(
                404, "response_not_kept", "no response is kept here: send the whole conversation with every request"));
    }

    private void list(Exchange exchange) {
        if (exchange.dialect() == Dialect.ANTHROPIC) {
            answer(exchange, 200, anthropicList(models.list()));
            return;
        }
        List<Map<String, Object>> data =
                models.list().stream().map(OpenAiApi::shown).toList();
        answer(exchange, 200, fields("object", "list", "data", data));
    }

    private void one(Exchange exchange) {
        Optional<Entry> entry = models.list().stream()
                .filter(known -> known.name().equals(exchange.rest()))
                .findFirst();
        boolean isAnthropic = exchange.dialect() == Dialect.ANTHROPIC;
        if (entry.isPresent()) answer(exchange, 200, isAnthropic ? anthropic(entry.get()) : shown(entry.get()));
        else exchange.fail(ApiError.modelNotFound(exchange.rest(), near(exchange.rest())));
    }

    /** Always 200: this process is well. What its models are doing is in the body; {@code /readyz} has it as a status. */
    private void health(Exchange exchange) {
        answer(exchange, 200, healthOf(models.list()));
    }

    private void readiness(Exchange exchange) {
        List<Entry> entries = models.list();
        boolean isReady = entries.stream().anyMatch(entry -> entry.state() == State.READY);
        if (!isReady) exchange.answerHeader("retry-after", Integer.toString(RETRY_AFTER_SECONDS));
        answer(exchange, isReady ? 200 : 503, healthOf(entries));
    }

    private List<String> near(String name) {
        return Near.names(name, models.list().stream().map(Entry::name).toList());
    }

    private static Map<String, Object> healthOf(List<Entry> entries) {
        List<Map<String, Object>> shown = entries.stream()
                .map(entry -> fields("name", entry.name(), "state", wire(entry.state()), "detail", entry.detail()))
                .toList();
        return fields("status", status(entries), "models", shown);
    }

    private static String status(List<Entry> entries) {
        if (entries.isEmpty()) return "idle";
        if (entries.stream().anyMatch(entry -> entry.state() == State.READY)) return "ok";
        boolean isLoading = entries.stream().anyMatch(entry -> entry.state() == State.LOADING);
        return isLoading ? "loading" : "failed";
    }

    /** Clients read the context's length under three names. */
    private static Map<String, Object> shown(Entry entry) {
        Map<String, Object> model = fields(
                "id", entry.name(),
                "object", "model",
                "created", entry.createdSeconds(),
                "owned_by", entry.owner(),
                "state", wire(entry.state()),
                "hosts", entry.hosts());
        if (!entry.skills().isEmpty()) model.put("skills", entry.skillWords());
        if (entry.contextTokens() > 0) {
            model.put("context_length", entry.contextTokens());
            model.put("max_model_len", entry.contextTokens());
            model.put("meta", fields("n_ctx", entry.contextTokens(), "size", entry.sizeBytes()));
        }
        return model;
    }

    /** All of it is one page. */
    private static Map<String, Object> anthropicList(List<Entry> entries) {
        List<Map<String, Object>> data =
                entries.stream().map(OpenAiApi::anthropic).toList();
        Map<String, Object> list = fields("data", data, "has_more", false);
        list.put("first_id", data.isEmpty() ? null : data.getFirst().get("id"));
        list.put("last_id", data.isEmpty() ? null : data.getLast().get("id"));
        return list;
    }

    private static Map<String, Object> anthropic(Entry entry) {
        return fields(
                "type", "model",
                "id", entry.name(),
                "display_name", entry.name(),
                "created_at", Instant.ofEpochSecond(entry.createdSeconds()).toString());
    }

    private static String wire(State state) {
        return state.name().toLowerCase(Locale.ROOT);
    }

    private static void answer(Exchange exchange, int status, Map<String, Object> body) {
        Reply reply = Reply.json(status, body);
        exchange.respond(reply.status(), reply.contentType(), reply.body());
    }

    private static Map<String, Object> fields(Object... pairs) {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) fields.put((String) pairs[i], pairs[i + 1]);
        return fields;
    }
}
