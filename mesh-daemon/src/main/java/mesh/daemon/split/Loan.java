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
    /** Buffers for computing are in no plan and grow with the model: an eighth of what is lent, besides the slack. */
    private static final int ROOM_SHARE = 8;

    private final Order order;
    private final RpcTunnels.Lease lease;
    private @Nullable Supervisor server;
    private volatile Optional<InetSocketAddress> address = Optional.empty();

    /**
     * What to lend.
     *
     * @param bytes of memory; the host's buffers together may be as large, and the room that its plan does not count
     * @param file of the model here, if there is one: the host then need not send what stands in it
     */
    public record Order(
            ModelRef model, NodeId host, Engine.Worker worker, int threads, long bytes, Optional<ModelFile> file) {}

    private Loan(Split.Rooms rooms, Order order) {
        this.order = order;
        long bytesMax = order.bytes() + order.bytes() / ROOM_SHARE + Split.SLACK_BYTES;
        this.lease = rooms.tunnels()
                .lend(
                        order.model(),
                        order.host(),
                        new RpcLimits(order.worker().version().major(), bytesMax),
                        order.file().flatMap(Split::known),
                        () -> address,
                        mate -> new Seeking(rooms.mates(), mate));
    }

    static Loan begin(Split.Rooms rooms, Order order, Consumer<ChildState> listener) {
        var loan = new Loan(rooms, order);
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
