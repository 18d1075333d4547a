package mesh.daemon.edge;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import mesh.core.openai.ApiError;
import mesh.core.openai.UsageScan;
import mesh.core.route.Routes.Ending;
import org.jspecify.annotations.Nullable;

/**
 * Relays one exchange: the request to a host of its {@link Course}, the answer back, buffer by buffer and no faster than
 * the client reads. Until the first byte of an answer has gone out, a host that fails is replaced by the next, and one
 * that stays silent gets company; after it never, because the client would read text twice. When either side goes, the
 * other learns at once. Lives on the exchange's event loop.
 */
final class Forwarder {
    /** So long a streamed answer's head is held back, for the sake of an honest status; then the client needs a sign. */
    private static final long HOLD_NANOS_MAX = TimeUnit.SECONDS.toNanos(20);

    /** Below what proxies and SDKs take for death, 30 s at the least. */
    private static final long PING_NANOS = TimeUnit.SECONDS.toNanos(15);

    /** A prompt of 100,000 tokens on a slow processor takes this long before its first token; a plain answer as well. */
    private static final long SILENT_HEAD_NANOS_MAX = TimeUnit.MINUTES.toNanos(30);

    /** Between two tokens of one answer, with room for a split whose link is down for a while. */
    private static final long SILENT_BODY_NANOS_MAX = TimeUnit.MINUTES.toNanos(2);

    /** How long there was no host. */
    private static final String WAITED_HEADER = "x-mesh-waited-ms";

    /** Beyond this a request wanders; hosts that many do not die in the time of one. */
    private static final int ATTEMPTS_MAX = 8;

    private final Exchange exchange;
    private final Course course;
    private final UpstreamRequest request;
    private final EnginePool engines;
    private final EventLoop loop;
    private final boolean isStream;
    private final Relay relay = new Relay();
    private final List<Attempt> running = new ArrayList<>(2);
    private final List<ServeRecord.Attempt> ended = new ArrayList<>(2);
    private final List<ServeRecord.Wait> waits = new ArrayList<>(0);

    private @Nullable Attempt winner;
    private @Nullable Future<?> hedge;
    private ApiError failure = ApiError.server(503, "no_host", "no host can answer now");
    private @Nullable Vigil vigil;
    private long waitedMillis;
    private Turnstile.@Nullable Place place;
    private long queuedMillis;
    private long lastSignNanos = System.nanoTime();
    private final long startNanos = lastSignNanos;
    private int attempts;
    private boolean isPinged;
    private boolean isOver;

    private Forwarder(Exchange exchange, Course course, UpstreamRequest request, EnginePool engines, boolean isStream) {
        this.exchange = exchange;
        this.course = course;
        this.request = request;
        this.engines = engines;
        this.loop = engines.loop();
        this.isStream = isStream;
    }

    static void relay(Exchange exchange, Action.Choice.To to, RequestBody body, EnginePool engines, boolean isStream) {
        var request = new UpstreamRequest(
                exchange.id(),
                to.path(),
                exchange.header("content-type", "application/json"),
                exchange.header("accept", ""),
                body);
        var forwarder = new Forwarder(exchange, to.course(), request, engines, isStream);
        exchange.onGone(forwarder::gone);
        exchange.onWritable(forwarder::resume);
        exchange.recordedBy(forwarder::record);
        engines.watchman().watch(forwarder);
        forwarder.advance();
    }

    // Towards the hosts.

    private void advance() {
        if (attempts == ATTEMPTS_MAX) {
            refuse(failure);
            return;
        }
        switch (course.next()) {
            case Course.Step.Go(Course.Leg leg) -> launch(leg);
            case Course.Step.Wait wait -> await(wait);
            case Course.Step.Refuse(ApiError error) -> refuse(error);
            case Course.Step.Spent spent -> refuse(failure);
        }
    }

    private void await(Course.Step.Wait wait) {
        if (!running.isEmpty() || isOver) return;
        boolean isRefusedAsTooMany = failure.status() == 429;
        if (isRefusedAsTooMany) {
            refuse(failure);
            return;
        }
        if (vigil != null) {
            vigil.goesOn(wait);
            return;
        }
        var seat = course.await(() -> loop.execute(this::woken));
        if (seat.isEmpty()) {
            refuse(ApiError.rateLimited("too many requests wait for a host of this model")
                    .retryAfter(1));
            return;
        }
        vigil = new Vigil(seat.get(), wait);
        // What changed between the look and the seat woke nobody.
        loop.execute(this::woken);
    }

