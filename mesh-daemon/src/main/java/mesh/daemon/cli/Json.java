package mesh.daemon.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/** The little JSON and URL writing that commands need. */
final class Json {
    private static final JsonMapper JSON = new JsonMapper();

    private Json() {}

    static String object(String key, String value) {
        return JSON.createObjectNode().put(key, value).toString();
    }

    static String pathSegment(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
