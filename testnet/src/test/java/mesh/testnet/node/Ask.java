package mesh.testnet.node;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;

/** The plain HTTP calls that tests make of a node, answered as status and JSON. */
public final class Ask {
    static final JsonMapper JSON = new JsonMapper();
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private Ask() {}

    /** What came back; {@code json} is a missing node when the body is none. */
    public record Answer(int status, JsonNode json, String text, HttpResponse<?> response) {
        String code() {
            return json.at("/error/code").asText();
        }

        String content() {
            return json.at("/choices/0/message/content").asText();
        }
    }

    static Answer get(String url) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(URI.create(url)));
    }

    /** A call that only looks, but that no page of another site may make. */
    static Answer getMeant(String url) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(URI.create(url)).header("x-mesh-console", "1"));
    }

    public static Answer post(String url, String body) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(URI.create(url))
                .header("content-type", "application/json")
                .header("x-mesh-console", "1")
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    static Answer delete(String url) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(URI.create(url))
                .header("x-mesh-console", "1")
                .DELETE());
    }

    public static Answer chat(String api, String model) throws IOException, InterruptedException {
        return post(api + "/v1/chat/completions", question(model, false));
    }

    /** With one more header. */
    static Answer chat(String api, String model, String header, String value) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(URI.create(api + "/v1/chat/completions"))
                .header("content-type", "application/json")
                .header(header, value)
                .POST(HttpRequest.BodyPublishers.ofString(question(model, false))));
    }

    /** The lines of a streamed chat, as they stood on the wire. */
    static List<String> streamed(String api, String model) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create(api + "/v1/chat/completions"))
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(question(model, true)))
                .build();
        return CLIENT.send(request, BodyHandlers.ofLines()).body().toList();
    }

    /** The text that the deltas of a stream add up to. */
    static String text(List<String> lines) throws IOException {
        var text = new StringBuilder();
        for (String line : lines) {
            if (!line.startsWith("data: {")) continue;
            text.append(JSON.readTree(line.substring(6))
                    .at("/choices/0/delta/content")
                    .asText(""));
        }
        return text.toString();
    }

    static String question(String model, boolean isStream) {
        return JSON.createObjectNode()
                .put("model", model)
                .put("stream", isStream)
                .set(
                        "messages",
                        JSON.createArrayNode()
                                .add(JSON.createObjectNode().put("role", "user").put("content", "Hello")))
                .toString();
    }

    private static Answer send(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<String> response =
                CLIENT.send(request.timeout(Duration.ofSeconds(60)).build(), BodyHandlers.ofString());
        String text = response.body();
        boolean isJson = text.startsWith("{") || text.startsWith("[");
        return new Answer(response.statusCode(), isJson ? JSON.readTree(text) : JSON.missingNode(), text, response);
    }
}
