package mesh.daemon.quic;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.DatagramPacket;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicConnectionAddress;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import io.netty.util.concurrent.PromiseCombiner;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import mesh.core.id.Checked;
import mesh.core.id.Credential;
import mesh.core.id.Hello;
import mesh.core.id.Invite;
import mesh.core.id.NodeId;
import mesh.core.id.Refusal;
import mesh.core.id.Trust;
import mesh.core.id.Welcome;
import mesh.core.wire.StreamType;
import mesh.daemon.log.Log;
import mesh.daemon.store.Ed25519Verifier;
import mesh.daemon.store.NodeKey;
import org.jspecify.annotations.Nullable;

/**
 * This node's place on the network: one UDP socket that accepts and dials, and the peers that were admitted over it.
 * Everything happens on one event loop, named {@code quic}; public methods may be called from any thread and return at
 * once. A peer is up only after both sides have proved their keys and shown certificates of one mesh.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write or close that fails ends its channel, and that is heard.
public final class QuicEndpoint implements AutoCloseable {
    private static final Log log = Log.of(QuicEndpoint.class);

    /** Reordered packets of a closed connection still find the codec that can tell they are old. */
    private static final long FORGET_SECONDS = 5;

    /** Deadlines here are seconds, so that is how often they are looked at. */
    private static final long TICK_MILLIS = 250;

    /** Peers of which the last lost connection is remembered, for telling a redial from a simultaneous dial. */
    private static final int LOST_MAX = 1_024;

    private final QuicConfig config;
    private final NodeKey key;
    private final Doorkeeper doorkeeper;
    private final PeerListener listener;
    private final Faults faults = new Faults();
    private final Spin spin;
    private final Tls tls;
    private final SecureRandom random = new SecureRandom();
    private final long epoch = number();
    private final EventLoopGroup group;
    private final EventLoop loop;
    private final Observed observed = new Observed();
    private final Detours detours = new Detours();
    private final Relay relay;
    private final Router router;
    private final Meetings meetings;
    private final Stun stun;
    private final PathKeeper paths = new PathKeeper(this);
    private final Map<NodeId, Peer> peers = new ConcurrentHashMap<>();
    private final Map<StreamType, BiConsumer<Peer, QuicStreamChannel>> takers = new ConcurrentHashMap<>();
    private final Set<Connection> connections = new LinkedHashSet<>();
    private final Map<NodeId, Dial> dials = new HashMap<>();
    private final Map<NodeId, Long> lost = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<NodeId, Long> eldest) {
            return size() > LOST_MAX;
        }
    };
    private int waiting;
    private volatile List<NodeId> relays = List.of();
    private volatile Relay.Carried carried = Relay.Carried.NOTHING;
    private volatile boolean closed;
    private @Nullable Channel udp;

    private QuicEndpoint(QuicConfig config, NodeKey key, Tls tls, Doorkeeper doorkeeper, PeerListener listener) {
        this.config = config;
        this.key = key;
        this.tls = tls;
        this.doorkeeper = doorkeeper;
        this.listener = listener;
        this.spin = new Spin(config.spinMicros());
        this.group = Transport.loop(spin);
        this.loop = group.next();
        this.relay = new Relay(config.relaying(), this::whereabouts);
        this.router = new Router(Transport.ACCEPTING, faults, spin, relay, detours, this::whereabouts, this::aside);
        this.meetings = new Meetings(this, relay, detours);
        this.stun = new Stun(
                this::send, (server, seen) -> observed.heard(Addresses.text(server), server.getAddress(), seen));
    }

    /** Binds the socket. The endpoint refuses everybody until the doorkeeper has a standing. */
    public static QuicEndpoint open(QuicConfig config, NodeKey key, Doorkeeper doorkeeper, PeerListener listener)
            throws IOException {
        try {
            return open(config, key, new Tls(key), doorkeeper, listener);
        } catch (GeneralSecurityException noEd25519) {
            throw new IOException("make TLS identity", noEd25519);
        }
    }

    static QuicEndpoint open(QuicConfig config, NodeKey key, Tls tls, Doorkeeper doorkeeper, PeerListener listener)
            throws IOException {
        var endpoint = new QuicEndpoint(config, key, tls, doorkeeper, listener);
        try {
            endpoint.bind();
            return endpoint;
        } catch (IOException | GeneralSecurityException | RuntimeException failed) {
            endpoint.group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
            throw new IOException("bind UDP address=" + config.bind(), failed);
        }
    }

    private void bind() throws IOException, GeneralSecurityException {
        var accepts = new ChannelInitializer<QuicChannel>() {
            @Override
            protected void initChannel(QuicChannel channel) {
                accept(channel);
            }
        };
        var codecs = new Transport(config, tls, new Gate(() -> waiting), accepts, streams());
        Bootstrap bootstrap = codecs.bootstrap(loop, router);
        var bound = bootstrap.bind(config.bind()).awaitUninterruptibly();
        if (!bound.isSuccess()) throw new IOException(bound.cause());
        udp = bound.channel();
        loop.scheduleAtFixedRate(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
        log.info("endpoint.opened", "address", Addresses.text(address()), "node", id());
    }

    /** Streams that a peer opens, on connections of either direction. */
    private ChannelInitializer<QuicStreamChannel> streams() {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(QuicStreamChannel stream) {
                Connection connection = stream.parent().pipeline().get(Connection.class);
                if (connection == null) stream.close();
                else connection.arriving(stream);
            }
        };
    }

    private void accept(QuicChannel channel) {
        var connection = new Connection(this, false);
        channel.pipeline().addLast(connection);
        connections.add(connection);
        waiting++;
        if (waiting > config.waitingMax()) {
            faults.count(Fault.HANDSHAKES_FULL);
            connection.close(CloseCode.BUSY, "busy");
        }
    }

    public NodeId id() {
        return key.id();
    }

    /** Where the socket listens, with the port the system chose. */
    public InetSocketAddress address() {
        return (InetSocketAddress) udp().localAddress();
    }

    public Faults faults() {
        return faults;
    }

    public Collection<Peer> peers() {
        return List.copyOf(peers.values());
    }

    public Optional<Peer> peer(NodeId id) {
        return Optional.ofNullable(peers.get(id));
    }

    /**
     * Reaches a node under any of its addresses, all tried at once. A newcomer shows an invite, a member its
     * certificate. {@code done} is told on the loop, once.
     */
    public void dial(
            NodeId wanted, List<InetSocketAddress> candidates, Optional<Invite> invite, Consumer<Dialled> done) {
        onLoop(() -> {
            Peer known = peers.get(wanted);
            if (wanted.equals(id())) done.accept(new Dialled.Unreachable("self"));
            else if (known != null) done.accept(new Dialled.Reached(known, ""));
            else
                dials.computeIfAbsent(wanted, absent -> new Dial(this, wanted, invite))
                        .join(candidates, done);
        });
    }

    /** Joins the mesh of an invite, at its issuer. */
    public void join(Invite invite, Consumer<Dialled> done) {
        List<InetSocketAddress> candidates = invite.terms().addresses().stream()
                .flatMap(text -> Addresses.parse(text).stream())
                .toList();
        dial(invite.issuer(), candidates, Optional.of(invite), done);
    }

    /** Members that are asked first to bring this node together with others, and to carry its packets meanwhile. */
    public void relays(List<NodeId> preferred) {
        relays = List.copyOf(preferred);
    }

    /** Asks these servers where they see this node; what they say is among {@link #reachable}. */
    public void askStun(List<InetSocketAddress> servers) {
        onLoop(() -> stun.ask(servers, System.nanoTime()));
    }

    /**
     * Where others may reach this node, best first: this machine's addresses, then those that others agree to see it
     * under. Reads the machine's interfaces.
     */
    public List<InetSocketAddress> reachable() {
        List<InetSocketAddress> own = own();
        var all = new ArrayList<>(own);
        all.addAll(observed.beside(own));
        return all;
    }

    /** What translates this node's address on the way out. Reads the machine's interfaces. */
    public Nat nat() {
        return observed.nat(own());
    }

    private List<InetSocketAddress> own() {
        try {
            return Addresses.of(address());
        } catch (SocketException unlisted) {
            log.warn("addresses.unlisted", "cause", unlisted.toString());
            return List.of();
        }
    }

    /** This machine's addresses are others now: every connection must show that it lives, and every way is tried anew. */
    public void networkChanged() {
        onLoop(() -> {
            long now = System.nanoTime();
            observed.forget();
            for (Connection each : List.copyOf(connections)) each.doubt(now);
            paths.reset(now);
        });
    }

    /** What this node carried for peers that cannot reach each other, a moment ago. */
    public Relay.Carried carried() {
        return carried;
    }

    /** Polls this long after traffic before the loop sleeps; 0 sleeps at once. For the time a split generates. */
    public void spin(long micros) {
        spin.spin(micros);
    }

    /** The standing changed: revoked peers are closed now, and {@code putOut} is told of each on the loop. */
    public void recheck(Consumer<NodeId> putOut) {
        onLoop(() -> recheckNow(putOut));
    }

    /** The loop of every connection and stream; TCP channels beside it share their buffers without a copy. */
    public EventLoop loop() {
        return loop;
    }

    /** Ends what is said to peers, and returns when all have read it to its end, or after {@code atMost}. */
    public void drain(Duration atMost) throws InterruptedException {
        Promise<Void> read = loop.newPromise();
        onLoop(() -> {
            var ends = new PromiseCombiner(loop);
            for (Peer peer : peers.values()) peer.endMessages(ends::add);
            ends.finish(read);
        });
        read.await(atMost.toMillis());
    }

    /** {@code done} runs on the loop once the socket is closed, for what nothing can reach any more. */
    public void onClosed(Runnable done) {
        udp().closeFuture().addListener(gone -> done.run());
    }

    @Override
    public void close() {
        if (closed) return;
        closed = true;
        onLoop(() -> {
            for (Connection each : List.copyOf(connections)) each.close(CloseCode.SHUTDOWN, "shutdown");
            // Behind the closes, so that they go out before the socket goes.
            loop.execute(() -> udp().close());
        });
        udp().closeFuture().awaitUninterruptibly();
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    /** Says who takes streams of a type that peers open; others go to the listener. Called on the loop. */
    public void takes(StreamType type, BiConsumer<Peer, QuicStreamChannel> taker) {
        takers.put(type, taker);
    }

    void stream(Peer peer, StreamType type, QuicStreamChannel stream) {
        BiConsumer<Peer, QuicStreamChannel> taker = takers.get(type);
        if (taker == null) listener.stream(peer, type, stream);
        else taker.accept(peer, stream);
    }

    QuicConfig config() {
        return config;
    }

    Doorkeeper doorkeeper() {
        return doorkeeper;
    }

    PeerListener listener() {
        return listener;
    }

    long epoch() {
        return epoch;
    }

    void onLoop(Runnable task) {
        if (loop.inEventLoop()) task.run();
        else if (!loop.isShuttingDown()) loop.execute(task);
    }

    Future<QuicChannel> connect(InetSocketAddress to, NodeId wanted, Connection connection) {
        Promise<QuicChannel> connected = loop.newPromise();
        byte[] connectionId = new byte[Router.CONNECTION_ID_BYTES];
        random.nextBytes(connectionId);
        long prefix = ByteBuffer.wrap(connectionId).getLong();
        router.ours(prefix);
        connections.add(connection);
        QuicChannel.newBootstrap(udp())
                .localConnectionAddress(new QuicConnectionAddress(connectionId))
                .remoteAddress(to)
                .attr(Transport.WANTED, wanted)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) config.handshakeMillis())
                .option(Transport.SEGMENTS, Transport.segments(config))
                .handler(connection)
                .streamHandler(streams())
                .connect(connected);
        connection
                .channel()
                .closeFuture()
                .addListener(gone -> loop.schedule(() -> router.forget(prefix), FORGET_SECONDS, TimeUnit.SECONDS));
        return connected;
    }

    void dialled(NodeId wanted, Dial dial) {
        dials.remove(wanted, dial);
    }

    /** Looks for a better way to a peer that is up. */
    void improve(NodeId peer, List<InetSocketAddress> candidates, boolean withHelp) {
        new Dial(this, peer, Optional.empty()).improve(candidates, withHelp);
    }

    /** How good the way to a peer is that new streams take; below all ranks while there is none. */
    int rank(NodeId id) {
        return peer(id).flatMap(Peer::primary).map(way -> way.kind().rank()).orElse(-1);
    }

    boolean isDialling(NodeId wanted) {
        return dials.containsKey(wanted);
    }

    Meetings meetings() {
        return meetings;
    }

    PathKeeper paths() {
        return paths;
    }

    List<NodeId> relays() {
        return relays;
    }

    /** Where a peer is connected from, without detours. */
    Optional<InetSocketAddress> whereabouts(NodeId id) {
        return peer(id).flatMap(Peer::primary)
                .filter(way -> way.kind().isDirect())
                .map(Connection::address);
    }

    /** Of the last ping; as long as can be before the first. */
    long rttNanos(NodeId id) {
        return peer(id).flatMap(Peer::primary)
                .map(Connection::rttNanos)
                .filter(rtt -> rtt > 0)
                .orElse(config.idleMillis() * 1_000_000);
    }

    void message(Peer from, StreamType type, byte[] message) {
        if (type == StreamType.RELAY) meetings.message(from, message);
        else listener.message(from, type, message);
    }

    void later(long millis, Runnable task) {
        if (!loop.isShuttingDown()) loop.schedule(task, millis, TimeUnit.MILLISECONDS);
    }

    void send(InetSocketAddress to, ByteBuf bytes) {
        udp().writeAndFlush(new DatagramPacket(bytes, to));
    }

    /** Datagrams beside QUIC. */
    private boolean aside(InetSocketAddress sender, ByteBuf bytes) {
        return Stun.isStun(bytes) ? stun.answered(bytes) : meetings.datagram(sender, bytes);
    }

    /** Says hello on a connection that we dialled, with the invite or with our certificate. */
    void introduce(
            Connection connection,
            Optional<Invite> invite,
            InetSocketAddress address,
            Consumer<Checked<Welcome>> done,
            Runnable gone) {
        Doorkeeper.Standing standing = doorkeeper.standing().orElse(null);
        if (standing == null && invite.isEmpty()) {
            done.accept(Checked.refused(Refusal.NO_CREDENTIAL));
            return;
        }
        Trust trust = invite.map(given -> new Trust(given.mesh(), Ed25519Verifier.ED25519))
                .orElseGet(() -> java.util.Objects.requireNonNull(standing).trust());
        Optional<Credential> own =
                invite.isPresent() || standing == null ? Optional.empty() : Optional.of(standing.own());
        long lostNumber = lost.getOrDefault(connection.remote(), 0L);
        var hello = new Hello(own, invite, epoch, number(), lostNumber, Addresses.text(address), false);
        Consumer<Checked<Welcome>> welcomed = answer -> {
            if (answer instanceof Checked.Good<Welcome>(Welcome welcome)) {
                PathKind byAddress = PathKind.to(address);
                boolean isPunched = byAddress == PathKind.PUBLIC && welcome.punched();
                PathKind kind = isPunched ? PathKind.PUNCHED : byAddress;
                if (kind.isDirect())
                    Addresses.parse(welcome.observed())
                            .ifPresent(
                                    seen -> observed.heard(connection.remote().hex(), address.getAddress(), seen));
                var shown = new Shown(welcome.credential().orElseThrow(), hello.connection(), welcome.epoch(), 0, kind);
                up(connection, shown);
            }
            done.accept(answer);
        };
        new Asking(this, connection, trust, hello, welcomed, gone).begin();
    }

    void renew(Peer peer, Consumer<Checked<Credential>> answer) {
        Doorkeeper.Standing standing = doorkeeper.standing().orElse(null);
        Connection connection = peer.primary().orElse(null);
        if (standing == null || connection == null) {
            answer.accept(Checked.refused(Refusal.NO_CREDENTIAL));
            return;
        }
        var hello = new Hello(Optional.of(standing.own()), Optional.empty(), epoch, 0, 0, "", true);
        Consumer<Checked<Welcome>> renewed = read -> answer.accept(
                read.then(welcome -> Checked.good(welcome.granted().orElseThrow())));
        new Asking(
                        this,
                        connection,
                        standing.trust(),
                        hello,
                        renewed,
                        () -> answer.accept(Checked.refused(Refusal.NO_CREDENTIAL)))
                .begin();
    }

    void up(Connection connection, Credential credential, Hello hello, PathKind kind) {
        waiting--;
        up(connection, new Shown(credential, hello.connection(), hello.epoch(), hello.lost(), kind));
        Dial under = dials.get(connection.remote());
        if (under != null) connection.peer().ifPresent(under::reached);
    }

    /** What an admission brought to light about the other side and the way to it. */
    private record Shown(Credential credential, long number, long epoch, long lost, PathKind kind) {}

    private void up(Connection connection, Shown shown) {
        NodeId id = connection.remote();
        Peer known = peers.get(id);
        if (known != null && known.epoch() != shown.epoch) {
            down(known, CloseCode.DUPLICATE, "restarted");
            known = null;
        }
        Peer peer = known != null ? known : new Peer(this, id, shown.epoch);
        Optional<NodeId> via = shown.kind.isDirect() ? Optional.empty() : detours.through(connection.address());
        connection.admitted(peer, shown.credential, shown.number, shown.kind, via);
        peer.add(connection);
        // The peer says that this one is gone at its end; it only looks alive from here.
        for (Connection each : peer.connections())
            if (each != connection && each.number() == shown.lost) each.close(CloseCode.DUPLICATE, "lost");
        if (known != null) return;
        peers.put(id, peer);
        log.debug(
                "peer.admitted",
                "peer",
                id,
                "role",
                peer.role(),
                "dialled",
                connection.isDialled(),
                "path",
                connection.kind().code());
        listener.peerUp(peer);
    }

    /** Ends all connections of a peer, and says so at once. */
    void down(Peer peer, CloseCode code, String reason) {
        if (!peers.remove(peer.id(), peer)) return;
        for (Connection each : peer.connections()) {
            lost.put(peer.id(), each.number());
            peer.remove(each);
            each.close(code, reason);
        }
        gone(peer, reason);
    }

    void closed(Connection connection) {
        connections.remove(connection);
        Peer peer = connection.peer().orElse(null);
        if (peer == null) {
            if (!connection.isDialled()) waiting--;
            return;
        }
        lost.put(peer.id(), connection.number());
        peer.remove(connection);
        if (peer.connections().isEmpty() && peers.remove(peer.id(), peer)) gone(peer, connection.closeReason());
    }

    private void gone(Peer peer, String reason) {
        relay.gone(peer.id());
        // What it carried for us arrives no more.
        for (Connection each : List.copyOf(connections))
            if (each.via().equals(Optional.of(peer.id()))) each.close(CloseCode.SILENT, "relay_gone");
        listener.peerDown(peer, reason);
    }

    private void tick() {
        long now = System.nanoTime();
        for (Connection each : List.copyOf(connections)) each.tick(now, config);
        relay.tick(now);
        carried = relay.carried();
        meetings.tick(now);
        stun.tick(now);
        paths.tick(now);
        long wall = System.currentTimeMillis();
        for (Peer each : List.copyOf(peers.values()))
            if (each.notAfterMillis() < wall) down(each, CloseCode.REVOKED, "expired");
    }

    private void recheckNow(Consumer<NodeId> putOut) {
        Trust trust = doorkeeper.standing().map(Doorkeeper.Standing::trust).orElse(null);
        if (trust == null) return;
        for (Peer each : List.copyOf(peers.values())) {
            if (each.connections().stream().noneMatch(connection -> trust.isRevoked(connection.credential()))) continue;
            down(each, CloseCode.REVOKED, Refusal.REVOKED.code());
            putOut.accept(each.id());
        }
    }

    boolean foundAnother(Connection connection) {
        return tls.foundAnother(connection.channel());
    }

    long number() {
        // Positive and never 0, which stands for none.
        return random.nextLong(1, Long.MAX_VALUE);
    }

    private Channel udp() {
        return java.util.Objects.requireNonNull(udp, "bound");
    }
}
