package mesh.daemon.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mesh.core.openai.ApiError;
import mesh.daemon.edge.Refusal;

/** Requests of Ollama's API in llama-server's words. Stateless; called on virtual threads. */
final class OllamaRequest {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What an option is called there. The others concern how a model is loaded, which this node decides. */
    private static final Map<String, String> OPTIONS = options();

    private static final String LATEST = ":latest";

    private static final int SCHEME_CHARS_MAX = 16;

    private OllamaRequest() {}

    private static Map<String, String> options() {
        var names = new LinkedHashMap<String, String>();
        for (String same : List.of(
                "temperature",
                "top_k",
                "top_p",
                "min_p",
                "typical_p",
                "seed",
                "stop",
                "repeat_last_n",
                "repeat_penalty",
                "presence_penalty",
                "frequency_penalty",
                "mirostat",
                "mirostat_tau",
                "mirostat_eta")) names.put(same, same);
        names.put("num_keep", "n_keep");
        return names;
    }

    /** The model's name as this mesh knows it: the tag that Ollama adds to every name is no part of it. */
    static String model(JsonNode ask) {
        String name = ask.path("model").asText(ask.path("name").asText(""));
        return name.endsWith(LATEST) ? name.substring(0, name.length() - LATEST.length()) : name;
    }

    /** Answers are streams unless the caller says otherwise. */
    static boolean isStream(JsonNode ask) {
        return ask.path("stream").asBoolean(true);
    }

    static ObjectNode chat(JsonNode ask) throws Refusal {
        ObjectNode body = asked(ask);
        body.set("messages", messages(ask.path("messages")));
        if (ask.path("tools").isArray() && !ask.path("tools").isEmpty()) body.set("tools", ask.path("tools"));
        sampling(ask, body, "max_tokens");
        return body;
    }

    /** A prompt is a message, with the model's own template around it. */
    static ObjectNode generate(JsonNode ask) throws Refusal {
        if (!ask.path("template").asText("").isEmpty())
            throw new Refusal(ApiError.invalid(
                            400, "template_unsupported", "a model is always asked by its own template; leave this out")
                    .at("template"));
        ObjectNode body = asked(ask);
        ArrayNode messages = body.putArray("messages");
        String system = ask.path("system").asText("");
        if (!system.isEmpty()) messages.addObject().put("role", "system").put("content", system);
        ObjectNode message = messages.addObject().put("role", "user");
        message.set("content", content(ask.path("prompt").asText(""), ask.path("images")));
        sampling(ask, body, "max_tokens");
        return body;
    }

    /** A prompt that goes to the model as it stands. */
    static ObjectNode raw(JsonNode ask) throws Refusal {
        ObjectNode body = asked(ask).put("prompt", ask.path("prompt").asText(""));
        sampling(ask, body, "max_tokens");
        return body;
    }

    /** What belongs between the prompt and the suffix. */
    static ObjectNode infill(JsonNode ask) throws Refusal {
        ObjectNode body = asked(ask)
                .put("input_prefix", ask.path("prompt").asText(""))
                .put("input_suffix", ask.path("suffix").asText(""));
        sampling(ask, body, "n_predict");
        return body;
    }

    static ObjectNode embed(JsonNode ask) throws Refusal {
        ObjectNode body = JSON.createObjectNode().put("model", model(ask));
        JsonNode input = ask.has("input") ? ask.path("input") : ask.path("prompt");
        if (!input.isTextual() && !input.isArray())
            throw new Refusal(ApiError.invalid(400, "input_missing", "give the text, or a list of texts, as input")
                    .at("input"));
        body.set("input", input);
        return body;
    }

    private static ObjectNode asked(JsonNode ask) {
        ObjectNode body = JSON.createObjectNode().put("model", model(ask));
        boolean isStream = isStream(ask);
        body.put("stream", isStream);
        if (isStream) body.putObject("stream_options").put("include_usage", true);
        return body;
    }

    private static void sampling(JsonNode ask, ObjectNode body, String lengthName) throws Refusal {
        JsonNode options = ask.path("options");
        OPTIONS.forEach((name, theirs) -> {
            if (options.has(name)) body.set(theirs, options.get(name));
        });
        // Negative numbers mean "no bound" in one way or another.
        int length = options.path("num_predict").asInt(-1);
        if (length >= 0) body.put(lengthName, length);
        format(ask.path("format"), body);
        think(ask.path("think"), body);
    }

