package mesh.daemon.edge;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mesh.core.openai.ApiError;

/** A whole request as a handler on a virtual thread sees it. Immutable, any thread. */
public final class Ask {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String method;
    private final String path;
    private final String rest;
    private final Map<String, List<String>> query;
    private final HttpHeaders headers;
    private final byte[] body;

    Ask(String method, String path, String rest, String query, HttpHeaders headers, byte[] body) {
        this.method = method;
        this.path = path;
        this.rest = rest;
        this.query = new QueryStringDecoder(query, false).parameters();
        this.headers = headers;
        this.body = body;
    }

    public String method() {
        return method;
    }

    public String path() {
        return path;
    }

    /** What follows the prefix of a prefix route, decoded; empty on an exact route. */
    public String rest() {
        return rest;
    }

    public Optional<String> query(String name) {
        List<String> values = query.getOrDefault(name, List.of());
        return values.isEmpty() ? Optional.empty() : Optional.of(values.getFirst());
    }

    public Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name));
    }

    /** The body as a JSON object. */
    public JsonNode json() throws Refusal {
        try {
            JsonNode tree = JSON.readTree(body);
            if (tree != null && tree.isObject()) return tree;
            throw new Refusal(ApiError.notJson("it is " + (body.length == 0 ? "empty" : "something else")));
        } catch (JsonProcessingException malformed) {
            throw new Refusal(ApiError.notJson(malformed.getOriginalMessage()));
        } catch (IOException impossible) {
            throw new IllegalStateException("reading from memory failed", impossible);
        }
    }
}
