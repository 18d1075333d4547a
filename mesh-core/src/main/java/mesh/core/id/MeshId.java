package mesh.core.id;

/**
 * A mesh's name: the public key that its founder holds. Every certificate of the mesh leads back to it, so two meshes
 * with one display name cannot be taken for each other.
 */
public record MeshId(NodeId key) implements Comparable<MeshId> {
    public static MeshId parse(String hex) {
        return new MeshId(NodeId.parse(hex));
    }

    public String hex() {
        return key.hex();
    }

    @Override
    public int compareTo(MeshId other) {
        return key.compareTo(other.key);
    }

    /** The short form; {@link #hex()} is the whole name. */
    @Override
    public String toString() {
        return key.toString();
    }
}
