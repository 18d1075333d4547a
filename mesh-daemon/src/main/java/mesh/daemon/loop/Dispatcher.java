package mesh.daemon.loop;

import java.net.InetSocketAddress;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import mesh.core.Effect;
import mesh.core.Snapshot;
import mesh.core.elect.Part;
import mesh.core.elect.Reason;
import mesh.core.id.MeshId;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Announcement;
import mesh.core.member.Change;
import mesh.core.member.Member;
import mesh.core.member.Profile;
import mesh.daemon.log.Log;
import org.jspecify.annotations.Nullable;

/**
 * Carries out what the node wants: messages to their links, orders about models to whoever runs them, news of members to
 * the log. Runs on the loop's thread, in the order of the effects; nothing here waits.
 */
final class Dispatcher implements MeshLoop.Effects {
    private static final Log log = Log.of(Dispatcher.class);

    /** As many members as a mesh admits; the one that neither spoke nor was looked up for longest makes room. */
    private static final int KNOWN_MAX = 20_000;

    private final MeshId mesh;
    private final Links links;
    private final Orders orders;
    private final Consumer<Snapshot> changed;
    private @Nullable Snapshot seen;
    private @Nullable Snapshot followed;
    private boolean hasJoined;
    private volatile boolean isAdmitted;

    /** The dead as well, for the node goes on trying them. Written on the loop; the endpoint reads addresses. */
    private final Map<NodeId, Known> known = Collections.synchronizedMap(new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<NodeId, Known> eldest) {
            return size() > KNOWN_MAX;
        }
    });

    private record Known(String name, List<InetSocketAddress> addresses) {}

    Dispatcher(MeshId mesh, Links links, Orders orders, Consumer<Snapshot> changed) {
        this.mesh = mesh;
        this.links = links;
        this.orders = orders;
        this.changed = changed;
        links.connect(this::addresses);
    }

    @Override
    public void carry(Effect effect) {
        switch (effect) {
            case Effect.Send(NodeId to, var message) -> links.send(to, message, this::addresses);
            case Effect.Noticed(Change change) -> noticed(change);
            case Effect.Start(ModelRef model, Part part) -> orders.start(model, part);
            case Effect.Stop(ModelRef model, Reason reason) -> orders.stop(model, reason);
            case Effect.Fetch(ModelRef model, String source) -> orders.fetch(model, source);
            case Effect.Decided(ModelRef model, var outcome) ->
                log.debug("election.decided", "model", model, "outcome", outcome);
        }
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // The node makes a new snapshot when something changed.
    public void turned(Snapshot snapshot) {
        if (snapshot != seen) changed.accept(snapshot);
        seen = snapshot;
        if (snapshot.own().role() == Profile.Role.CLIENT) follow(snapshot);
        if (hasJoined || !isAdmitted || snapshot.peers().isEmpty()) return;
        hasJoined = true;
        log.info("mesh.joined", "meshId", mesh.hex(), "peers", snapshot.peers().size());
    }

    /** A client is told of no changes: what its table no longer has is lost, what it has is known. */
    private void follow(Snapshot snapshot) {
        if (snapshot.equals(followed)) return;
        var gone = new LinkedHashSet<NodeId>();
        if (followed != null) for (Member host : followed.peers()) gone.add(host.id());
        for (Member host : snapshot.peers()) {
            gone.remove(host.id());
            learn(host.id(), host.said());
        }
        followed = snapshot;
        gone.forEach(links::drop);
    }

    /** A member let us in; what it tells of the mesh is on its way. Any thread. */
    void admitted() {
        isAdmitted = true;
    }

    /** Where a member said that it is reached, be it lost by now. Any thread. */
    List<InetSocketAddress> addresses(NodeId node) {
        Known peer = known.get(node);
        return peer == null ? List.of() : peer.addresses();
    }

    private void noticed(Change change) {
        NodeId peer = change.peer();
        switch (change) {
            case Change.Joined(NodeId id, Announcement said) -> {
                learn(id, said);
                log.info("peer.joined", "peer", peer, "name", nameOf(peer), "reason", "announced");
            }
            case Change.Updated(NodeId id, Announcement said) -> learn(id, said);
            case Change.Suspected(NodeId id, NodeId by) -> log.debug("peer.suspected", "peer", peer, "by", by);
            case Change.Cleared(NodeId id) -> log.debug("peer.cleared", "peer", peer);
            case Change.Lost(NodeId id, NodeId by) -> {
                log.warn("peer.lost", "peer", peer, "name", nameOf(peer), "reason", "no_answer", "by", by);
                links.drop(id);
            }
            case Change.Left(NodeId id) ->
                log.info("peer.left", "peer", peer, "name", nameOf(peer), "reason", "farewell");
            case Change.Refuted(NodeId id, long incarnation) -> log.debug("node.refuted", "incarnation", incarnation);
            case Change.Forged(NodeId id, NodeId carrier) -> log.warn("word.forged", "peer", peer, "carrier", carrier);
        }
    }

    private void learn(NodeId id, Announcement said) {
        known.put(
                id, new Known(said.profile().name(), Links.parsed(said.profile().addresses())));
    }

    private String nameOf(NodeId id) {
        Known peer = known.get(id);
        return peer == null ? "" : peer.name();
    }
}
