package mesh.daemon.quic;

import io.netty.channel.ConnectTimeoutException;
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
 * One attempt to reach a node: all its addresses at once, after a moment also with the help of a common member. The first
 * connection that proves the right key is kept and introduced; worse ones are closed, a better one that comes later is
 * introduced as well and takes over. Callers that ask for the same node meanwhile wait for the same attempt. Owned by the
 * endpoint's loop.
 */
final class Dial implements Meetings.Seeker {
    /** A handshake on a usual path is done by then, and nobody is bothered. */
    private static final long HEAD_START_MILLIS = 250;

    /** Announced addresses, and doors that were found by knocking. */
    private static final int ATTEMPTS_MAX = 2 * Invite.ADDRESSES_MAX;

    private final QuicEndpoint endpoint;
    private final NodeId wanted;
    private final Optional<Invite> invite;
    private final Set<InetSocketAddress> tried = new LinkedHashSet<>();
    private final List<Attempt> attempts = new ArrayList<>();
    private final List<Consumer<Dialled>> waiting = new ArrayList<>();

    /** The rank that a connection must beat. */
    private int rank;

    private int running;
    private boolean isSeeking;
    private boolean hasSought;
    private boolean isOver;
    private String failure = "no_address";

    private record Attempt(InetSocketAddress address, Connection connection) {
        int rank() {
            return PathKind.to(address).rank();
        }
    }

    Dial(QuicEndpoint endpoint, NodeId wanted, Optional<Invite> invite) {
        this.endpoint = endpoint;
        this.wanted = wanted;
        this.invite = invite;
        this.rank = endpoint.rank(wanted);
        // A newcomer has no common members yet.
        this.hasSought = invite.isPresent();
    }

    void join(List<InetSocketAddress> candidates, Consumer<Dialled> done) {
        waiting.add(done);
        attemptAll(candidates);
        if (running == 0) finishIfIdle();
        else if (!hasSought) endpoint.later(HEAD_START_MILLIS, this::seek);
    }

    /** Looks for a better way to a peer that is up. */
    void improve(List<InetSocketAddress> candidates, boolean withHelp) {
        attemptAll(candidates);
        if (withHelp) seek();
        hasSought = true;
    }

    private void attemptAll(List<InetSocketAddress> candidates) {
        for (InetSocketAddress each : candidates) attempt(each);
    }

    private void seek() {
        if (hasSought || isOver) return;
        hasSought = true;
        isSeeking = true;
        endpoint.meetings().seek(wanted, this);
    }

    @Override
    public void candidate(InetSocketAddress address) {
        rank = Math.max(rank, endpoint.rank(wanted));
        attempt(address);
    }

    @Override
    public void ended() {
        isSeeking = false;
        finishIfIdle();
    }

    private void attempt(InetSocketAddress candidate) {
        if (PathKind.to(candidate).rank() <= rank || tried.size() >= ATTEMPTS_MAX || !tried.add(candidate)) return;
        running++;
        var attempt = new Attempt(candidate, new Connection(endpoint, true));
        attempts.add(attempt);
        endpoint.connect(candidate, wanted, attempt.connection)
                .addListener(connecting -> connected(attempt, connecting));
    }

    private void connected(Attempt attempt, Future<? super QuicChannel> connecting) {
        Connection connection = attempt.connection;
        if (!connecting.isSuccess() || !connection.identified()) {
            failed(connection, connecting.cause());
        } else if (attempt.rank() <= rank) {
            connection.close(CloseCode.DUPLICATE, "duplicate");
            ended(Optional.empty());
        } else {
            rank = attempt.rank();
            for (Attempt other : attempts)
                if (other.connection != connection && other.rank() <= rank) other.connection.abandon();
            endpoint.introduce(
                    connection,
                    invite,
                    attempt.address,
                    answer -> introduced(connection, answer),
                    () -> ended(Optional.of(connection.closeReason())));
        }
    }

    private void failed(Connection connection, @Nullable Throwable cause) {
        boolean wrongId = endpoint.foundAnother(connection);
        if (wrongId) endpoint.faults().count(Fault.WRONG_ID);
        ended(Optional.of(
                wrongId ? "wrong_id" : cause instanceof ConnectTimeoutException ? "timed_out" : "unreachable"));
    }

    /** An attempt came to nothing. */
    private void ended(Optional<String> reason) {
        running--;
        // Another node at a known address says more than silence at a stale one.
        if (reason.isPresent() && !failure.equals("wrong_id")) failure = reason.get();
        finishIfIdle();
    }

    private void finishIfIdle() {
        if (running > 0 || isSeeking || isOver) return;
        if (hasSought) finish(new Dialled.Unreachable(failure));
        else seek();
    }

    private void introduced(Connection connection, Checked<Welcome> answer) {
        running--;
        switch (answer) {
            case Checked.Good<Welcome>(Welcome welcome) ->
                finish(new Dialled.Reached(connection.peer().orElseThrow(), welcome.observed()));
            case Checked.Refused<Welcome>(Refusal reason) -> {
                connection.close(CloseCode.REFUSED, reason.code());
                finish(new Dialled.Refused(reason));
            }
        }
    }

    /** The peer came up, be it by its own dial. */
    void reached(Peer peer) {
        finish(new Dialled.Reached(peer, ""));
    }

    private void finish(Dialled outcome) {
        isOver = true;
        endpoint.dialled(wanted, this);
        List<Consumer<Dialled>> told = List.copyOf(waiting);
        waiting.clear();
        for (Consumer<Dialled> each : told) each.accept(outcome);
    }
}
