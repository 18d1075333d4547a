package mesh.core.openai;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import org.jspecify.annotations.Nullable;

/** How a caller's API writes what this node has to say itself; what an engine says passes through. Stateless. */
public enum Dialect {
    OPENAI;

    /** The body of an error answer, as {@code application/json}. All four keys are always there: SDKs read them. */
    public String error(ApiError error) {
        var json = new StringBuilder("{\"error\":{\"message\":");
        quoted(error.message(), json);
        json.append(",\"type\":");
        quoted(error.type().wire(), json);
        json.append(",\"param\":");
        quoted(error.param(), json);
        json.append(",\"code\":");
        quoted(error.code(), json);
        return json.append("}}").toString();
    }

    /** The last event of a stream that cannot go on. */
    public String streamError(ApiError error) {
        return "data: " + error(error) + "\n\n";
    }

    private static void quoted(@Nullable String text, StringBuilder into) {
        if (text == null) {
            into.append("null");
            return;
        }
        into.append('"');
        JsonStringEncoder.getInstance().quoteAsString(text, into);
        into.append('"');
    }
}
