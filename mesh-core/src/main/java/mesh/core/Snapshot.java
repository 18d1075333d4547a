package mesh.core;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import mesh.core.demand.Task;
import mesh.core.elect.Election;
import mesh.core.elect.Explanation;
import mesh.core.elect.Outcome;
import mesh.core.elect.SplitLimits;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Member;
import mesh.core.member.Profile;
import mesh.core.route.RouteTable;

/**
 * A node's view at one moment, for any thread to read. Immutable.
 *
 * @param own what this node says of itself
 * @param peers everybody alive or suspect but this node, by id; of a client: the hosts it knows
 * @param routes where requests may go
 * @param outcomes of the election of every model that somebody put memory to
 * @param wish what this node would take up if nothing changed, while it has no model
 */
public record Snapshot(
        NodeId self,
        Profile own,
        List<Member> peers,
        RouteTable routes,
        SortedMap<ModelRef, Outcome> outcomes,
        Task wish) {
    public Snapshot {
        peers = List.copyOf(peers);
        outcomes = Collections.unmodifiableSortedMap(new TreeMap<>(outcomes));
    }

    /** All that elections look at: everybody's profile, this node's included. */
    public Map<NodeId, Profile> view() {
        var view = new TreeMap<NodeId, Profile>();
        view.put(self, own);
        for (Member peer : peers) view.put(peer.id(), peer.profile());
        return view;
    }

    /** Why a model runs where it does, or does not: the election's own arithmetic. */
    public Explanation explain(ModelRef model) {
        return new Election(SplitLimits.DEFAULT).explain(model, view());
    }
}
