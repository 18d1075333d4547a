package mesh.daemon.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import mesh.core.Sha256;
import mesh.core.id.Near;
import mesh.core.member.Profile.Skill;
import mesh.core.openai.ApiError;
import mesh.daemon.api.Models.Answer;
import mesh.daemon.api.Models.Entry;
import mesh.daemon.api.Models.State;
import mesh.daemon.edge.Action.Chooser;
import mesh.daemon.edge.Ask;
import mesh.daemon.edge.Exchange;
import mesh.daemon.edge.Refusal;
import mesh.daemon.edge.Reply;
import mesh.daemon.edge.RouteTable;
import mesh.daemon.edge.Translator.Answered;
import mesh.daemon.edge.Translator.Outcome;
import mesh.daemon.edge.Translator.Translated;

/**
 * Ollama's API over the engines of the mesh: what asks a model is translated and relayed like any other request, lists
 * are answered here, and what would change Ollama's own store of models is refused with a reason. Stateless but for what
 * {@link Models} shows; event loops and virtual threads.
 */
public final class OllamaApi {
    /** The release of Ollama whose API this is like; programs refuse to work with one that is much older. */
    private static final String VERSION = "0.13.0";

    /** The name of an architecture is only needed to find the context's length behind it. */
    private static final String ARCHITECTURE = "mesh";

    /** A model that is served stays. */
    private static final String NEVER = "2318-01-01T00:00:00Z";

    private static final String LATEST = ":latest";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final OpenAiApi relay;
    private final Models models;

    public OllamaApi(OpenAiApi relay, Models models) {
        this.relay = relay;
        this.models = models;
    }

    public void addTo(RouteTable routes) {
        routes.local("GET", "/", exchange -> exchange.respond(200, "text/plain; charset=utf-8", "Ollama is running"));
        routes.local("GET", "/api/version", exchange -> exchange.respond(200, Exchange.JSON, version()));
        routes.local("GET", "/api/tags", exchange -> list(exchange, false));
        routes.local("GET", "/api/ps", exchange -> list(exchange, true));
        routes.waiting("POST", "/api/show", ask -> show(ask.json()));
        routes.waiting("POST", "/api/pull", ask -> pull(ask.json()));
        routes.translate("/api/chat", this::chat);
        routes.translate("/api/generate", this::generate);
        routes.translate("/api/embed", ask -> embed(ask, false));
        routes.translate("/api/embeddings", ask -> embed(ask, true));
        for (String path : List.of("/api/create", "/api/copy", "/api/push"))
            routes.waiting("POST", path, ask -> notOurs(path));
        routes.waiting("DELETE", "/api/delete", ask -> notOurs("/api/delete"));
        routes.waiting("POST", "/api/blobs/*", ask -> notOurs("/api/blobs"));
    }

    private Outcome chat(Ask ask) throws Refusal {
        JsonNode json = ask.json();
        if (json.path("messages").isEmpty()) return loaded(json, OllamaAnswer.Form.CHAT);
        return translated(json, OllamaRequest.chat(json), "/v1/chat/completions", OllamaAnswer.Form.CHAT);
    }

    private Outcome generate(Ask ask) throws Refusal {
        JsonNode json = ask.json();
        if (json.path("prompt").asText("").isEmpty() && json.path("images").isEmpty())
            return loaded(json, OllamaAnswer.Form.GENERATE);
        if (!json.path("suffix").asText("").isEmpty())
            return translated(json, OllamaRequest.infill(json), "/infill", OllamaAnswer.Form.GENERATE);
        if (json.path("raw").asBoolean())
            return translated(json, OllamaRequest.raw(json), "/v1/completions", OllamaAnswer.Form.GENERATE);
        return translated(json, OllamaRequest.generate(json), "/v1/chat/completions", OllamaAnswer.Form.GENERATE);
    }

    private Outcome embed(Ask ask, boolean isSingle) throws Refusal {
        JsonNode json = ask.json();
        return new Translated(
                OllamaRequest.embed(json).toString(),
                relay.relayTo("/v1/embeddings"),
                new OllamaEmbeddings(called(json), isSingle));
    }

    private Translated translated(JsonNode json, ObjectNode body, String path, OllamaAnswer.Form form) {
        Chooser chooser = relay.relayTo(path);
        var answer = new OllamaAnswer(form, called(json), OllamaRequest.isStream(json));
        return new Translated(body.toString(), chooser, answer);
    }

