package mesh.daemon.split;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.function.Consumer;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.rpc.RpcLimits;
import mesh.daemon.engine.Engine;
import mesh.daemon.engine.WorkerCommand;
import mesh.daemon.models.ModelFile;
import mesh.daemon.process.ChildState;
import mesh.daemon.process.Launch;
import mesh.daemon.process.RestartPolicy;
import mesh.daemon.process.Supervisor;
import mesh.daemon.tunnel.Meter;
import mesh.daemon.tunnel.RpcTunnels;
import org.jspecify.annotations.Nullable;

/**
 * Memory lent to one host for one model: an rpc-server on loopback, kept running, and the lease that says who may reach
 * it. Safe on any thread; the listener is called on the supervisor's.
 */
public final class Loan {
    private final Order order;
    private final RpcTunnels.Lease lease;
    private @Nullable Supervisor server;
    private volatile Optional<InetSocketAddress> address = Optional.empty();

    /**
     * What to lend.
     *
     * @param bytes of memory; no single buffer may be larger
     * @param file of the model here, if there is one: the host then need not send what stands in it
     */
    public record Order(
            ModelRef model, NodeId host, Engine.Worker worker, int threads, long bytes, Optional<ModelFile> file) {}

    private Loan(Order order, RpcTunnels tunnels) {
        this.order = order;
        var limits = new RpcLimits(order.worker().version().major(), order.bytes() + Split.SLACK_BYTES);
        this.lease =
                tunnels.lend(order.model(), order.host(), limits, order.file().flatMap(Split::known), () -> address);
    }

    static Loan begin(Split.Rooms rooms, Order order, Consumer<ChildState> listener) {
        var loan = new Loan(order, rooms.tunnels());
        var launch = new Launch(
                order.model().name().replaceAll("[^A-Za-z0-9._-]", "_") + "-worker",
                (port, apiKey) -> WorkerCommand.of(order.worker(), port, order.threads()),
                WorkerCommand.readiness(),
                0,
                Launch.SILENCE_MAX,
                RestartPolicy.DEFAULT);
        loan.server = Supervisor.start(rooms.children(), rooms.ports(), launch, state -> {
            loan.address = state instanceof ChildState.Ready(int port, String apiKey)
                    ? Optional.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                    : Optional.empty();
            listener.accept(state);
        });
        return loan;
    }

    public NodeId host() {
        return order.host();
    }

    /** What this node has carried for the host. */
    public Meter meter() {
        return lease.meter();
    }

    /** Nobody gets through any more; returns when the rpc-server is gone and its memory is free. */
    public void end() throws InterruptedException {
        lease.close();
        if (server != null) server.stop();
    }
}
