package mesh.daemon.quic;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.quic.QuicStreamChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import mesh.core.id.Admission;
import mesh.core.id.Certificate;
import mesh.core.id.Checked;
import mesh.core.id.Credential;
import mesh.core.id.Invite;
import mesh.core.id.MeshId;
import mesh.core.id.NodeId;
import mesh.core.id.Role;
import mesh.core.id.Serial;
import mesh.core.id.Trust;
import mesh.core.wire.StreamType;
import mesh.daemon.store.Ed25519Verifier;
import mesh.daemon.store.NodeKey;

/** A real endpoint on loopback whose belonging is kept in memory, and which writes down what it is told. */
@SuppressWarnings("FutureReturnValueIgnored") // A write that fails ends its channel, and that is heard.
public final class TestNode implements AutoCloseable, Doorkeeper, PeerListener {
    private static final long HOUR = 3_600_000;
    private static final SecureRandom RANDOM = new SecureRandom();

    public final NodeKey key;
    public final QuicEndpoint endpoint;
    public final BlockingQueue<Peer> up = new LinkedBlockingQueue<>();
    public final BlockingQueue<String> down = new LinkedBlockingQueue<>();
    public final BlockingQueue<String> messages = new LinkedBlockingQueue<>();
    private final Admission admission;
    private volatile Optional<Standing> standing = Optional.empty();
    public volatile Consumer<QuicStreamChannel> onStream =
            stream -> stream.pipeline().addLast(new Echo());

    public TestNode() throws IOException {
        this(loopback());
    }

    public TestNode(QuicConfig config) throws IOException {
        this(config, NodeKey.fresh());
    }

    public TestNode(QuicConfig config, NodeKey key) throws IOException {
        this.key = key;
        this.admission = new Admission(key, List.of());
        this.endpoint = QuicEndpoint.open(config, key, this, this);
    }

    TestNode(QuicConfig config, NodeKey key, Tls tls) throws IOException {
        this.key = key;
        this.admission = new Admission(key, List.of());
        this.endpoint = QuicEndpoint.open(config, key, tls, this, this);
    }

    public static QuicConfig loopback() {
        return QuicConfig.on(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    /** Makes a mesh and gives this node the founder's place. */
    public TestNode found() {
        var mesh = NodeKey.fresh();
        belong(mesh, Role.ADMIN);
        return this;
    }

    /** A certificate straight from the mesh's key. */
    public TestNode belong(NodeKey mesh, Role role) {
        long now = System.currentTimeMillis();
        var certificate = Certificate.issue(mesh, key.id(), role, now - HOUR, now + HOUR, serial());
        standing = Optional.of(
                new Standing(new Trust(new MeshId(mesh.id()), Ed25519Verifier.ED25519), Credential.root(certificate)));
        return this;
    }

    public void standing(Standing changed) {
        standing = Optional.of(changed);
    }

    public static Serial serial() {
        return new Serial(RANDOM.nextLong(), RANDOM.nextLong());
    }

    public Invite invite(Role role, int uses, long notAfterMillis) {
        return Invite.issue(
                key,
                new Invite.Terms(
                        standing.orElseThrow().own(),
                        List.of(Addresses.text(endpoint.address())),
                        role,
                        notAfterMillis,
                        uses,
                        serial()));
    }

    public Invite invite(Role role) {
        return invite(role, 1, System.currentTimeMillis() + HOUR);
    }

    public Dialled join(Invite invite) throws Exception {
        var done = new CompletableFuture<Dialled>();
        endpoint.join(invite, done::complete);
        return done.get(20, TimeUnit.SECONDS);
    }

    public Dialled dial(TestNode other) throws Exception {
        return dial(other.key.id(), other.endpoint.address());
    }

    public Dialled dial(NodeId id, InetSocketAddress... addresses) throws Exception {
        var done = new CompletableFuture<Dialled>();
        endpoint.dial(id, List.of(addresses), Optional.empty(), done::complete);
        return done.get(20, TimeUnit.SECONDS);
    }

    public Peer peer(TestNode other) {
        return endpoint.peer(other.key.id()).orElseThrow();
    }

    @Override
    public Optional<Standing> standing() {
        return standing;
    }

    @Override
    public void admit(NodeId presenter, Invite invite, Consumer<Checked<Credential>> answer) {
        var now = standing.orElseThrow();
        synchronized (admission) {
            answer.accept(
                    admission.admit(now.trust(), now.own(), invite, presenter, serial(), System.currentTimeMillis()));
        }
    }

    @Override
    public void renew(NodeId presenter, Credential present, Consumer<Checked<Credential>> answer) {
        var now = standing.orElseThrow();
        answer.accept(
                admission.renew(now.trust(), now.own(), present, presenter, serial(), System.currentTimeMillis()));
    }

    @Override
    public void granted(Trust trust, Credential credential) {
        standing = Optional.of(new Standing(trust, credential));
    }

    @Override
    public void peerUp(Peer peer) {
        up.add(peer);
    }

    @Override
    public void peerDown(Peer peer, String reason) {
        down.add(reason);
    }

    @Override
    public void message(Peer peer, StreamType type, byte[] message) {
        messages.add(peer.id().hex() + " " + type + " " + new String(message, StandardCharsets.UTF_8));
    }

    @Override
    public void stream(Peer peer, StreamType type, QuicStreamChannel stream) {
        onStream.accept(stream);
    }

    public static void say(QuicStreamChannel stream, String text) {
        stream.writeAndFlush(Unpooled.copiedBuffer(text, StandardCharsets.UTF_8));
    }

    public static void eventually(BooleanSupplier holds) {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!holds.getAsBoolean()) {
            assertThat(System.nanoTime()).as("deadline").isLessThan(until);
            Thread.onSpinWait();
            java.util.concurrent.locks.LockSupport.parkNanos(2_000_000);
        }
    }

    @Override
    public void close() {
        endpoint.close();
    }

    /** Says back what it hears. */
    public static final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object read) {
            ctx.writeAndFlush(read);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }

    /** Collects what a stream says. */
    public static final class Hearing extends ChannelInboundHandlerAdapter {
        public final BlockingQueue<String> heard = new LinkedBlockingQueue<>();

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object read) {
            var bytes = (ByteBuf) read;
            heard.add(bytes.toString(StandardCharsets.UTF_8));
            bytes.release();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            heard.add(cause.getClass().getSimpleName());
        }
    }
}
