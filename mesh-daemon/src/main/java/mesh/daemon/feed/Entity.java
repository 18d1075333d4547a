package mesh.daemon.feed;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/** Fields of one entity in the making. What is not known is left out, so that no reader takes a 0 for a figure. */
final class Entity {
    private final Map<String, Object> fields = new LinkedHashMap<>();

    Entity with(String name, Object value) {
        fields.put(name, value);
        return this;
    }

    /** Left out when empty. */
    Entity known(String name, String text) {
        return text.isEmpty() ? this : with(name, text);
    }

    /** Left out when 0, which here means that nobody knows. */
    Entity known(String name, long figure) {
        return figure == 0 ? this : with(name, figure);
    }

    /** Left out when empty. */
    Entity known(String name, Collection<?> list) {
        return list.isEmpty() ? this : with(name, list);
    }

    Map<String, Object> fields() {
        return fields;
    }
}