    private static void format(JsonNode format, ObjectNode body) throws Refusal {
        boolean isUnsaid = format.isMissingNode() || format.isNull();
        if (isUnsaid || (format.isTextual() && format.asText().isEmpty())) return;
        if (format.asText("").equals("json")) body.putObject("response_format").put("type", "json_object");
        else if (format.isObject()) {
            ObjectNode answer = body.putObject("response_format").put("type", "json_schema");
            answer.putObject("json_schema")
                    .put("name", "answer")
                    .put("strict", true)
                    .set("schema", format);
        } else
            throw new Refusal(ApiError.invalid(400, "format_unknown", "format is \"json\" or a JSON schema")
                    .at("format"));
    }

    /** Whether and how hard models that can are to think; templates know it by these names. */
    private static void think(JsonNode think, ObjectNode body) {
        if (think.isMissingNode() || think.isNull()) return;
        ObjectNode said = body.putObject("chat_template_kwargs");
        said.put("enable_thinking", think.isTextual() || think.asBoolean());
        if (think.isTextual()) said.put("reasoning_effort", think.asText());
    }

    private static ArrayNode messages(JsonNode theirs) throws Refusal {
        if (!theirs.isArray())
            throw new Refusal(ApiError.invalid(400, "messages_missing", "messages must be a list")
                    .at("messages"));
        ArrayNode messages = JSON.createArrayNode();
        var open = new ArrayList<Call>();
        int calls = 0;
        for (JsonNode one : theirs) {
            ObjectNode message = messages.addObject();
            message.put("role", one.path("role").asText("user"));
            message.set("content", content(one.path("content").asText(""), one.path("images")));
            if (one.has("thinking"))
                message.put("reasoning_content", one.path("thinking").asText());
            if (!one.path("tool_calls").isEmpty()) {
                ArrayNode list = message.putArray("tool_calls");
                for (JsonNode call : one.path("tool_calls")) open.add(called(call, "call_" + calls++, list));
            }
            if (one.path("role").asText("").equals("tool")) answered(one, message, open);
        }
        return messages;
    }

    /** Here the arguments of a call are an object, there they are its text; and there a call has an id. */
    private static Call called(JsonNode theirs, String newId, ArrayNode list) {
        JsonNode function = theirs.path("function");
        String id = theirs.path("id").asText("").isEmpty()
                ? newId
                : theirs.path("id").asText();
        String name = function.path("name").asText("");
        ObjectNode call = list.addObject().put("id", id).put("type", "function");
        call.putObject("function")
                .put("name", name)
                .put("arguments", function.path("arguments").toString());
        return new Call(id, name);
    }

    /** A result belongs to the call it names, else to the first call of that tool, else to the first one open. */
    private static void answered(JsonNode theirs, ObjectNode message, List<Call> open) {
        String tool = theirs.path("tool_name").asText(theirs.path("name").asText(""));
        String id = theirs.path("tool_call_id").asText("");
        for (Call call : List.copyOf(open))
            if (id.isEmpty() && (tool.isEmpty() || call.tool().equals(tool))) id = call.id();
        if (id.isEmpty() && !open.isEmpty()) id = open.getFirst().id();
        String answered = id;
        open.removeIf(call -> call.id().equals(answered));
        message.put("tool_call_id", id);
        if (!tool.isEmpty()) message.put("name", tool);
    }

    private static JsonNode content(String text, JsonNode images) {
        if (!images.isArray() || images.isEmpty()) return JSON.getNodeFactory().textNode(text);
        ArrayNode parts = JSON.createArrayNode();
        if (!text.isEmpty()) parts.addObject().put("type", "text").put("text", text);
        for (JsonNode image : images) {
            String data = image.asText();
            // Base64 has no colon: what begins with a scheme is an address already, of data or of something elsewhere.
            boolean isAddress = data.lastIndexOf(':', SCHEME_CHARS_MAX) >= 0;
            String url = isAddress ? data : "data:" + mediaType(data) + ";base64," + data;
            parts.addObject().put("type", "image_url").putObject("image_url").put("url", url);
        }
        return parts;
    }

    /** By the first bytes, which base64 keeps recognisable. */
    private static String mediaType(String base64) {
        if (base64.startsWith("/9j/")) return "image/jpeg";
        if (base64.startsWith("R0lGOD")) return "image/gif";
        return base64.startsWith("UklGR") ? "image/webp" : "image/png";
    }

    /** A call of a tool that has no result yet. */
    private record Call(String id, String tool) {}
}
