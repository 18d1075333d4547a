package mesh.core.route;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;

/**
 * Everything there is to route to, built by the loop when the mesh changes and read by any thread through the snapshot.
 * Immutable; equal for equal views.
 */
public final class RouteTable {
    private final NodeId self;
    private final SortedMap<ModelRef, List<Host>> hosts;
    private final SortedMap<ModelRef, RouteReason> absent;

    private RouteTable(NodeId self, SortedMap<ModelRef, List<Host>> hosts, SortedMap<ModelRef, RouteReason> absent) {
        this.self = self;
        this.hosts = hosts;
        this.absent = absent;
    }

    /** {@code absent}: models the mesh means to serve and nobody runs, with the reason; a model with a host outranks it. */
    public static RouteTable of(NodeId self, Collection<Host> all, Map<ModelRef, RouteReason> absent) {
        var byModel = new TreeMap<ModelRef, List<Host>>();
        for (Host host : all)
            byModel.computeIfAbsent(host.model(), model -> new ArrayList<>()).add(host);
        byModel.replaceAll((model, list) -> {
            list.sort(Comparator.comparing(Host::node));
            return List.copyOf(list);
        });
        var missing = new TreeMap<>(absent);
        missing.keySet().removeAll(byModel.keySet());
        return new RouteTable(
                self, Collections.unmodifiableSortedMap(byModel), Collections.unmodifiableSortedMap(missing));
    }

    public NodeId self() {
        return self;
    }

    /** Hosts in any phase, by id; empty when nobody runs the model. */
    public List<Host> hosts(ModelRef model) {
        return hosts.getOrDefault(model, List.of());
    }

    public SortedMap<ModelRef, List<Host>> all() {
        return hosts;
    }

    public Optional<RouteReason> absence(ModelRef model) {
        return Optional.ofNullable(absent.get(model));
    }

    /** Every name a request may use, served or not. */
    public List<String> names() {
        var names = new ArrayList<String>();
        for (ModelRef model : hosts.keySet()) names.add(model.name());
        for (ModelRef model : absent.keySet()) names.add(model.name());
        return names;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RouteTable that
                && self.equals(that.self)
                && hosts.equals(that.hosts)
                && absent.equals(that.absent);
    }

    @Override
    public int hashCode() {
        return 31 * self.hashCode() + hosts.keySet().hashCode();
    }
}
