package mesh.testnet.browser;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import mesh.core.Snapshot;
import mesh.core.id.ModelRef;
import mesh.core.member.Member;
import mesh.core.member.Profile;
import mesh.core.member.Profile.Phase;
import mesh.daemon.api.Management;
import mesh.daemon.api.Models;
import mesh.daemon.feed.Entities;
import mesh.daemon.feed.Sight;
import mesh.testnet.sim.Faults;
import mesh.testnet.sim.Machines;
import mesh.testnet.sim.Simulation;

/**
 * What node 0 of a simulated mesh would say in its feed: the simulator's snapshot, put into words by the daemon's own
 * {@link Entities}. Ways are absent, because minds have none. For one thread.
 */
final class SimulatedMesh {
    private static final long SETTLED_MILLIS_MAX = 60_000;

    private static final int HOSTS_OF_EACH = 8;

    private static final List<String> SERVED = List.of("small", "medium", "large");
    private static final long NEED_BYTES = 6 * Machines.GIB;

    private final Simulation mesh;
    private final Entities entities = new Entities(this::sight);
    private final long startedMillis = System.currentTimeMillis();
    private SortedMap<String, Object> shown = new TreeMap<>();

    private SimulatedMesh(Simulation mesh) {
        this.mesh = mesh;
    }

    /** Of {@code nodes} machines of several sizes, far from each other, that have found their hosts. */
    static SimulatedMesh of(int nodes, long seed) {
        var faults = new Faults(5, 0, 1, 60, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        Simulation mesh = Simulation.of(nodes).seed(seed).faults(faults).build();
        mesh.start(0, machine(0));
        for (int i = 1; i < nodes; i++) {
            mesh.start(i, machine(i));
            mesh.join(i, 0);
        }
        mesh.settle(SETTLED_MILLIS_MAX);
        return new SimulatedMesh(mesh);
    }

    private static Profile machine(int index) {
        long memoryBytes = (8L + index % 5 * 16L) * Machines.GIB;
        int serves = index / HOSTS_OF_EACH;
        return serves < SERVED.size()
                ? Machines.serving(index, memoryBytes, new ModelRef(SERVED.get(serves)), NEED_BYTES, false)
                : Machines.idle(index, memoryBytes, List.of());
    }

    /** Lets time go by and says what changed, as a tick of the feed does: entities whole, gone ones as null. */
    Map<String, Object> after(long millis) {
        mesh.run(millis);
        SortedMap<String, Object> now = entities.entities(startedMillis + mesh.nowMillis());
        var changed = new LinkedHashMap<String, Object>();
        for (String key : shown.keySet()) if (!now.containsKey(key)) changed.put(key, null);
        now.forEach((key, value) -> {
            if (!value.equals(shown.get(key))) changed.put(key, value);
        });
        shown = now;
        return changed;
    }

    private Sight sight() {
        Snapshot snapshot = mesh.node(0).snapshot();
        var status = new Management.Status(
                "0.1.0",
                new Management.NodeStatus(snapshot.self().hex(), snapshot.own().name(), "admin", "", ""),
                "",
                "http://127.0.0.1:9337",
                new Management.MemoryStatus(
                        snapshot.own().usableBytes(), snapshot.own().usableBytes(), "simulator", "", List.of()),
                List.of(),
                snapshot.peers().stream().map(SimulatedMesh::peer).toList(),
                Map.of(),
                Map.of(),
                Map.of(),
                Optional.empty());
        return new Sight(
                status,
                Optional.of(snapshot),
                models(snapshot),
                List.of(),
                Map.of(),
                Set.of(),
                0,
                0,
                List.of(),
                Optional.empty(),
                new Sight.Home(startedMillis, true, "", ""));
    }

    private static Management.PeerStatus peer(Member peer) {
        return Management.PeerStatus.of(peer, peer.rttMillis(), "", "", "");
    }

    private static List<Models.Entry> models(Snapshot snapshot) {
        var names = new LinkedHashMap<Object, String>();
        names.put(snapshot.self(), snapshot.own().name());
        for (Member peer : snapshot.peers()) names.put(peer.id(), peer.profile().name());
        var entries = new ArrayList<Models.Entry>();
        snapshot.routes().all().forEach((model, hosts) -> {
            boolean isReady = hosts.stream().anyMatch(host -> host.served().phase() == Phase.READY);
            entries.add(new Models.Entry(
                    model.name(),
                    isReady ? Models.State.READY : Models.State.LOADING,
                    "",
                    hosts.getFirst().served().ctxTokens(),
                    hosts.getFirst().served().sizeBytes(),
                    0,
                    "mesh",
                    hosts.stream()
                            .map(host -> names.getOrDefault(host.node(), ""))
                            .toList()));
        });
        return entries;
    }
}