    private void woken() {
        if (vigil != null && !isOver) advance();
    }

    private void leaveSeat() {
        if (vigil == null) return;
        vigil.leave();
        vigil = null;
    }

    private void launch(Course.Leg leg) {
        leaveSeat();
        attempts++;
        var attempt = new Attempt(leg);
        running.add(attempt);
        attempt.begin();
    }

    /** Nobody is left to ask, unless another one is still thinking. */
    private void refuse(ApiError error) {
        if (!running.isEmpty() || isOver) return;
        if (vigil != null) exchange.answerHeader("x-mesh-why", vigil.step.why());
        over();
        if (!waits.isEmpty()) exchange.answerHeader(WAITED_HEADER, Long.toString(waitedMillis));
        exchange.abort(error);
    }

    private void hedgeLater(Attempt silent) {
        long patience = silent.leg.patienceMillis();
        if (patience <= 0 || isOver || winner != null) return;
        hedge = loop.schedule(
                () -> {
                    if (isOver || winner != null || running.size() != 1 || !running.contains(silent)) return;
                    course.beside().ifPresent(this::launch);
                },
                patience,
                TimeUnit.MILLISECONDS);
    }

    private void gone() {
        if (isOver) return;
        for (Attempt each : List.copyOf(running)) each.abandon("caller_left", Ending.NEUTRAL);
        over();
    }

    private void resume() {
        Attempt answering = winner;
        if (answering != null) answering.resume();
    }

    private void over() {
        isOver = true;
        leaveSeat();
        engines.watchman().forget(this);
        if (hedge != null) hedge.cancel(false);
    }

    private ServeRecord record() {
        return new ServeRecord(exchange.dialect(), isStream, ended, waits, queuedMillis, relay.scan.usage());
    }

    // Towards the client.

    /** The watchman's look: what takes too long, and what the client should be told meanwhile. */
    void look(long now) {
        if (isOver) return;
        Attempt answering = winner;
        if (vigil != null) vigil.look(now);
        if (isOver) return;
        if (answering == null) {
            for (Attempt each : List.copyOf(running)) each.look(now);
            if (isOver || winner != null) return;
        } else if (!answering.isPaused && now - answering.heardNanos > SILENT_BODY_NANOS_MAX) {
            answering.fail("silent", "stays silent in the middle of its answer");
            return;
        }
        if (isStream && !exchange.isTranslated() && !exchange.isBegun() && now - startNanos > HOLD_NANOS_MAX) commit();
        if (exchange.isEventStream() && now - lastSignNanos > PING_NANOS && exchange.mayPing()) ping();
    }

    /** The head goes out before there is an answer; another host may still be asked, since no text has gone yet. */
    private void commit() {
        if (running.isEmpty()) return;
        running.getFirst().leg.labels().forEach(exchange::answerHeader);
        Turnstile.Place at = place;
        if (at != null) {
            exchange.answerHeader(Turnstile.POSITION_HEADER, Integer.toString(at.position()));
            exchange.answerHeader(Turnstile.ESTIMATE_HEADER, Long.toString(at.estimateMillis()));
        }
        eventHeaders();
        exchange.begin(200, "text/event-stream", -1);
        isPinged = true;
        ping();
    }

    private void ping() {
        lastSignNanos = System.nanoTime();
        Turnstile.Place at = place;
        exchange.comment(
                at == null || winner != null
                        ? "keep-alive"
                        : "queue position " + at.position() + ", about " + (at.estimateMillis() + 999) / 1_000 + " s");
    }

    private void eventHeaders() {
        exchange.answerHeader("cache-control", "no-cache");
        exchange.answerHeader("x-accel-buffering", "no");
    }

    /** Somebody waits in our own queue or a peer's; an asking peer is told what a client sees as a comment. */
    private void waiting(Turnstile.Place at) {
        if (at.equals(place)) return;
        place = at;
        exchange.interim(at);
    }

    /** There is no host, and there may be one soon. */
    private final class Vigil {
        private final Course.Seat seat;
        private final long sinceNanos = System.nanoTime();
        private Course.Step.Wait step;
        private long lookedNanos = sinceNanos;

        Vigil(Course.Seat seat, Course.Step.Wait step) {
            this.seat = seat;
            this.step = step;
        }

