package mesh.testnet.node;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Profile;
import mesh.core.route.Host;
import mesh.daemon.edge.Action;
import mesh.daemon.edge.EdgeLoops;
import mesh.daemon.edge.EdgeServer;
import mesh.daemon.edge.EdgeSettings;
import mesh.daemon.edge.PeerHost;
import mesh.daemon.edge.RouteTable;
import mesh.daemon.loop.Belonging;
import mesh.testnet.churn.IdleNode;

/**
 * Many nodes that only ask, all in this process, each with its own key, UDP socket and loop, as {@code mesh --client} has
 * them. One port hands each request to the next of them.
 */
final class Crowd {
    private static final String CHAT = "/v1/chat/completions";

    private final List<Belonging> clients = new ArrayList<>();
    private final EdgeLoops loops = EdgeLoops.start(1);
    private final AtomicInteger next = new AtomicInteger();
    private final ModelRef model;
    private final EdgeServer port;

    /** Returns when all of them know a host of the model. */
    Crowd(Path folder, String token, int count, ModelRef model) throws IOException, InterruptedException {
        this.model = model;
        for (int i = 0; i < count; i++) clients.add(open(folder.resolve("client-" + i), token));
        long deadline = System.nanoTime() + RealNode.PATIENCE.toNanos();
        for (Belonging client : clients)
            while (host(client).isEmpty()) {
                if (System.nanoTime() > deadline) throw new IOException("a client heard of no host in time");
                TimeUnit.MILLISECONDS.sleep(10);
            }
        port = EdgeServer.start(
                loops,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new RouteTable().forward(CHAT, (exchange, peek) -> new Action.Choice.To(nextWay(), CHAT)),
                EdgeSettings.loopbackOnly(Files.createDirectories(folder.resolve("spill"))),
                served -> {});
    }

    /** The root of the port, as a node's {@code api} is. */
    String api() {
        return "http://127.0.0.1:" + port.port();
    }

    private PeerHost nextWay() {
        Belonging client = clients.get(next.getAndIncrement() % clients.size());
        return new PeerHost(host(client).orElseThrow(), model, client::reach);
    }

    private Optional<NodeId> host(Belonging client) {
        return client.snapshot().stream()
                .flatMap(now -> now.routes().hosts(model).stream())
                .map(Host::node)
                .findFirst();
    }

    private static Belonging open(Path data, String token) throws IOException {
        return IdleNode.open(data, "client", Profile.Role.CLIENT, List.of(token), unable -> {
            throw new IllegalStateException(unable.message());
        });
    }

    void end() throws InterruptedException {
        port.close(Duration.ofSeconds(1));
        var leaving = new ArrayList<Thread>();
        for (Belonging client : clients)
            leaving.add(Thread.ofVirtual().name("leaving").start(() -> {
                try {
                    client.close();
                } catch (IOException | InterruptedException stuck) {
                    throw new IllegalStateException(stuck);
                }
            }));
        for (Thread each : leaving) each.join();
        loops.close();
    }
}