    /** Nothing asked: the caller wants the model to be there, or not to be kept. */
    private Outcome loaded(JsonNode json, OllamaAnswer.Form form) throws Refusal {
        String name = OllamaRequest.model(json);
        // To load whatever there is makes no sense, though asking it does.
        if (name.isEmpty()) throw new Refusal(ApiError.modelNotFound(name, List.of()));
        Optional<Answer> obstacle = models.obstacle(name);
        if (obstacle.isPresent()) throw new Refusal(obstacle.get().error(name));
        ObjectNode answer = OllamaAnswer.begun(called(json));
        if (form == OllamaAnswer.Form.CHAT)
            answer.putObject("message").put("role", "assistant").put("content", "");
        else answer.put("response", "");
        boolean isUnload = json.path("keep_alive").asText("").matches("0[smh]?");
        answer.put("done", true).put("done_reason", isUnload ? "unload" : "load");
        return new Answered(lines(OllamaRequest.isStream(json), answer));
    }

    private Reply show(JsonNode json) throws Refusal {
        String name = OllamaRequest.model(json);
        Entry entry = entry(name);
        ObjectNode shown = JSON.createObjectNode()
                .put("modelfile", "FROM " + entry.name())
                .put("parameters", "")
                .put("template", "");
        shown.set("details", details());
        ObjectNode facts = shown.putObject("model_info").put("general.architecture", ARCHITECTURE);
        facts.put(ARCHITECTURE + ".context_length", entry.contextTokens());
        ArrayNode capabilities =
                shown.putArray("capabilities").add("completion").add("tools");
        if (entry.skills().contains(Skill.VISION)) capabilities.add("vision");
        return Reply.json(shown.put("modified_at", since(entry)));
    }

    /** A model that the mesh has is there already; another is not fetched for a stranger. */
    private Reply pull(JsonNode json) throws Refusal {
        Entry entry = entry(OllamaRequest.model(json));
        return lines(
                OllamaRequest.isStream(json),
                JSON.createObjectNode().put("status", "success").put("digest", "sha256:" + Sha256.hex(entry.name())));
    }

    private Entry entry(String name) throws Refusal {
        Optional<Entry> entry = models.list().stream()
                .filter(known -> known.name().equals(name))
                .findFirst();
        if (entry.isPresent()) return entry.get();
        List<String> known = models.list().stream().map(Entry::name).toList();
        throw new Refusal(ApiError.modelNotFound(name, Near.names(name, known)));
    }

    private static Reply notOurs(String path) throws Refusal {
        throw new Refusal(ApiError.server(
                501,
                "not_supported",
                path + " changes a store of models that is not here; use mesh load and mesh drop"));
    }

    private void list(Exchange exchange, boolean isRunning) {
        ObjectNode answer = JSON.createObjectNode();
        ArrayNode list = answer.putArray("models");
        for (Entry entry : models.list()) {
            if (isRunning && entry.state() != State.READY) continue;
            String name = entry.name().contains(":") ? entry.name() : entry.name() + LATEST;
            ObjectNode shown = list.addObject()
                    .put("name", name)
                    .put("model", name)
                    .put("size", entry.sizeBytes())
                    // Programs tell models apart by it; here the name does that.
                    .put("digest", Sha256.hex(entry.name()));
            shown.set("details", details());
            if (isRunning)
                shown.put("expires_at", NEVER)
                        .put("size_vram", entry.sizeBytes())
                        .put("context_length", entry.contextTokens());
            else shown.put("modified_at", since(entry));
        }
        exchange.respond(200, Exchange.JSON, answer.toString());
    }

    private static String version() {
        return JSON.createObjectNode().put("version", VERSION).toString();
    }

    private static Reply lines(boolean isStream, ObjectNode only) {
        return isStream ? new Reply(200, Exchange.LINES, only + "\n") : Reply.json(only);
    }

    /** The name as the caller wrote it, which is how Ollama answers. */
    private static String called(JsonNode json) {
        return json.path("model").asText("");
    }

    private static ObjectNode details() {
        ObjectNode details = JSON.createObjectNode().put("parent_model", "").put("format", "gguf");
        details.put("family", ARCHITECTURE).putArray("families").add(ARCHITECTURE);
        return details.put("parameter_size", "").put("quantization_level", "");
    }

    private static String since(Entry entry) {
        return Instant.ofEpochSecond(entry.createdSeconds()).toString();
    }
}
