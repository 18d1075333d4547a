package mesh.daemon.split;

import java.util.Optional;
import java.util.function.Consumer;
import mesh.daemon.process.ChildState;
import mesh.daemon.process.Children;
import mesh.daemon.process.LoopbackPorts;
import mesh.daemon.tunnel.RpcTunnels;
import org.jspecify.annotations.Nullable;

/** Where both sides of splits begin, once there is a socket to lay tunnels through. Safe on any thread. */
public final class Splits {
    private final Children children;
    private final LoopbackPorts ports;
    private volatile Split.@Nullable Rooms rooms;

    public Splits(Children children, LoopbackPorts ports) {
        this.children = children;
        this.ports = ports;
    }

    /** The node's socket is open. */
    public void connect(Mates mates, RpcTunnels tunnels) {
        rooms = new Split.Rooms(children, ports, mates, tunnels);
    }

    /** Begins to run a model over its workers; empty before there is a socket. */
    public Optional<Split> host(Split.Order order, Consumer<SplitState> listener) {
        return Optional.ofNullable(rooms).map(open -> Split.start(open, order, listener));
    }

    /** Begins to lend memory; empty before there is a socket. */
    public Optional<Loan> lend(Loan.Order order, Consumer<ChildState> listener) {
        return Optional.ofNullable(rooms).map(open -> Loan.begin(open, order, listener));
    }
}
