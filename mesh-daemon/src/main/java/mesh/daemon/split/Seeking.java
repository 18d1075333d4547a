package mesh.daemon.split;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import mesh.core.id.NodeId;
import mesh.daemon.quic.Peer;
import mesh.daemon.tunnel.RpcTunnels;

/** The way to a worker, found again when it is lost: one attempt at a time, on a virtual thread. Safe on any thread. */
final class Seeking implements RpcTunnels.Way {
    private final Mates mates;
    private final NodeId worker;
    private final AtomicBoolean isUnderWay = new AtomicBoolean();

    Seeking(Mates mates, NodeId worker) {
        this.mates = mates;
        this.worker = worker;
    }

    @Override
    public Optional<Peer> peer() {
        return mates.connected(worker);
    }

    @Override
    public void seek() {
        if (!isUnderWay.compareAndSet(false, true)) return;
        Thread.ofVirtual().name("seek-" + worker).start(() -> {
            try {
                mates.reach(worker);
            } catch (InterruptedException ending) {
                // Only the JVM's end interrupts this thread.
            } finally {
                isUnderWay.set(false);
            }
        });
    }
}
