package mesh.core.route;

import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;

/** One model at one node: what fails, is warm and has requests in flight. */
record Target(NodeId node, ModelRef model) {
    static Target of(Host host) {
        return new Target(host.node(), host.model());
    }
}
