package mesh.daemon.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.TreeMap;
import mesh.core.openai.ApiError;
import mesh.core.openai.Usage;
import mesh.core.openai.UsageScan;
import mesh.daemon.edge.AnswerTranslation;
import mesh.daemon.edge.EngineError;
import mesh.daemon.edge.Exchange;
import mesh.daemon.edge.Refusal;

/**
 * An engine's answer to a chat, a completion or an infill, in Ollama's words: one JSON object, or a line for every event.
 * Holds one event, or the whole of an answer that is no stream, and the calls of tools until they are complete. One per
 * exchange, on its event loop.
 */
final class OllamaAnswer implements AnswerTranslation {
    private static final int WHOLE_BYTES_MAX = 16 << 20;
    private static final int ARGUMENTS_CHARS_MAX = 1 << 20;
    private static final int CALLS_MAX = 256;

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Where the text of an answer stands. */
    enum Form {
        CHAT,
        GENERATE
    }

    private final Form form;
    private final String model;
    private final boolean isStream;
    private final long startNanos = System.nanoTime();
    private final UsageScan usage = new UsageScan();
    private final EventLines events = new EventLines();
    private final ByteArrayOutputStream whole = new ByteArrayOutputStream();
    private final TreeMap<Integer, Call> calls = new TreeMap<>();
    private String finish = "";

    /** {@code model} is the name that the caller used. */
    OllamaAnswer(Form form, String model, boolean isStream) {
        this.form = form;
        this.model = model;
        this.isStream = isStream;
    }

    @Override
    public String begin(int status, String contentType) {
        return isStream ? Exchange.LINES : Exchange.JSON;
    }

    @Override
    public void piece(ByteBuf piece, ByteBuf out) throws Refusal {
        byte[] bytes = ByteBufUtil.getBytes(piece);
        usage.feed(bytes, 0, bytes.length);
        if (isStream) events.feed(piece, data -> event(data, out));
        else if (whole.size() + bytes.length > WHOLE_BYTES_MAX) throw odd("its answer is too long");
        else whole.writeBytes(bytes);
    }

    @Override
    public void end(ByteBuf out) throws Refusal {
        if (isStream) {
            if (finish.isEmpty()) throw odd("its stream ended without saying why");
            if (!calls.isEmpty()) line(part("", "", tools()), out);
            line(finished(part("", "", JSON.createArrayNode())), out);
            return;
        }
        JsonNode answer = parsed(whole.toString(StandardCharsets.UTF_8));
        JsonNode said = said(answer);
        said.path("tool_calls").forEach(this::called);
        String text = text(answer, said);
        ByteBufUtil.writeUtf8(
                out,
                finished(part(text, said.path("reasoning_content").asText(""), tools()))
                        .toString());
    }

    private void event(String data, ByteBuf out) throws Refusal {
        if (data.equals("[DONE]")) return;
        JsonNode answer = parsed(data);
        if (answer.has("error")) throw new Refusal(EngineError.read(502, data));
        JsonNode said = said(answer);
        for (JsonNode call : said.path("tool_calls")) called(call);
        String text = text(answer, said);
        String thinking = said.path("reasoning_content").asText("");
        if (!text.isEmpty() || !thinking.isEmpty()) line(part(text, thinking, JSON.createArrayNode()), out);
    }

    /** The message or the part of one; notes on the way how the answer ended, once it says so. */
    private JsonNode said(JsonNode answer) {
        JsonNode choice = answer.path("choices").path(0);
        String reason = choice.path("finish_reason").asText("");
        if (!reason.isEmpty() && !reason.equals("null")) finish = reason.equals("length") ? "length" : "stop";
        if (answer.path("stop").asBoolean())
            finish = answer.path("stop_type").asText("").equals("limit") ? "length" : "stop";
        return choice.has("delta") ? choice.path("delta") : choice.path("message");
    }

    private static String text(JsonNode answer, JsonNode said) {
        if (said.hasNonNull("content")) return said.path("content").asText();
        String completed = answer.path("choices").path(0).path("text").asText("");
        return completed.isEmpty() ? answer.path("content").asText("") : completed;
    }

    /** The parts of a call carry its number; the name comes first, then the arguments piece by piece. */
    private void called(JsonNode part) {
        int index = part.path("index").asInt(calls.size());
        if (!calls.containsKey(index) && calls.size() == CALLS_MAX) return;
        Call call = calls.computeIfAbsent(index, first -> new Call());
        JsonNode function = part.path("function");
        if (call.id.isEmpty()) call.id = part.path("id").asText("");
        if (call.name.isEmpty()) call.name = function.path("name").asText("");
        String more = function.path("arguments").asText("");
        if (call.arguments.length() + more.length() <= ARGUMENTS_CHARS_MAX) call.arguments.append(more);
    }

    private ArrayNode tools() throws Refusal {
        ArrayNode tools = JSON.createArrayNode();
        for (Call call : calls.values()) {
            ObjectNode tool = tools.addObject();
            if (!call.id.isEmpty()) tool.put("id", call.id);
            ObjectNode function = tool.putObject("function").put("name", call.name);
            String arguments = call.arguments.toString();
            function.set("arguments", arguments.isBlank() ? JSON.createObjectNode() : parsed(arguments));
        }
        return tools;
    }

    private ObjectNode part(String text, String thinking, ArrayNode tools) {
        ObjectNode part = begun(model);
        ObjectNode message = form == Form.CHAT ? part.putObject("message").put("role", "assistant") : part;
        message.put(form == Form.CHAT ? "content" : "response", text);
        if (!thinking.isEmpty()) message.put("thinking", thinking);
        if (!tools.isEmpty()) message.set("tool_calls", tools);
        return part.put("done", false);
    }

    /** What every answer and part of one begins with. */
    static ObjectNode begun(String model) {
        return JSON.createObjectNode()
                .put("model", model)
                .put("created_at", Instant.now().toString());
    }

    private ObjectNode finished(ObjectNode part) {
        part.put("done", true).put("done_reason", finish.isEmpty() ? "stop" : finish);
        part.put("total_duration", System.nanoTime() - startNanos).put("load_duration", 0);
        Usage seen = usage.usage().orElse(new Usage(0, 0, 0, 0, 0));
        return part.put("prompt_eval_count", seen.promptTokens())
                .put("prompt_eval_duration", nanos(seen.promptMillis()))
                .put("eval_count", seen.completionTokens())
                .put("eval_duration", nanos(seen.completionMillis()));
    }

    private static long nanos(double millis) {
        return Math.round(millis * 1_000_000);
    }

    private static void line(ObjectNode part, ByteBuf out) {
        ByteBufUtil.writeUtf8(out, part.toString());
        out.writeByte('\n');
    }

    private static JsonNode parsed(String text) throws Refusal {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException broken) {
            throw odd("it is not JSON: " + broken.getOriginalMessage());
        }
    }

    private static Refusal odd(String why) {
        return new Refusal(ApiError.server(502, "engine_odd", "the engine's answer makes no sense: " + why));
    }

    /** A call of a tool as it comes in. */
    private static final class Call {
        private final StringBuilder arguments = new StringBuilder();
        private String id = "";
        private String name = "";
    }
}
