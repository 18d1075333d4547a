package mesh.daemon.quic;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.handler.codec.quic.DefaultQuicStreamFrame;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.util.concurrent.Future;
import java.util.Optional;
import java.util.function.Consumer;
import mesh.core.id.Checked;
import mesh.core.id.Credential;
import mesh.core.id.Hello;
import mesh.core.id.Refusal;
import mesh.core.id.Role;
import mesh.core.id.Trust;
import mesh.core.id.Welcome;
import mesh.core.wire.StreamType;
import org.jspecify.annotations.Nullable;

/**
 * The asking side of one admission: says hello, checks the welcome, and confirms with an empty frame that ends the
 * stream. The one who dialled counts as admitted only now: its own handshake had succeeded before the other side looked
 * at its certificate. Owned by the endpoint's loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write or close that fails ends its channel, and that is heard.
final class Asking {
    private final QuicEndpoint endpoint;
    private final Connection connection;
    private final Trust trust;
    private final Hello hello;
    private final Runnable lost;
    private @Nullable Consumer<Checked<Welcome>> done;
    private @Nullable QuicStreamChannel stream;

    /**
     * @param trust what the other side is checked with: this node's own, or what an invite claims
     * @param lost the connection or stream ended without an answer
     */
    Asking(
            QuicEndpoint endpoint,
            Connection connection,
            Trust trust,
            Hello hello,
            Consumer<Checked<Welcome>> done,
            Runnable lost) {
        this.endpoint = endpoint;
        this.connection = connection;
        this.trust = trust;
        this.hello = hello;
        this.done = done;
        this.lost = lost;
    }

    void begin() {
        ChannelHandler frames =
                new Frames(Welcome.BYTES_MAX, endpoint.config().handshakeMillis(), this::welcomed, fault -> {
                    endpoint.faults().count(fault);
                    lose();
                });
        connection.channel().closeFuture().addListener(closed -> lose());
        connection.open(StreamType.ADMIT, frames).addListener(this::opened);
    }

    private void opened(Future<? super QuicStreamChannel> opening) {
        if (!opening.isSuccess()) {
            lose();
            return;
        }
        stream = (QuicStreamChannel) opening.getNow();
        stream.closeFuture().addListener(closed -> lose());
        byte[] bytes = hello.bytes();
        stream.writeAndFlush(Frames.frame(stream.alloc().directBuffer(Frames.HEAD_BYTES + bytes.length), bytes));
    }

    private void welcomed(byte[] bytes) {
        Checked<Welcome> read = Welcome.decode(bytes)
                .then(welcome -> welcome.refusal()
                        .<Checked<Welcome>>map(Checked::refused)
                        .orElse(Checked.good(welcome)));
        Checked<Welcome> accepted = read.then(this::checked);
        Consumer<Checked<Welcome>> told = done;
        if (told == null) return;
        // The confirmation ends the stream, which must not be taken for a loss.
        done = null;
        if (accepted instanceof Checked.Good<Welcome> && stream != null) {
            ByteBuf empty = stream.alloc().directBuffer(Frames.HEAD_BYTES).writeInt(0);
            stream.writeAndFlush(new DefaultQuicStreamFrame(empty, true));
        }
        told.accept(accepted);
    }

    /** The other side belongs to the mesh, and what it gave us is ours and valid. */
    private Checked<Welcome> checked(Welcome welcome) {
        long now = System.currentTimeMillis();
        Optional<Credential> shown = welcome.credential();
        if (shown.isEmpty()) return Checked.refused(Refusal.NO_CREDENTIAL);
        Checked<Role> theirs = trust.check(shown.get(), connection.remote(), now);
        boolean wantsGrant = hello.invite().isPresent() || hello.renews();
        if (!wantsGrant) return theirs.then(role -> Checked.good(welcome));
        if (welcome.granted().isEmpty()) return Checked.refused(Refusal.NO_CREDENTIAL);
        Credential granted = welcome.granted().get();
        return theirs.then(role -> trust.check(granted, endpoint.id(), now)).then(role -> {
            endpoint.doorkeeper().granted(trust, granted);
            return Checked.good(welcome);
        });
    }

    private void lose() {
        if (done == null) return;
        done = null;
        lost.run();
    }
}
