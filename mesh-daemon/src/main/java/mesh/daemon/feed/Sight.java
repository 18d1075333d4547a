package mesh.daemon.feed;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import mesh.core.Snapshot;
import mesh.daemon.api.Management;
import mesh.daemon.api.Models;

/**
 * What the entities are made from, read at one moment. Immutable.
 *
 * @param status as the management API shows it
 * @param snapshot of the mesh; empty until this node is in one
 * @param models of the whole mesh
 * @param requests as the management API shows them
 * @param silentMillis for members with an open connection: how long nothing was heard over it
 * @param departed ids of members that said goodbye
 * @param waiting requests before engines of this node
 * @param clients that are connected here and may only ask
 * @param downloads of models that are not served
 * @param joinCommand lets another machine in; empty where this node may not
 */
public record Sight(
        Management.Status status,
        Optional<Snapshot> snapshot,
        List<Models.Entry> models,
        List<Map<String, Object>> requests,
        Map<String, Long> silentMillis,
        Set<String> departed,
        int waiting,
        int clients,
        List<Management.DownloadStatus> downloads,
        Optional<String> joinCommand,
        Home home) {
    /**
     * What does not change while the node runs.
     *
     * @param meshName what this node calls the mesh in public; empty without one
     */
    public record Home(long startedMillis, boolean isOffline, String consoleUrl, String meshName) {}
}
