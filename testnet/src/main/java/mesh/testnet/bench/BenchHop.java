package mesh.testnet.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import mesh.core.id.Checked;
import mesh.core.id.Invite;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.id.Role;
import mesh.core.wire.StreamType;
import mesh.daemon.api.PeerApi;
import mesh.daemon.edge.Course;
import mesh.daemon.edge.EdgeLoops;
import mesh.daemon.edge.EdgeSettings;
import mesh.daemon.edge.PeerHost;
import mesh.daemon.edge.PeerPort;
import mesh.daemon.edge.RouteTable;
import mesh.daemon.edge.TcpEngine;
import mesh.daemon.quic.Dialled;
import mesh.daemon.quic.Membership;
import mesh.daemon.quic.Peer;
import mesh.daemon.quic.PeerListener;
import mesh.daemon.quic.QuicConfig;
import mesh.daemon.quic.QuicEndpoint;
import mesh.daemon.store.Ed25519Verifier;
import mesh.daemon.store.MeshFiles;
import mesh.daemon.store.NodeKey;

/** Two nodes of a mesh in this process, one of which asks the other for its engine over a QUIC connection on loopback. */
final class BenchHop implements AutoCloseable, PeerListener {
    private final Path folder = Files.createTempDirectory("bench-hop");
    private final NodeKey hostKey = NodeKey.fresh();
    private final NodeKey askerKey = NodeKey.fresh();
    private final Membership hostPlace = Membership.open(hostKey, new MeshFiles(folder.resolve("host")));
    private final QuicEndpoint host = endpoint(hostKey, hostPlace);
    private final QuicEndpoint asker =
            endpoint(askerKey, Membership.open(askerKey, new MeshFiles(folder.resolve("asker"))));
    private final EdgeLoops hostLoops = EdgeLoops.start(1);

    BenchHop(TcpEngine engine) throws IOException, InterruptedException {
        hostPlace.found();
        var said = (Checked.Good<Invite>)
                hostPlace.invite(Role.CLIENT, Invite.UNCOUNTED, Duration.ofHours(1), List.of(host.address()));
        var invite = (Checked.Good<Invite>)
                Invite.parse(said.value().token(), Ed25519Verifier.ED25519, System.currentTimeMillis());
        var routes = new RouteTable();
        new PeerApi((model, from) -> Optional.of(Course.only(engine))).addTo(routes);
        var port = new PeerPort(hostLoops, routes, EdgeSettings.loopbackOnly(folder.resolve("bodies")), served -> {});
        host.takes(StreamType.HTTP, port::answer);
        var outcomes = new LinkedBlockingQueue<Dialled>();
        asker.join(invite.value(), outcomes::add);
        if (!(outcomes.take() instanceof Dialled.Reached)) throw new IOException("the asker was not let in");
    }

    /** The way over the hop. */
    Course course(String model) {
        return Course.only(new PeerHost(hostKey.id(), new ModelRef(model), this::reach));
    }

    private void reach(NodeId node, java.util.function.Consumer<Optional<Peer>> found) {
        found.accept(asker.peer(node));
    }

    private QuicEndpoint endpoint(NodeKey key, Membership place) throws IOException {
        return QuicEndpoint.open(
                QuicConfig.on(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)), key, place, this);
    }

    @Override
    public void close() {
        asker.close();
        host.close();
        hostLoops.close();
    }
}
