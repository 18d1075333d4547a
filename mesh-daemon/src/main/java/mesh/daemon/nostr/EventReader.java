package mesh.daemon.nostr;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads what strangers send: bounded in size and depth, strict about form, never throwing. Stateless. */
final class EventReader {
    /** The largest frame that relays agree on; with it everything inside is bounded. */
    static final int FRAME_CHARS_MAX = 128 * 1024;

    private static final int DEPTH_MAX = 16;
    private static final int DIGITS_MAX = 20;
    private static final int TAGS_MAX = 2_000;

    /** The year 10889, and no overflow when anything is added. */
    private static final long SECONDS_MAX = 1L << 48;

    private static final int KIND_MAX = 65_535;

    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(DEPTH_MAX)
                            .maxStringLength(FRAME_CHARS_MAX)
                            .maxNumberLength(DIGITS_MAX)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private EventReader() {}

    static Optional<JsonNode> json(String text) {
        if (text.length() > FRAME_CHARS_MAX) return Optional.empty();
        try {
            return Optional.ofNullable(JSON.readTree(text)).filter(node -> !node.isMissingNode());
        } catch (JacksonException malformed) {
            return Optional.empty();
        }
    }

    static Optional<Event> event(JsonNode node) {
        String id = node.path("id").textValue();
        String author = node.path("pubkey").textValue();
        String content = node.path("content").textValue();
        String signature = node.path("sig").textValue();
        JsonNode createdAt = node.path("created_at");
        JsonNode kind = node.path("kind");
        if (id == null || author == null || content == null || signature == null) return Optional.empty();
        if (!Hex.is(id, 32) || !Hex.is(author, Schnorr.KEY_BYTES) || !Hex.is(signature, Schnorr.SIGNATURE_BYTES))
            return Optional.empty();
        if (!isWithin(createdAt, SECONDS_MAX) || !isWithin(kind, KIND_MAX)) return Optional.empty();
        return tags(node.path("tags"))
                .map(tags -> new Event(id, author, createdAt.longValue(), kind.intValue(), tags, content, signature));
    }

    private static boolean isWithin(JsonNode number, long max) {
        return number.isIntegralNumber()
                && number.canConvertToLong()
                && number.longValue() >= 0
                && number.longValue() <= max;
    }

    private static Optional<List<List<String>>> tags(JsonNode node) {
        if (!node.isArray() || node.size() > TAGS_MAX) return Optional.empty();
        var tags = new ArrayList<List<String>>();
        for (JsonNode each : node) {
            if (!each.isArray()) return Optional.empty();
            var tag = new ArrayList<String>();
            for (JsonNode value : each) {
                String text = value.textValue();
                if (text == null) return Optional.empty();
                tag.add(text);
            }
            tags.add(tag);
        }
        return Optional.of(tags);
    }
}