        void goesOn(Course.Step.Wait still) {
            step = still;
            lookedNanos = System.nanoTime();
        }

        void look(long now) {
            if (now - startNanos > TimeUnit.MILLISECONDS.toNanos(step.patienceMillis())) refuse(step.refusal());
            else if (now - lookedNanos > TimeUnit.MILLISECONDS.toNanos(step.lookAgainMillis())) advance();
        }

        void leave() {
            seat.leave();
            long millis = (System.nanoTime() - sinceNanos) / 1_000_000;
            waitedMillis += millis;
            waits.add(new ServeRecord.Wait(step.why(), millis));
        }
    }

    /** What passes of one answer. */
    private final class Relay {
        private final UsageScan scan = new UsageScan();
        private boolean isEmpty = true;

        void piece(ByteBuf piece) {
            int length = piece.readableBytes();
            byte[] scratch = Intake.scratch();
            for (int at = 0; at < length; at += scratch.length) {
                int step = Math.min(scratch.length, length - at);
                piece.getBytes(piece.readerIndex() + at, scratch, 0, step);
                scan.feed(scratch, 0, step);
            }
            isEmpty &= length == 0;
            lastSignNanos = System.nanoTime();
            exchange.write(piece);
        }
    }

    /** One host asked. */
    private final class Attempt implements Receiver {
        private final Course.Leg leg;
        private final long askedNanos = System.nanoTime();
        private Turnstile.@Nullable Ticket ticket;
        private @Nullable Flow flow;
        private String upstreamName = "the engine";
        private long heardNanos = askedNanos;
        private boolean isPaused;
        private boolean isDone;

        Attempt(Course.Leg leg) {
            this.leg = leg;
        }

        void begin() {
            if (leg.turnstile().isEmpty()) {
                send();
                return;
            }
            var turnstile = leg.turnstile().get();
            ticket = turnstile.enter(leg.caller(), () -> {
                if (loop.inEventLoop() && ticket == null) send();
                else loop.execute(this::send);
            });
            if (ticket == null)
                finish(
                        "queue_full",
                        Ending.NEUTRAL,
                        ApiError.rateLimited("this node's queue for the model is full")
                                .retryAfter(seconds(turnstile.retryMillis())));
            else if (!isDone) tellPlace();
        }

        private void send() {
            if (isDone) return;
            var upstream = leg.upstream();
            if (upstream.isEmpty()) {
                lost(Loss.UNREACHABLE);
                return;
            }
            upstreamName = upstream.get().toString();
            flow = switch (upstream.get()) {
                case TcpEngine engine -> engines.send(engine, request, this);
                case PeerHost host -> PeerCall.send(host, request, this, loop);
            };
            hedgeLater(this);
        }

        void look(long now) {
            if (ticket != null) tellPlace();
            if (flow != null && now - heardNanos > SILENT_HEAD_NANOS_MAX) fail("silent", "stays silent");
            else if (running.size() == 1 && leg.isSilent()) course.beside().ifPresent(Forwarder.this::launch);
        }

        private void tellPlace() {
            Turnstile.Place at = ticket == null ? null : ticket.place();
            if (at != null) Forwarder.this.waiting(at);
        }

        @Override
        public void waiting(Turnstile.Place at) {
            heardNanos = System.nanoTime();
            Forwarder.this.waiting(at);
        }

        @Override
        public void head(UpstreamHead head) {
            if (isDone) return;
            heardNanos = System.nanoTime();
            if (isUnwilling(head.status())) {
                // It has not begun to think, so another host may; whatever follows of this answer is not read.
                if (flow != null) flow.cancel();
                finish(
                        "refused_" + head.status(),
                        head.status() == 502 ? Ending.HOST_FAILED : Ending.NEUTRAL,
                        refusal(head));
                return;
            }
            winner = this;
            for (Attempt each : List.copyOf(running)) if (each != this) each.beaten();
            if (hedge != null) hedge.cancel(false);
            long queued = ticket == null ? head.queuedMillis() : ticket.queuedNanos() / 1_000_000;
            queuedMillis = queued;
            if (head.status() < 300) leg.answered(heardNanos - askedNanos);
            pass(head, queued);
        }

