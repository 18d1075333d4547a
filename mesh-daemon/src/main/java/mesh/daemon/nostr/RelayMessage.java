package mesh.daemon.nostr;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;

/** What a relay says. Anything that cannot be read is {@link Unknown}: parsing never fails. */
sealed interface RelayMessage {
    /** {@code event} is empty when it is none; not yet checked for being genuine. */
    record Given(String subscription, Optional<Event> event) implements RelayMessage {}

    record Ok(String id, boolean isAccepted, String message) implements RelayMessage {}

    record StoredEnd(String subscription) implements RelayMessage {}

    record Closed(String subscription, String message) implements RelayMessage {}

    record Notice(String message) implements RelayMessage {}

    record Auth(String challenge) implements RelayMessage {}

    record Unknown() implements RelayMessage {}

    static RelayMessage parse(String text) {
        Optional<JsonNode> read = EventReader.json(text);
        if (read.isEmpty() || !read.get().isArray()) return new Unknown();
        JsonNode frame = read.get();
        String first = frame.path(1).asText("");
        return switch (frame.path(0).asText("")) {
            case "EVENT" -> new Given(first, EventReader.event(frame.path(2)));
            // Some relays leave the fourth element out.
            case "OK" ->
                new Ok(first, frame.path(2).asBoolean(false), frame.path(3).asText(""));
            case "EOSE" -> new StoredEnd(first);
            case "CLOSED" -> new Closed(first, frame.path(2).asText(""));
            case "NOTICE" -> new Notice(first);
            case "AUTH" -> new Auth(first);
            default -> new Unknown();
        };
    }
}
