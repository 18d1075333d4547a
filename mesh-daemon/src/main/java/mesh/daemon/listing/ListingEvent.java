package mesh.daemon.listing;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import mesh.core.id.MeshId;
import mesh.core.id.NodeId;
import mesh.core.listing.Listing;
import mesh.daemon.nostr.Event;
import mesh.daemon.nostr.Filter;

/**
 * A listing as an event: kind 31990, one per publisher and mesh, its fields as JSON under the names that the nearest
 * other ecosystem uses where the meaning is the same. Stateless.
 */
public final class ListingEvent {
    public static final int KIND = 31_990;

    /** Our own application id, so that nobody of another ecosystem tries to dial us, nor we them. */
    public static final String APPLICATION = "mesh-listing";

    static final String DELISTED = "delisted";

    /** A sealed invite takes a kilobyte or two. */
    public static final int SEALED_MAX = 4;

    /** Twice what our own fullest listing takes. */
    private static final int CONTENT_CHARS_MAX = 16 * 1024;

    private static final int DEPTH_MAX = 8;
    private static final int VERSION = 1;

    private static final JsonMapper JSON = new JsonMapper(JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(DEPTH_MAX)
                    .maxStringLength(CONTENT_CHARS_MAX)
                    .maxNumberLength(20)
                    .build())
            .build());

    private ListingEvent() {}

    /**
     * What a listing's content says.
     *
     * @param powNonce belongs to the publisher's key
     * @param sealed invites, each for the holder of one key
     */
    record Content(Listing listing, long powNonce, List<String> sealed) {}

    /** All listings; one condition on tags, because some relays answer nothing to more. */
    public static Filter all() {
        return Filter.ofKind(KIND).tagged("k", APPLICATION);
    }

    /** Everything about one mesh, delistings included. */
    static Filter of(MeshId mesh) {
        return Filter.ofKind(KIND).tagged("d", mesh.hex());
    }

    static Event.Draft listed(Listing listing, long powNonce, List<String> sealed, long createdAt, long expiration) {
        var content = JSON.createObjectNode()
                .put("v", VERSION)
                .put("mesh_id", listing.mesh().hex());
        if (!listing.name().isEmpty()) content.put("name", listing.name());
        if (!listing.region().isEmpty()) content.put("region", listing.region());
        content.set("serving", texts(listing.serving()));
        content.put("serving_total", listing.servingTotal());
        content.set("wanted", texts(listing.wanted()));
        content.set("on_disk", texts(listing.onDisk()));
        content.put("total_vram_bytes", listing.memoryBytes())
                .put("node_count", listing.nodes())
                .put("client_count", listing.clients())
                .put("max_clients", listing.clientsMax())
                .put("proto", listing.protocol())
                .put("invite_token", listing.entry().clientToken())
                .put("serve_token", listing.entry().serveToken());
        if (!sealed.isEmpty()) content.set("sealed", texts(sealed));
        content.set(
                "node",
                JSON.createObjectNode()
                        .put("id", listing.entry().node().hex())
                        .put("sig", listing.entry().proof()));
        content.set("pow", JSON.createObjectNode().put("n", Long.toHexString(powNonce)));
        var tags = List.of(
                List.of("d", listing.mesh().hex()),
                List.of("k", APPLICATION),
                List.of("expiration", Long.toString(expiration)),
                List.of("v", Integer.toString(VERSION)),
                List.of("alt", "LLM mesh listing"));
        return new Event.Draft(createdAt, KIND, tags, content.toString());
    }

    /** Takes the place of a listing without being one: works on every relay, and keeps a saved copy from coming back. */
    static Event.Draft delisted(MeshId mesh, long createdAt, long expiration) {
        var tags = List.of(
                List.of("d", mesh.hex()), List.of("expiration", Long.toString(expiration)), List.of("s", DELISTED));
        return new Event.Draft(createdAt, KIND, tags, "");
    }

    /** Asks relays to forget the listing altogether. */
    static Event.Draft deletion(String author, MeshId mesh, String lastId, long createdAt) {
        var tags = List.of(
                List.of("a", KIND + ":" + author + ":" + mesh.hex()),
                List.of("e", lastId),
                List.of("k", Integer.toString(KIND)));
        return new Event.Draft(createdAt, Event.DELETION, tags, "");
    }

    static boolean isDelisted(Event event) {
        return event.values("s").contains(DELISTED);
    }

    static Optional<Content> read(Event event) {
        if (event.content().length() > CONTENT_CHARS_MAX) return Optional.empty();
        try {
            JsonNode said = JSON.readTree(event.content());
            JsonNode node = said.path("node");
            MeshId mesh = MeshId.parse(said.path("mesh_id").asText());
            if (!event.tag("d").equals(Optional.of(mesh.hex()))) return Optional.empty();
            var entry = new Listing.Entry(
                    NodeId.parse(node.path("id").asText()),
                    said.path("invite_token").asText(),
                    said.path("serve_token").asText(),
                    node.path("sig").asText());
            var listing = new Listing(
                    mesh,
                    said.path("name").asText(""),
                    said.path("region").asText(""),
                    texts(said.path("serving")),
                    said.path("serving_total").asInt(),
                    texts(said.path("wanted")),
                    texts(said.path("on_disk")),
                    said.path("total_vram_bytes").asLong(),
                    said.path("node_count").asInt(),
                    said.path("client_count").asInt(),
                    said.path("max_clients").asInt(),
                    said.path("proto").asText(""),
                    entry);
            long powNonce = Long.parseUnsignedLong(said.path("pow").path("n").asText("0"), 16);
            List<String> sealed = texts(said.path("sealed"));
            return Optional.of(new Content(listing, powNonce, sealed.subList(0, Math.min(sealed.size(), SEALED_MAX))));
        } catch (JacksonException | IllegalArgumentException malformed) {
            return Optional.empty();
        }
    }

    private static ArrayNode texts(List<String> items) {
        ArrayNode array = JSON.createArrayNode();
        items.forEach(array::add);
        return array;
    }

    private static List<String> texts(JsonNode array) {
        var texts = new ArrayList<String>();
        for (JsonNode each : array)
            if (each.isTextual() && texts.size() < Listing.SERVING_MAX) texts.add(each.asText());
        return texts;
    }
}
