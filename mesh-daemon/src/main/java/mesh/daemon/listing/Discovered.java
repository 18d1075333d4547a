package mesh.daemon.listing;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import mesh.core.listing.Candidate;
import mesh.core.listing.Listing;

/** What a look brought, as the console and scripts read it. Stateless. */
public final class Discovered {
    private static final JsonMapper JSON = new JsonMapper();

    private Discovered() {}

    public static ObjectNode json(Discovery.Outcome found) {
        ObjectNode all = JSON.createObjectNode();
        ArrayNode meshes = all.putArray("meshes");
        for (Found each : found.meshes()) meshes.add(mesh(each));
        ObjectNode rejected = all.putObject("rejected");
        found.rejected().forEach((reason, count) -> rejected.put(reason.code(), count));
        ObjectNode relays = all.putObject("relays");
        found.relays()
                .forEach((relay, answer) -> relays.putObject(relay.toString())
                        .put("end", answer.end().code())
                        .put("detail", answer.detail())
                        .put("events", answer.events()));
        return all;
    }

    private static ObjectNode mesh(Found found) {
        Candidate candidate = found.candidate();
        Listing listing = candidate.listing();
        ObjectNode mesh = JSON.createObjectNode()
                .put("id", listing.mesh().hex())
                .put("name", listing.name())
                .put("region", listing.region())
                .put("nodes", listing.nodes())
                .put("memoryBytes", listing.memoryBytes())
                .put("clients", listing.clients())
                .put("clientsMax", listing.clientsMax())
                .put("publisher", candidate.author())
                .put("trusted", candidate.isTrusted())
                .put("token", found.serve().token())
                .put("clientToken", found.client().token());
        found.sealed().ifPresent(mine -> mesh.put("sealedToken", mine.token()));
        listing.serving().forEach(mesh.putArray("serving")::add);
        listing.wanted().forEach(mesh.putArray("wanted")::add);
        mesh.put("probe", candidate.probe().code());
        candidate.latencyMillis().ifPresent(millis -> mesh.put("latencyMillis", millis));
        return mesh;
    }
}
