package mesh.daemon.edge;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Which action answers which method and path. Filled before the server starts, read from event loops after. A path
 * without the {@code /v1} that the table has with it is taken as meant; a trailing slash does not count; HEAD is GET.
 */
public final class RouteTable {
    private final Map<String, Entry> exact = new HashMap<>();
    private final List<Prefix> prefixes = new ArrayList<>();

    /** {@code /*}, asked last: the console's files must not hide that {@code /models} means {@code /v1/models}. */
    private final Entry rest = new Entry();

    public RouteTable local(String method, String path, Action.Handler handler) {
        return add(method, path, new Action.Local(handler));
    }

    public RouteTable forward(String path, Action.Chooser chooser) {
        return add("POST", path, new Action.Forward(chooser));
    }

    public RouteTable translate(String path, Translator translator) {
        return add("POST", path, new Action.Translate(translator));
    }

    public RouteTable waiting(String method, String path, Action.Answerer answerer) {
        return add(method, path, new Action.Waiting(answerer));
    }

    public RouteTable events(String path, Action.EventSource source) {
        return add("GET", path, new Action.Events(source));
    }

    /** A call that changes this node: browsers may make it only with {@link Gate#INTENT_HEADER}. */
    public RouteTable changing(String method, String path, Action.Answerer answerer) {
        return add(method, path, new Route(new Action.Waiting(answerer), true));
    }

    /** {@code path} ending in {@code /*} takes every path below it. */
    public RouteTable add(String method, String path, Action action) {
        return add(method, path, new Route(action, false));
    }

    private RouteTable add(String method, String path, Route route) {
        if (entryOf(path).byMethod.put(method, route) != null)
            throw new IllegalStateException("route given twice: " + method + " " + path);
        return this;
    }

    private Entry entryOf(String path) {
        if (path.equals("/*")) return rest;
        if (!path.endsWith("/*")) return exact.computeIfAbsent(path, unknown -> new Entry());
        String below = path.substring(0, path.length() - 1);
        for (Prefix prefix : prefixes) if (prefix.path.equals(below)) return prefix.entry;
        var prefix = new Prefix(below, new Entry());
        prefixes.add(prefix);
        prefixes.sort(Comparator.comparingInt((Prefix p) -> p.path.length()).reversed());
        return prefix.entry;
    }

    /** {@code path} is without the query, still percent-encoded. */
    Match match(String method, String path) {
        String trimmed = path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
        Match direct = lookUp(method, trimmed);
        if (!(direct instanceof Match.Unknown)) return direct;
        Match versioned = lookUp(method, "/v1" + trimmed);
        if (!(versioned instanceof Match.Unknown)) return versioned;
        return trimmed.startsWith("/") && rest.match(method, trimmed.substring(1)) instanceof Match.Found found
                ? found
                : new Match.Unknown();
    }

    private Match lookUp(String method, String path) {
        Entry entry = exact.get(path);
        if (entry != null) return entry.match(method, "");
        for (Prefix prefix : prefixes)
            if (path.startsWith(prefix.path)) return prefix.entry.match(method, path.substring(prefix.path.length()));
        return new Match.Unknown();
    }

    /** What the table says of a method and path. */
    sealed interface Match {
        /** {@code rest} is what follows the prefix of a prefix route, still encoded. */
        record Found(Route route, String rest) implements Match {}

        record WrongMethod(String allow) implements Match {}

        record Unknown() implements Match {}
    }

    record Route(Action action, boolean changes) {}

    private record Prefix(String path, Entry entry) {}

    private static final class Entry {
        private final Map<String, Route> byMethod = new TreeMap<>();

        Match match(String method, String rest) {
            Route route = byMethod.get(method);
            if (route == null && method.equals("HEAD")) route = byMethod.get("GET");
            return route == null ? new Match.WrongMethod(allow()) : new Match.Found(route, rest);
        }

        private String allow() {
            var allowed = new ArrayList<>(byMethod.keySet());
            if (byMethod.containsKey("GET")) allowed.add("HEAD");
            allowed.add("OPTIONS");
            return String.join(", ", allowed);
        }
    }
}