        private void pass(UpstreamHead head, long queued) {
            if (isPinged) {
                // The client has been told 200 and events already; what is neither can only be the end.
                if (head.status() >= 300 || !head.isEventStream()) {
                    if (flow != null) flow.cancel();
                    fail("refused_" + head.status(), "answered with status " + head.status());
                }
                return;
            }
            leg.labels().forEach(exchange::answerHeader);
            if (!waits.isEmpty()) exchange.answerHeader(WAITED_HEADER, Long.toString(waitedMillis));
            if (queued > 0) exchange.answerHeader(Turnstile.QUEUED_HEADER, Long.toString(queued));
            if (!head.retryAfter().isEmpty()) exchange.answerHeader("retry-after", head.retryAfter());
            if (head.isEventStream()) eventHeaders();
            exchange.begin(head.status(), head.contentType(), head.contentLength());
        }

        /** What a host says that did not begin to work: it loads, stops, is full, or lost its engine. */
        private boolean isUnwilling(int status) {
            return status == 503 || status == 502 || status == 429;
        }

        private ApiError refusal(UpstreamHead head) {
            ApiError error = head.status() == 429
                    ? ApiError.rateLimited("the hosts of this model have full queues")
                    : ApiError.server(503, "host_not_ready", upstreamName + " cannot answer now");
            return error.retryAfter(head.retryAfter().matches("[0-9]{1,5}") ? Integer.parseInt(head.retryAfter()) : 1);
        }

        @Override
        public void piece(ByteBuf piece) {
            if (isDone) {
                piece.release();
                return;
            }
            heardNanos = System.nanoTime();
            relay.piece(piece);
            if (!exchange.isWritable() && flow != null) {
                isPaused = true;
                flow.pause();
            }
        }

        /** It was not silent while it was not read. */
        void resume() {
            isPaused = false;
            heardNanos = System.nanoTime();
            if (flow != null) flow.resume();
        }

        @Override
        public void settled() {
            if (!isDone) exchange.flush();
        }

        @Override
        public void end() {
            if (isDone) return;
            done("answered", Ending.DONE);
            over();
            exchange.end();
        }

        @Override
        public void lost(Loss loss) {
            switch (loss) {
                case UNREACHABLE ->
                    finish(
                            "unreachable",
                            Ending.HOST_FAILED,
                            ApiError.server(503, "engine_unreachable", upstreamName + " does not answer")
                                    .retryAfter(1));
                case BEFORE_HEAD ->
                    finish(
                            "died",
                            Ending.HOST_FAILED,
                            ApiError.server(502, "engine_died", upstreamName + " died before it answered"));
                case IN_BODY ->
                    finish(
                            "died",
                            Ending.HOST_FAILED,
                            ApiError.server(502, "engine_died", upstreamName + " died in the middle of its answer"));
            }
        }

        void fail(String outcome, String what) {
            if (flow != null) flow.cancel();
            finish(outcome, Ending.HOST_FAILED, ApiError.server(502, "engine_" + outcome, upstreamName + " " + what));
        }

        /** This host will not answer, or not to the end. */
        private void finish(String outcome, Ending ending, ApiError error) {
            if (isDone) return;
            done(outcome, ending);
            if (isOver) return;
            failure = error;
            if (winner == this && !isBlank()) {
                over();
                exchange.abort(error);
                return;
            }
            winner = null;
            advance();
        }

        /** Whether nothing of an answer has gone to the client, so that another host may still give one. */
        private boolean isBlank() {
            return !exchange.isBegun() || (isPinged && relay.isEmpty);
        }

        /** Another host was faster; whether this one is only slow, or gone, decides what is thought of it. */
        void beaten() {
            if (leg.isSilent()) abandon("silent", Ending.HOST_FAILED);
            else abandon("slower", Ending.NEUTRAL);
        }

        void abandon(String outcome, Ending ending) {
            if (isDone) return;
            if (flow != null) flow.cancel();
            done(outcome, ending);
        }

        private void done(String outcome, Ending ending) {
            isDone = true;
            running.remove(this);
            if (ticket != null) ticket.leave();
            var labels = leg.labels();
            ended.add(new ServeRecord.Attempt(
                    labels.getOrDefault("x-mesh-node", ""),
                    labels.getOrDefault("x-mesh-route", ""),
                    labels.getOrDefault("x-mesh-why", ""),
                    outcome,
                    (System.nanoTime() - askedNanos) / 1_000_000));
            leg.ended(ending);
        }

        private static int seconds(long millis) {
            return Math.clamp((millis + 999) / 1_000, 1, 3_600);
        }
    }
}
