package mesh.core.listing;

import java.util.List;
import java.util.Optional;
import mesh.core.id.MeshId;

/**
 * What somebody looks for. Empty fields ask for nothing.
 *
 * @param model that the mesh must serve
 * @param brings models that the seeker serves itself: a mesh that has or wants them is the better one
 * @param asClient whether the seeker only asks, so that a full mesh is of no use
 * @param last the mesh the seeker was in before
 */
public record Wish(
        String name,
        String model,
        String region,
        long memoryBytesMin,
        List<String> brings,
        boolean asClient,
        Optional<MeshId> last) {
    public static final Wish ANY = new Wish("", "", "", 0, List.of(), false, Optional.empty());

    public Wish {
        brings = List.copyOf(brings);
    }

    public boolean isMetBy(Listing listing) {
        return listing.protocol().equals(Listing.PROTOCOL)
                && (name.isEmpty() || listing.name().equalsIgnoreCase(name))
                && (model.isEmpty() || listing.serves(model))
                && (region.isEmpty() || listing.region().equalsIgnoreCase(region))
                && listing.memoryBytes() >= memoryBytesMin
                && !listing.isFull();
    }
}
