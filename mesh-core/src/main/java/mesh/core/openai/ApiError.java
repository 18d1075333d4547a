package mesh.core.openai;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One refusal or failure as an API caller sees it, in no dialect yet. {@code code} is stable: programs compare it, so a
 * code that was published is never renamed. The message is for people, whole, and says what to do where that is known.
 *
 * @param param the request's field at fault, if one is
 * @param retryAfterSeconds when trying again makes sense; 0 = not said
 */
public record ApiError(
        int status, Type type, String code, @Nullable String param, String message, int retryAfterSeconds) {

    /** The families that SDKs turn into exception classes. */
    public enum Type {
        INVALID_REQUEST("invalid_request_error"),
        AUTHENTICATION("authentication_error"),
        PERMISSION("permission_error"),
        RATE_LIMIT("rate_limit_error"),
        SERVER("server_error");

        private final String wire;

        Type(String wire) {
            this.wire = wire;
        }

        public String wire() {
            return wire;
        }
    }

    public ApiError {
        if (status < 400 || status > 599) throw new IllegalArgumentException("not an error status=" + status);
        if (retryAfterSeconds < 0) throw new IllegalArgumentException("retryAfterSeconds=" + retryAfterSeconds);
    }

    public static ApiError invalid(int status, String code, String message) {
        return new ApiError(status, Type.INVALID_REQUEST, code, null, message, 0);
    }

    public static ApiError forbidden(String code, String message) {
        return new ApiError(403, Type.PERMISSION, code, null, message, 0);
    }

    /** More is asked than this mesh has room to queue. */
    public static ApiError rateLimited(String message) {
        return new ApiError(429, Type.RATE_LIMIT, "mesh_busy", null, message, 1);
    }

    public static ApiError server(int status, String code, String message) {
        return new ApiError(status, Type.SERVER, code, null, message, 0);
    }

    public static ApiError unknownUrl(String method, String path) {
        return invalid(404, "unknown_url", "no such address: " + method + " " + path);
    }

    public static ApiError notJson(String why) {
        return invalid(400, "invalid_json", "the body must be one JSON object: " + why);
    }

    public static ApiError notForm(String why) {
        return invalid(400, "invalid_form", "the body must be a form in parts, as its content type says: " + why);
    }

    public static ApiError bodyTooLarge(long bytesMax) {
        return invalid(413, "body_too_large", "the body is larger than " + bytesMax + " bytes");
    }

    /** An answer of an engine as it is told in a dialect that is not the engine's own. */
    public static ApiError ofStatus(int status, String code, String message) {
        Type type = switch (status) {
            case 401 -> Type.AUTHENTICATION;
            case 403 -> Type.PERMISSION;
            case 429 -> Type.RATE_LIMIT;
            default -> status >= 500 ? Type.SERVER : Type.INVALID_REQUEST;
        };
        return new ApiError(status, type, code, null, message, 0);
    }

    /** {@code near} are names the caller may have meant, best first. */
    public static ApiError modelNotFound(String name, List<String> near) {
        String hint = near.isEmpty() ? "" : "; did you mean " + String.join(" or ", near) + "?";
        String message = "the model '" + name + "' does not exist here" + hint + " GET /v1/models lists what does";
        return new ApiError(404, Type.INVALID_REQUEST, "model_not_found", "model", message, 0);
    }

    public static ApiError modelLoading(String name, String progress, int retryAfterSeconds) {
        String message = "the model '" + name + "' is loading: " + progress;
        return new ApiError(503, Type.SERVER, "model_loading", "model", message, retryAfterSeconds);
    }

    public ApiError at(String field) {
        return new ApiError(status, type, code, field, message, retryAfterSeconds);
    }

    public ApiError retryAfter(int seconds) {
        return new ApiError(status, type, code, param, message, seconds);
    }
}
