package mesh.daemon.nostr;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a client says to a relay, and the relay's words back, for the embedded relay. Parsing never fails. */
public sealed interface ClientMessage {
    int NAME_CHARS_MAX = 64;
    int FILTERS_MAX = 10;

    record Publish(Event event) implements ClientMessage {}

    record Request(String subscription, List<Filter> filters) implements ClientMessage {
        public Request {
            filters = List.copyOf(filters);
        }
    }

    record Close(String subscription) implements ClientMessage {}

    record Unreadable(String why) implements ClientMessage {}

    static ClientMessage parse(String text) {
        Optional<JsonNode> read = EventReader.json(text);
        if (read.isEmpty() || !read.get().isArray()) return new Unreadable("invalid: not a JSON array");
        JsonNode frame = read.get();
        return switch (frame.path(0).asText("")) {
            case "EVENT" ->
                EventReader.event(frame.path(1))
                        .<ClientMessage>map(Publish::new)
                        .orElse(new Unreadable("invalid: not an event"));
            case "REQ" -> request(frame);
            case "CLOSE" -> new Close(frame.path(1).asText(""));
            default -> new Unreadable("invalid: unknown message");
        };
    }

    private static ClientMessage request(JsonNode frame) {
        String name = frame.path(1).asText("");
        var filters = new ArrayList<Filter>();
        for (int i = 2; i < frame.size(); i++) Filter.read(frame.path(i)).ifPresent(filters::add);
        boolean isWhole = !filters.isEmpty() && filters.size() == frame.size() - 2 && filters.size() <= FILTERS_MAX;
        if (name.isEmpty() || name.length() > NAME_CHARS_MAX || !isWhole)
            return new Unreadable("invalid: not a request");
        return new Request(name, filters);
    }

    static String event(String subscription, Event event) {
        return frame("EVENT", subscription)
                .append(',')
                .append(CanonicalJson.event(event))
                .append(']')
                .toString();
    }

    static String storedEnd(String subscription) {
        return frame("EOSE", subscription).append(']').toString();
    }

    static String closed(String subscription, String why) {
        return CanonicalJson.string(frame("CLOSED", subscription).append(','), why)
                .append(']')
                .toString();
    }

    static String notice(String why) {
        return frame("NOTICE", why).append(']').toString();
    }

    static String ok(String id, boolean isAccepted, String message) {
        StringBuilder text = frame("OK", id).append(',').append(isAccepted).append(',');
        return CanonicalJson.string(text, message).append(']').toString();
    }

    private static StringBuilder frame(String word, String first) {
        return CanonicalJson.string(new StringBuilder("[\"").append(word).append("\","), first);
    }
}
