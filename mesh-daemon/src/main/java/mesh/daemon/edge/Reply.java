package mesh.daemon.edge;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;

/** A whole answer of a handler on a virtual thread. */
public record Reply(int status, String contentType, String body) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Any tree, record, map or list that Jackson can write. */
    public static Reply json(int status, Object value) {
        try {
            return new Reply(status, Exchange.JSON, JSON.writeValueAsString(value));
        } catch (JsonProcessingException ours) {
            throw new IllegalStateException("an answer cannot be written as JSON", ours);
        }
    }

    public static Reply json(Object value) {
        return json(200, value);
    }

    public static Reply text(int status, String text) {
        return new Reply(status, "text/plain; charset=utf-8", text);
    }

    public static Reply empty() {
        return new Reply(204, "", "");
    }
}
