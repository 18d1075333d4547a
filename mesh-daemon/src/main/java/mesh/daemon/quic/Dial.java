package mesh.daemon.quic;

import io.netty.handler.codec.quic.QuicChannel;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import mesh.core.id.Checked;
import mesh.core.id.Invite;
import mesh.core.id.NodeId;
import mesh.core.id.Refusal;
import mesh.core.id.Welcome;
import org.jspecify.annotations.Nullable;

/**
 * One attempt to reach a node: all its addresses at once, the first that proves the right key is kept and introduced,
 * the others are closed. Callers that ask for the same node meanwhile wait for the same attempt. Owned by the endpoint's
 * loop.
 */
final class Dial {
    private final QuicEndpoint endpoint;
    private final NodeId wanted;
    private final Optional<Invite> invite;
    private final Set<InetSocketAddress> tried = new LinkedHashSet<>();
    private final List<Connection> attempts = new ArrayList<>();
    private final List<Consumer<Dialled>> waiting = new ArrayList<>();
    private int running;
    private boolean found;
    private String failure = "no_address";

    Dial(QuicEndpoint endpoint, NodeId wanted, Optional<Invite> invite) {
        this.endpoint = endpoint;
        this.wanted = wanted;
        this.invite = invite;
    }

    void join(List<InetSocketAddress> candidates, Consumer<Dialled> done) {
        waiting.add(done);
        if (found) return;
        for (InetSocketAddress candidate : candidates) {
            if (tried.size() == Invite.ADDRESSES_MAX || !tried.add(candidate)) continue;
            running++;
            var connection = new Connection(endpoint, true);
            attempts.add(connection);
            endpoint.connect(candidate, wanted, connection)
                    .addListener(connecting -> connected(candidate, connection, connecting));
        }
        if (running == 0) finish(new Dialled.Unreachable(failure));
    }

    private void connected(InetSocketAddress address, Connection connection, Future<? super QuicChannel> connecting) {
        running--;
        if (!connecting.isSuccess() || !connection.identified()) {
            failed(connection, connecting.cause());
        } else if (found) {
            connection.close(CloseCode.DUPLICATE, "duplicate");
        } else {
            found = true;
            for (Connection other : attempts) if (other != connection) other.abandon();
            endpoint.introduce(
                    connection,
                    invite,
                    Addresses.text(address),
                    answer -> introduced(connection, answer),
                    () -> finish(new Dialled.Unreachable(connection.closeReason())));
        }
    }

    private void failed(Connection connection, @Nullable Throwable cause) {
        boolean wrongId = endpoint.foundAnother(connection);
        if (wrongId) endpoint.faults().count(Fault.WRONG_ID);
        // Another node at a known address says more than silence at a stale one.
        if (wrongId || !failure.equals("wrong_id"))
            failure = wrongId
                    ? "wrong_id"
                    : cause instanceof io.netty.channel.ConnectTimeoutException ? "timed_out" : "unreachable";
        if (running == 0 && !found) finish(new Dialled.Unreachable(failure));
    }

    private void introduced(Connection connection, Checked<Welcome> answer) {
        switch (answer) {
            case Checked.Good<Welcome>(Welcome welcome) ->
                finish(new Dialled.Reached(connection.peer().orElseThrow(), welcome.observed()));
            case Checked.Refused<Welcome>(Refusal reason) -> {
                connection.close(CloseCode.REFUSED, reason.code());
                finish(new Dialled.Refused(reason));
            }
        }
    }

    private void finish(Dialled outcome) {
        endpoint.dialled(wanted);
        List<Consumer<Dialled>> told = List.copyOf(waiting);
        waiting.clear();
        for (Consumer<Dialled> each : told) each.accept(outcome);
    }
}
