package mesh.testnet.transport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import mesh.core.id.Checked;
import mesh.core.id.Invite;
import mesh.daemon.quic.Dialled;
import mesh.daemon.quic.Membership;
import mesh.daemon.quic.PeerListener;
import mesh.daemon.quic.QuicConfig;
import mesh.daemon.quic.QuicEndpoint;
import mesh.daemon.store.Ed25519Verifier;
import mesh.daemon.store.MeshFiles;
import mesh.daemon.store.NodeKey;

/** Many small nodes in one process, each with its own key and socket, who join one host and then keep still. */
final class Guests implements AutoCloseable, PeerListener {
    private final Path folder;
    private final Invite invite;
    private final List<QuicEndpoint> endpoints = new ArrayList<>();

    Guests(Path folder, String token) {
        this.folder = folder;
        this.invite = ((Checked.Good<Invite>) Invite.parse(token, Ed25519Verifier.ED25519, System.currentTimeMillis()))
                .value();
    }

    /** How long each took from its dial to its welcome, in nanoseconds. */
    long[] join(int guests) throws IOException, InterruptedException {
        long[] nanos = new long[guests];
        for (int i = 0; i < guests; i++) {
            var key = NodeKey.fresh();
            var membership =
                    Membership.open(key, new MeshFiles(folder.resolve(key.id().toString())));
            var endpoint = QuicEndpoint.open(
                    QuicConfig.on(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)), key, membership, this);
            endpoints.add(endpoint);
            var outcomes = new LinkedBlockingQueue<Dialled>();
            long begin = System.nanoTime();
            endpoint.join(invite, outcomes::add);
            if (!(outcomes.take() instanceof Dialled.Reached)) throw new IOException("guest was not let in");
            nanos[i] = System.nanoTime() - begin;
        }
        return nanos;
    }

    @Override
    public void close() {
        endpoints.parallelStream().forEach(QuicEndpoint::close);
    }
}
