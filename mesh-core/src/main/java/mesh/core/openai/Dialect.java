package mesh.core.openai;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import org.jspecify.annotations.Nullable;

/** How a caller's API writes what this node has to say itself; what an engine says passes through. Stateless. */
public enum Dialect {
    OPENAI,
    ANTHROPIC,
    OLLAMA;

    /** The dialect of whoever calls {@code path}, known or not; {@code isAnthropic} if it sends that API's version header. */
    public static Dialect of(String path, boolean isAnthropic) {
        String versioned = path.startsWith("/v1/") ? path.substring(3) : path;
        if (isAnthropic || versioned.equals("/messages") || versioned.startsWith("/messages/")) return ANTHROPIC;
        return path.startsWith("/api/") ? OLLAMA : OPENAI;
    }

    /** The body of an error answer, as {@code application/json}. Whatever else a dialect has, the stable code is in it. */
    public String error(ApiError error) {
        var json = new StringBuilder();
        switch (this) {
            case OPENAI -> {
                // All four keys are always there: SDKs read them.
                json.append("{\"error\":{\"message\":");
                quoted(error.message(), json);
                json.append(",\"type\":");
                quoted(error.type().wire(), json);
                json.append(",\"param\":");
                quoted(error.param(), json);
                json.append(",\"code\":");
                quoted(error.code(), json);
                json.append("}}");
            }
            case ANTHROPIC -> {
                json.append("{\"type\":\"error\",\"error\":{\"type\":");
                quoted(anthropicType(error.status()), json);
                json.append(",\"message\":");
                quoted(error.message(), json);
                json.append(",\"code\":");
                quoted(error.code(), json);
                json.append("}}");
            }
            case OLLAMA -> {
                json.append("{\"error\":");
                quoted(error.message(), json);
                json.append(",\"code\":");
                quoted(error.code(), json);
                json.append('}');
            }
        }
        return json.toString();
    }

    /** The last words of a stream that cannot go on. */
    public String streamError(ApiError error) {
        return switch (this) {
            case OPENAI -> "data: " + error(error) + "\n\n";
            case ANTHROPIC -> "event: error\ndata: " + error(error) + "\n\n";
            case OLLAMA -> error(error) + "\n";
        };
    }

    /** The header under which this dialect's clients look for a request's id, beside {@code x-request-id}. */
    public String requestIdHeader() {
        return this == ANTHROPIC ? "request-id" : "x-request-id";
    }

    private static String anthropicType(int status) {
        return switch (status) {
            case 401 -> "authentication_error";
            case 403 -> "permission_error";
            case 404 -> "not_found_error";
            case 413 -> "request_too_large";
            case 429 -> "rate_limit_error";
            case 503, 529 -> "overloaded_error";
            case 504 -> "timeout_error";
            default -> status >= 500 ? "api_error" : "invalid_request_error";
        };
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
