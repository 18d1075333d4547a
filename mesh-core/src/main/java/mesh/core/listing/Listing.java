package mesh.core.listing;

import java.util.List;
import mesh.core.id.MeshId;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;

/**
 * What a mesh says of itself in public. Claims of strangers are cut to what can be shown and to figures that a mesh can
 * have, so that inflated ones gain nothing; only the invites and the proof are more than claims. Immutable.
 *
 * @param name what people call the mesh; empty without one
 * @param region where it stands, in the publisher's words; empty without one
 * @param servingTotal how many models it serves, of which {@code serving} are the first
 * @param memoryBytes what all its nodes lend to models
 * @param clientsMax how many clients the publisher takes; 0 = as many as come
 * @param protocol the wire this mesh speaks
 * @param entry how to get in
 */
public record Listing(
        MeshId mesh,
        String name,
        String region,
        List<String> serving,
        int servingTotal,
        List<String> wanted,
        List<String> onDisk,
        long memoryBytes,
        int nodes,
        int clients,
        int clientsMax,
        String protocol,
        Entry entry) {
    public static final int NAME_CHARS_MAX = 64;
    public static final int REGION_CHARS_MAX = 32;
    public static final int MODEL_CHARS_MAX = 128;
    public static final int PROTOCOL_CHARS_MAX = 32;

    /** Together with two invites the text stays below 8 KiB, which every relay takes. */
    public static final int SERVING_MAX = 32;

    public static final int WANTED_MAX = 16;
    public static final int ON_DISK_MAX = 32;

    /** More is not believed: figures of strangers only order the probes. */
    public static final int NODES_MAX = 64;

    public static final long MEMORY_BYTES_MAX = 4L << 40;
    public static final int COUNT_MAX = 1 << 20;

    /** The wire of this release; meshes with another one cannot be joined. */
    public static final String PROTOCOL = "mesh/1";

    /**
     * The way in: two invites as text, one to ask and one to serve, and who issued them. Both are public, short-lived and
     * earn no role above {@code serve}.
     *
     * @param proof the node's signature, see {@link ListingProof}, in hex
     */
    public record Entry(NodeId node, String clientToken, String serveToken, String proof) {
        @Override
        public String toString() {
            return "entry at " + node;
        }
    }

    public Listing {
        name = PlainText.of(name, NAME_CHARS_MAX);
        region = PlainText.of(region, REGION_CHARS_MAX);
        protocol = PlainText.of(protocol, PROTOCOL_CHARS_MAX);
        serving = shown(serving, SERVING_MAX);
        wanted = shown(wanted, WANTED_MAX);
        onDisk = shown(onDisk, ON_DISK_MAX);
        servingTotal = Math.clamp(servingTotal, serving.size(), COUNT_MAX);
        memoryBytes = Math.clamp(memoryBytes, 0, MEMORY_BYTES_MAX);
        nodes = Math.clamp(nodes, 1, NODES_MAX);
        clients = Math.clamp(clients, 0, COUNT_MAX);
        clientsMax = Math.clamp(clientsMax, 0, COUNT_MAX);
    }

    /** The same, with a way in. */
    public Listing at(Entry way) {
        return new Listing(
                mesh,
                name,
                region,
                serving,
                servingTotal,
                wanted,
                onDisk,
                memoryBytes,
                nodes,
                clients,
                clientsMax,
                protocol,
                way);
    }

    public boolean isFull() {
        return clientsMax > 0 && clients >= clientsMax;
    }

    public boolean serves(String model) {
        return serving.stream().anyMatch(served -> served.equalsIgnoreCase(model));
    }

    public boolean wants(String model) {
        return wanted.stream().anyMatch(asked -> asked.equalsIgnoreCase(model));
    }

    private static List<String> shown(List<String> models, int max) {
        return models.stream()
                .map(model -> PlainText.of(model, MODEL_CHARS_MAX))
                .filter(model -> !model.isEmpty())
                .distinct()
                .limit(max)
                .toList();
    }

    /** As a listing names models: in the words of the mesh, whichever node has them. */
    public static List<String> names(List<ModelRef> models, int max) {
        return models.stream()
                .map(ModelRef::name)
                .distinct()
                .sorted()
                .limit(max)
                .toList();
    }
}
