package mesh.daemon.nostr;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What somebody asks a relay for: all conditions together; an empty list asks nothing of its field. Immutable.
 *
 * @param tags wanted values by tag letter
 * @param limit of stored events; 0 = none said
 */
public record Filter(
        List<String> ids,
        List<String> authors,
        List<Integer> kinds,
        Map<String, List<String>> tags,
        long since,
        long until,
        int limit) {
    private static final int VALUES_MAX = 1_000;

    public Filter {
        ids = List.copyOf(ids);
        authors = List.copyOf(authors);
        kinds = List.copyOf(kinds);
        tags = Map.copyOf(tags);
    }

    public static Filter ofIds(List<String> ids) {
        return new Filter(ids, List.of(), List.of(), Map.of(), 0, Long.MAX_VALUE, 0);
    }

    public static Filter ofKind(int kind) {
        return new Filter(List.of(), List.of(), List.of(kind), Map.of(), 0, Long.MAX_VALUE, 0);
    }

    public Filter by(List<String> authors) {
        return new Filter(ids, authors, kinds, tags, since, until, limit);
    }

    public Filter tagged(String letter, String value) {
        var more = new TreeMap<>(tags);
        more.put(letter, List.of(value));
        return new Filter(ids, authors, kinds, more, since, until, limit);
    }

    public Filter limited(int limit) {
        return new Filter(ids, authors, kinds, tags, since, until, limit);
    }

    public boolean matches(Event event) {
        if (!ids.isEmpty() && !ids.contains(event.id())) return false;
        if (!authors.isEmpty() && !authors.contains(event.author())) return false;
        if (!kinds.isEmpty() && !kinds.contains(event.kind())) return false;
        if (event.createdAt() < since || event.createdAt() > until) return false;
        for (Map.Entry<String, List<String>> wanted : tags.entrySet())
            if (event.values(wanted.getKey()).stream().noneMatch(wanted.getValue()::contains)) return false;
        return true;
    }

    String json() {
        var fields = new ArrayList<String>();
        if (!ids.isEmpty()) fields.add("\"ids\":" + list(ids));
        if (!authors.isEmpty()) fields.add("\"authors\":" + list(authors));
        if (!kinds.isEmpty()) fields.add("\"kinds\":" + kinds.toString().replace(" ", ""));
        new TreeMap<>(tags).forEach((letter, values) -> fields.add("\"#" + letter + "\":" + list(values)));
        if (since > 0) fields.add("\"since\":" + since);
        if (until < Long.MAX_VALUE) fields.add("\"until\":" + until);
        if (limit > 0) fields.add("\"limit\":" + limit);
        return "{" + String.join(",", fields) + "}";
    }

    private static String list(List<String> values) {
        return CanonicalJson.strings(new StringBuilder(), values).toString();
    }

    /** Reads a stranger's filter; empty when a field is not what it must be. */
    static Optional<Filter> read(JsonNode node) {
        if (!node.isObject()) return Optional.empty();
        var tags = new TreeMap<String, List<String>>();
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            if (!field.getKey().matches("#[a-zA-Z]")) continue;
            Optional<List<String>> values = texts(field.getValue());
            if (values.isEmpty()) return Optional.empty();
            tags.put(field.getKey().substring(1), values.get());
        }
        Optional<List<String>> ids = node.has("ids") ? texts(node.path("ids")) : Optional.of(List.of());
        Optional<List<String>> authors = node.has("authors") ? texts(node.path("authors")) : Optional.of(List.of());
        var kinds = new ArrayList<Integer>();
        for (JsonNode kind : node.path("kinds")) {
            if (!kind.canConvertToInt()) return Optional.empty();
            kinds.add(kind.intValue());
        }
        if (ids.isEmpty() || authors.isEmpty() || kinds.size() > VALUES_MAX) return Optional.empty();
        return Optional.of(new Filter(
                ids.get(),
                authors.get(),
                kinds,
                tags,
                node.path("since").asLong(0),
                node.path("until").asLong(Long.MAX_VALUE),
                Math.max(0, node.path("limit").asInt(0))));
    }

    private static Optional<List<String>> texts(JsonNode array) {
        if (!array.isArray() || array.size() > VALUES_MAX || array.isEmpty()) return Optional.empty();
        var texts = new ArrayList<String>();
        for (JsonNode each : array) {
            String text = each.textValue();
            if (text == null) return Optional.empty();
            texts.add(text);
        }
        return Optional.of(texts);
    }
}
