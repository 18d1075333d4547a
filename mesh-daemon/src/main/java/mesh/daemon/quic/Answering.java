package mesh.daemon.quic;

import io.netty.channel.ChannelHandler;
import io.netty.handler.codec.quic.DefaultQuicStreamFrame;
import io.netty.handler.codec.quic.QuicStreamChannel;
import java.util.Optional;
import mesh.core.id.Checked;
import mesh.core.id.Credential;
import mesh.core.id.Hello;
import mesh.core.id.Refusal;
import mesh.core.id.Role;
import mesh.core.id.Welcome;
import mesh.daemon.log.Log;
import org.jspecify.annotations.Nullable;

/**
 * The answering side of one admission: checks the hello, lets the doorkeeper decide, welcomes or refuses with a reason.
 * The peer is up when it confirms, by the empty frame or by using what it was given. On a live connection the same
 * exchange renews a credential. Owned by the endpoint's loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write or close that fails ends its channel, and that is heard.
final class Answering {
    private static final Log log = Log.of(Answering.class);

    private final QuicEndpoint endpoint;
    private final Connection connection;
    private final QuicStreamChannel stream;
    private @Nullable Hello hello;
    private @Nullable Credential settled;
    private PathKind kind = PathKind.PUBLIC;

    Answering(QuicEndpoint endpoint, Connection connection, QuicStreamChannel stream) {
        this.endpoint = endpoint;
        this.connection = connection;
        this.stream = stream;
    }

    ChannelHandler frames() {
        return new Frames(Hello.BYTES_MAX, endpoint.config().handshakeMillis(), this::message, fault -> {
            endpoint.faults().count(fault);
            connection.close(CloseCode.PROTOCOL, fault.code());
        });
    }

    private void message(byte[] bytes) {
        if (hello != null) {
            confirmed();
            return;
        }
        switch (Hello.decode(bytes)) {
            case Checked.Good<Hello>(Hello read) -> {
                hello = read;
                kind = endpoint.paths().cameBy(connection, read.dialled());
                decide(read);
            }
            case Checked.Refused<Hello>(Refusal reason) -> refuse(reason);
        }
    }

    private void decide(Hello said) {
        Doorkeeper.Standing standing = endpoint.doorkeeper().standing().orElse(null);
        if (standing == null) {
            refuse(Refusal.WRONG_MESH);
        } else if (said.invite().isPresent()) {
            endpoint.doorkeeper()
                    .admit(connection.remote(), said.invite().get(), answer -> later(standing, answer, true));
        } else if (said.credential().isPresent()) {
            Credential shown = said.credential().get();
            Checked<Role> checked = standing.trust().check(shown, connection.remote(), System.currentTimeMillis());
            if (checked instanceof Checked.Good<Role> && said.renews())
                endpoint.doorkeeper().renew(connection.remote(), shown, answer -> later(standing, answer, true));
            else decided(standing, checked.then(role -> Checked.good(shown)), false);
        } else {
            refuse(Refusal.NO_CREDENTIAL);
        }
    }

    /** The doorkeeper answers from a thread of its own. */
    private void later(Doorkeeper.Standing standing, Checked<Credential> answer, boolean granted) {
        stream.eventLoop().execute(() -> decided(standing, answer, granted));
    }

    private void decided(Doorkeeper.Standing standing, Checked<Credential> answer, boolean granted) {
        switch (answer) {
            case Checked.Good<Credential>(Credential credential) -> {
                settled = credential;
                Optional<Credential> given = granted ? Optional.of(credential) : Optional.empty();
                send(new Welcome(
                        Optional.empty(),
                        Optional.of(standing.own()),
                        given,
                        endpoint.epoch(),
                        observed(),
                        kind == PathKind.PUNCHED));
            }
            case Checked.Refused<Credential>(Refusal reason) -> refuse(reason);
        }
    }

    /** The dialler closes when it has read the reason; the endpoint's clock does when it does not. */
    private void refuse(Refusal reason) {
        endpoint.faults().count(reason);
        log.debug(
                "peer.refused",
                "peer",
                connection.remote(),
                "reason",
                reason.code(),
                "address",
                connection.channel().remoteSocketAddress());
        send(Welcome.refused(reason, endpoint.epoch(), observed()));
    }

    private void send(Welcome welcome) {
        byte[] bytes = welcome.bytes();
        stream.writeAndFlush(new DefaultQuicStreamFrame(
                Frames.frame(stream.alloc().directBuffer(Frames.HEAD_BYTES + bytes.length), bytes), true));
    }

    private String observed() {
        return Addresses.text(connection.channel().remoteSocketAddress());
    }

    /** The peer has accepted our welcome. */
    void confirmed() {
        if (settled == null || hello == null) return;
        Credential credential = settled;
        settled = null;
        if (connection.isUp()) connection.refreshed(credential);
        else endpoint.up(connection, credential, hello, kind);
    }
}
