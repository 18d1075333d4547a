package mesh.daemon.quic;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamFrame;
import io.netty.handler.codec.quic.QuicStreamType;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import mesh.core.id.Checked;
import mesh.core.id.Credential;
import mesh.core.id.Invite;
import mesh.core.id.NodeId;
import mesh.core.id.Refusal;
import mesh.core.id.Trust;
import mesh.core.wire.StreamType;
import mesh.daemon.store.Ed25519Verifier;
import mesh.daemon.store.NodeKey;

/**
 * Somebody with a real QUIC stack who does not keep to what is agreed, aimed at one node. Stands in this package because
 * an honest endpoint offers no way to misbehave. Used by one test thread.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write that fails ends its channel, which is what is wanted here.
public final class Stranger implements AutoCloseable, Doorkeeper, PeerListener {
    private static final int PATIENCE_SECONDS = 30;

    private static final int KEEP_ALIVE_MILLIS = 5_000;

    private final Invite target;
    private final NodeKey key = NodeKey.fresh();
    private final QuicEndpoint endpoint;
    private volatile Optional<Standing> standing = Optional.empty();
    private final CompletableFuture<String> down = new CompletableFuture<>();

    /** @param token any invite of the node to bother */
    public Stranger(String token, String protocol) throws Exception {
        this.target = ((Checked.Good<Invite>) Invite.parse(token, Ed25519Verifier.ED25519, System.currentTimeMillis()))
                .value();
        // More patient than the node, which would not get to count what this end gave up first.
        var here = QuicConfig.on(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .withTimes(KEEP_ALIVE_MILLIS, PATIENCE_SECONDS * 1_000, PATIENCE_SECONDS * 1_000);
        this.endpoint = QuicEndpoint.open(here, key, tls(protocol), this, this);
    }

    public Stranger(String token) throws Exception {
        this(token, Tls.PROTOCOL);
    }

    private Tls tls(String protocol) throws GeneralSecurityException {
        return new Tls(key, protocol);
    }

    public InetSocketAddress target() {
        return Addresses.parse(target.terms().addresses().getFirst()).orElseThrow();
    }

    /** Lets itself in, as anybody with an invite may. */
    public Dialled join() throws Exception {
        var done = new CompletableFuture<Dialled>();
        endpoint.join(target, done::complete);
        return done.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    /** Shows what {@code victim} was given, under its own key. */
    public Dialled joinAs(Stranger victim) throws Exception {
        standing = victim.standing;
        var done = new CompletableFuture<Dialled>();
        endpoint.dial(target.issuer(), java.util.List.of(target()), Optional.empty(), done::complete);
        return done.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    /** A handshake, and whatever bytes on as many streams; then silence. False when the handshake fails. */
    public boolean knock(byte[]... streams) throws Exception {
        var done = new CompletableFuture<Boolean>();
        endpoint.onLoop(() -> {
            var connection = new Connection(endpoint, true);
            endpoint.connect(target(), target.issuer(), connection).addListener(connected -> {
                done.complete(connected.isSuccess());
                if (connected.isSuccess()) for (byte[] each : streams) stream(connection, each, false);
            });
        });
        return done.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    /** Streams on the connection of a member. */
    public void flood(int streams, byte[] each) {
        Connection connection = peer().primary().orElseThrow();
        endpoint.onLoop(() -> flood(connection, streams, each));
    }

    private void flood(Connection connection, int streams, byte[] each) {
        if (streams == 0 || !connection.channel().isActive()) return;
        stream(connection, each, true);
        // Credit for streams comes back as they end: a pause now and then, or most would never open.
        if (streams % 100 == 0)
            endpoint.loop().schedule(() -> flood(connection, streams - 1, each), 5, TimeUnit.MILLISECONDS);
        else endpoint.loop().execute(() -> flood(connection, streams - 1, each));
    }

    private static void stream(Connection connection, byte[] bytes, boolean isEnded) {
        connection
                .channel()
                .createStream(QuicStreamType.BIDIRECTIONAL, new Deaf())
                .addListener(opened -> {
                    if (!opened.isSuccess()) return;
                    var stream = (QuicStreamChannel) opened.getNow();
                    ByteBuf first = Unpooled.wrappedBuffer(bytes);
                    stream.writeAndFlush(first);
                    if (isEnded) stream.writeAndFlush(QuicStreamFrame.EMPTY_FIN);
                });
    }

    /** One message of a member. */
    public void say(StreamType type, byte[] message) {
        peer().post(type, message);
    }

    /** Why the node let go of this one. */
    public String awaitDown() throws Exception {
        return down.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private Peer peer() {
        return endpoint.peer(target.issuer()).orElseThrow();
    }

    @Override
    public Optional<Standing> standing() {
        return standing;
    }

    @Override
    public void admit(NodeId presenter, Invite invite, Consumer<Checked<Credential>> answer) {
        answer.accept(Checked.refused(Refusal.NOT_ADMIN));
    }

    @Override
    public void renew(NodeId presenter, Credential present, Consumer<Checked<Credential>> answer) {
        answer.accept(Checked.refused(Refusal.NOT_ADMIN));
    }

    @Override
    public void granted(Trust trust, Credential credential) {
        standing = Optional.of(new Standing(trust, credential));
    }

    @Override
    public void peerUp(Peer peer) {
        // It knows whom it dialled.
    }

    @Override
    public void peerDown(Peer peer, String reason) {
        down.complete(reason);
    }

    @Override
    public void message(Peer peer, StreamType type, byte[] message) {
        // It does not listen.
    }

    @Override
    public void close() {
        endpoint.close();
    }

    /** Minds nothing. */
    private static final class Deaf extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object read) {
            ReferenceCountUtil.release(read);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }
}
