package mesh.core.id;

/**
 * A model's name within a mesh, as clients say it in {@code "model"}: the file's stem or a catalog name. Bounded and
 * printable, because it comes from peers and clients and is shown to people. Compared by code points.
 */
public record ModelRef(String name) implements Comparable<ModelRef> {
    /** Longer than any name on a model hub, short enough for a gossip record. */
    public static final int CHARS_MAX = 200;

    public ModelRef {
        if (!isName(name)) throw new IllegalArgumentException("not a model name chars=" + name.length());
    }

    public static boolean isName(String text) {
        if (text.isEmpty() || text.length() > CHARS_MAX) return false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < '!' || c > '~' || c == '"' || c == '\\') return false;
        }
        return true;
    }

    @Override
    public int compareTo(ModelRef other) {
        return name.compareTo(other.name);
    }

    @Override
    public String toString() {
        return name;
    }
}
