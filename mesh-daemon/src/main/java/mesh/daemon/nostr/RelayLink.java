package mesh.daemon.nostr;

import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import mesh.daemon.log.Log;
import org.jspecify.annotations.Nullable;

/**
 * One relay and everything under way with it. Its own virtual thread, {@code relay-HOST}, owns all state; others put
 * what they want into its mailbox and are answered on that thread by the deadline, whatever the relay does. Frames come
 * one at a time, so the mailbox holds as many inputs as there are jobs and one frame.
 */
final class RelayLink implements AutoCloseable {
    private static final Log log = Log.of(RelayLink.class);

    enum State {
        IDLE,
        CONNECTING,
        OPEN,
        BACKOFF,
        STOPPED
    }

    /** Far more than anything here has under way at once. */
    private static final int JOBS_MAX = 64;

    /** As many as one relay may give to one query, whatever limit it was told. */
    static final int EVENTS_MAX = 500;

    /** A relay that gives so many wrong events is not asked further. */
    static final int INVALID_MAX = 10;

    /** Frames that belong to nothing: the rest of a cancelled answer is fewer, an endless stream is more. */
    private static final int STRAYS_MAX = 1_000;

    /** Spreads the clients of a relay that comes back. */
    private static final double JITTER_MIN = 0.25;

    private final URI relay;
    private final RelayTransport transport;
    private final NostrKey key;
    private final RelayTiming timing;
    private final Consumer<URI> reopened;
    private final BlockingQueue<Input> mailbox = new LinkedBlockingQueue<>();
    private final Thread thread;

    // Owned by the thread.
    private final Map<String, Publishing> publishes = new LinkedHashMap<>();
    private final Map<String, Asking> queries = new LinkedHashMap<>();
    private final Map<String, Watching> watches = new LinkedHashMap<>();
    private RelayTransport.@Nullable Wire wire;
    private int connection;
    private int opens;
    private long sinceNanos = System.nanoTime();
    private long nextPingNanos;
    private int pingsUnanswered;
    private int failuresInRow;
    private long retryAtNanos;
    private int strays;
    private long names;
    private String lastFailure = "";
    private String challenge = "";
    private String authId = "";
    private boolean isAuthenticated;
    private volatile State state = State.IDLE;

    /** What the thread is told. */
    private sealed interface Input {
        record Opened(int connection) implements Input {}

        record Heard(int connection, String frame) implements Input {}

        record Ponged(int connection) implements Input {}

        record Lost(int connection, String reason) implements Input {}

        record Publish(Event event, Consumer<Published> done) implements Input {}

        record Query(List<Filter> filters, EventSink sink, Consumer<Answered> done) implements Input {}

        record Watch(List<Filter> filters, Consumer<Event> sink) implements Input {}

        record Stop() implements Input {}
    }

    private static final class Publishing {
        final Event event;
        final Consumer<Published> done;
        final long deadlineNanos;
        boolean isRetried;
        boolean awaitsAuth;

        Publishing(Event event, Consumer<Published> done, long deadlineNanos) {
            this.event = event;
            this.done = done;
            this.deadlineNanos = deadlineNanos;
        }
    }

    private static final class Asking {
        final List<Filter> filters;
        final EventSink sink;
        final Consumer<Answered> done;
        final long deadlineNanos;
        boolean isRetried;
        boolean awaitsAuth;
        int events;
        int malformed;
        int unasked;
        int invalid;

        Asking(List<Filter> filters, EventSink sink, Consumer<Answered> done, long deadlineNanos) {
            this.filters = filters;
            this.sink = sink;
            this.done = done;
            this.deadlineNanos = deadlineNanos;
        }

        void finish(Answered.End end, String detail) {
            done.accept(new Answered(end, detail, events, malformed, unasked));
        }
    }

    private static final class Watching {
        final List<Filter> filters;
        final Consumer<Event> sink;
        boolean isRetried;

        Watching(List<Filter> filters, Consumer<Event> sink) {
            this.filters = filters;
            this.sink = sink;
        }
    }

    /** @param reopened told when a connection that was lost is there again */
    RelayLink(URI relay, RelayTransport transport, NostrKey key, RelayTiming timing, Consumer<URI> reopened) {
        this.relay = relay;
        this.transport = transport;
        this.key = key;
        this.timing = timing;
        this.reopened = reopened;
        this.thread = Thread.ofVirtual().name("relay-" + relay.getHost()).unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    URI relay() {
        return relay;
    }

    State state() {
        return state;
    }

    void publish(Event event, Consumer<Published> done) {
        if (!put(new Input.Publish(event, done))) done.accept(new Published.Unheard("busy"));
    }

    void query(List<Filter> filters, EventSink sink, Consumer<Answered> done) {
        if (!put(new Input.Query(filters, sink, done))) done.accept(new Answered(Answered.End.LOST, "busy", 0, 0, 0));
    }

    /** Stored and later events, for as long as the link lives, through reconnects. */
    void watch(List<Filter> filters, Consumer<Event> sink) {
        put(new Input.Watch(filters, sink));
    }

    @Override
    public void close() {
        mailbox.add(new Input.Stop());
    }

    private boolean put(Input job) {
        return state != State.STOPPED && mailbox.size() < JOBS_MAX && mailbox.add(job);
    }

    private void run() {
        try {
            while (state != State.STOPPED) {
                Input input = mailbox.poll(waitNanos(), TimeUnit.NANOSECONDS);
                if (input != null) take(input);
                look(System.nanoTime());
            }
        } catch (InterruptedException ending) {
            state = State.STOPPED;
        } finally {
            hangUp();
            failAll("stopped");
        }
        for (Input late = mailbox.poll(); late != null; late = mailbox.poll()) refuse(late);
    }

    private void take(Input input) {
        switch (input) {
            case Input.Opened(int of) when of == connection -> opened();
            case Input.Heard(int of, String frame) when of == connection -> heard(frame);
            case Input.Ponged(int of) when of == connection -> pingsUnanswered = 0;
            case Input.Lost(int of, String reason) when of == connection -> lost(reason);
            case Input.Opened old -> {}
            case Input.Heard old -> {}
            case Input.Ponged old -> {}
            case Input.Lost old -> {}
            case Input.Publish(Event event, Consumer<Published> done) -> {
                var job = new Publishing(
                        event, done, System.nanoTime() + timing.answer().toNanos());
                if (!isReachable()) done.accept(new Published.Unheard(lastFailure));
                else {
                    publishes.put(event.id(), job);
                    if (state == State.OPEN) send(job);
                }
            }
            case Input.Query(List<Filter> filters, EventSink sink, Consumer<Answered> done) -> {
                var job = new Asking(
                        filters, sink, done, System.nanoTime() + timing.answer().toNanos());
                if (!isReachable()) job.finish(Answered.End.LOST, lastFailure);
                else {
                    String name = "q" + names++;
                    queries.put(name, job);
                    if (state == State.OPEN) request(name, filters);
                }
            }
            case Input.Watch(List<Filter> filters, Consumer<Event> sink) -> {
                String name = "w" + names++;
                watches.put(name, new Watching(filters, sink));
                if (isReachable() && state == State.OPEN) request(name, filters);
            }
            case Input.Stop() -> state = State.STOPPED;
        }
    }

    private static void refuse(Input late) {
        if (late instanceof Input.Publish(Event event, Consumer<Published> done))
            done.accept(new Published.Unheard("stopped"));
        if (late instanceof Input.Query(List<Filter> filters, EventSink sink, Consumer<Answered> done))
            done.accept(new Answered(Answered.End.LOST, "stopped", 0, 0, 0));
    }

    // The connection.

    /** Begins to connect when there is none; false while a relay that failed is left alone. */
    private boolean isReachable() {
        if (state == State.IDLE) connect();
        return state != State.BACKOFF;
    }

    private void connect() {
        int of = ++connection;
        to(State.CONNECTING);
        wire = transport.open(relay, new RelayTransport.Ear() {
            @Override
            public void opened() {
                mailbox.add(new Input.Opened(of));
            }

            @Override
            public void heard(String frame) {
                mailbox.add(new Input.Heard(of, frame));
            }

            @Override
            public void ponged() {
                mailbox.add(new Input.Ponged(of));
            }

            @Override
            public void lost(String reason) {
                mailbox.add(new Input.Lost(of, reason));
            }
        });
    }

    private void opened() {
        to(State.OPEN);
        nextPingNanos = System.nanoTime() + timing.ping().toNanos();
        pingsUnanswered = 0;
        strays = 0;
        challenge = "";
        authId = "";
        isAuthenticated = false;
        watches.forEach((name, watch) -> {
            watch.isRetried = false;
            request(name, watch.filters);
        });
        for (Publishing job : List.copyOf(publishes.values())) send(job);
        Map.copyOf(queries).forEach((name, job) -> request(name, job.filters));
        if (opens++ > 0) reopened.accept(relay);
    }

    private void lost(String reason) {
        long now = System.nanoTime();
        if (state == State.OPEN && now - sinceNanos >= timing.healthy().toNanos()) failuresInRow = 0;
        hangUp();
        lastFailure = reason;
        failuresInRow++;
        retryAtNanos = now + pauseNanos(timing, failuresInRow, ThreadLocalRandom.current());
        to(State.BACKOFF);
        log.debug("relay.lost", "relay", relay, "reason", reason, "failuresInRow", failuresInRow);
        failAll(reason);
    }

    static long pauseNanos(RelayTiming timing, int failuresInRow, RandomGenerator random) {
        long pause = timing.retryMin().toNanos() << Math.min(failuresInRow - 1, 16);
        return (long) (Math.min(pause, timing.retryMax().toNanos()) * random.nextDouble(JITTER_MIN, 1));
    }

    private void hangUp() {
        RelayTransport.Wire open = wire;
        wire = null;
        connection++;
        if (open != null) open.abort();
    }

    private void to(State next) {
        state = next;
        sinceNanos = System.nanoTime();
    }

    private void failAll(String reason) {
        List<Publishing> unpublished = List.copyOf(publishes.values());
        List<Asking> unanswered = List.copyOf(queries.values());
        publishes.clear();
        queries.clear();
        for (Publishing job : unpublished) job.done.accept(new Published.Unheard(reason));
        for (Asking job : unanswered) job.finish(Answered.End.LOST, reason);
    }

    // Time.

    private long waitNanos() {
        long now = System.nanoTime();
        long wait = TimeUnit.SECONDS.toNanos(60);
        for (Publishing job : publishes.values()) wait = Math.min(wait, job.deadlineNanos - now);
        for (Asking job : queries.values()) wait = Math.min(wait, job.deadlineNanos - now);
        if (state == State.BACKOFF) wait = Math.min(wait, retryAtNanos - now);
        if (state == State.OPEN) wait = Math.min(wait, nextPingNanos - now);
        if (state == State.CONNECTING)
            wait = Math.min(wait, sinceNanos + 2 * timing.connect().toNanos() - now);
        return Math.max(0, wait);
    }

    private void look(long now) {
        var late = new ArrayList<Publishing>();
        publishes.values().removeIf(job -> job.deadlineNanos - now <= 0 && late.add(job));
        for (Publishing job : late) job.done.accept(new Published.Unheard("timed_out"));
        var silent = new HashMap<String, Asking>();
        queries.forEach((name, job) -> {
            if (job.deadlineNanos - now <= 0) silent.put(name, job);
        });
        silent.forEach((name, job) -> end(name, Answered.End.TIMED_OUT, "timed_out"));
        // The transport's own bound comes first; this one is for a transport that breaks its word.
        if (state == State.CONNECTING && now - sinceNanos > 2 * timing.connect().toNanos()) lost("timed_out");
        if (state == State.BACKOFF && retryAtNanos - now <= 0) {
            if (watches.isEmpty()) to(State.IDLE);
            else connect();
        }
        if (state == State.OPEN && nextPingNanos - now <= 0) ping(now);
    }

    private void ping(long now) {
        if (pingsUnanswered >= 2) {
            lost("silent");
            return;
        }
        pingsUnanswered++;
        nextPingNanos = now + timing.ping().toNanos();
        try {
            Objects.requireNonNull(wire).ping();
        } catch (IOException broken) {
            lost("send_failed");
        }
    }

    // Sending.

    private void send(Publishing job) {
        send("[\"EVENT\"," + CanonicalJson.event(job.event) + "]");
    }

    private void request(String name, List<Filter> filters) {
        var frame = new StringBuilder("[\"REQ\",\"").append(name).append('"');
        for (Filter filter : filters) frame.append(',').append(filter.json());
        send(frame.append(']').toString());
    }

    private void send(String frame) {
        RelayTransport.Wire open = wire;
        if (open == null || state != State.OPEN) return;
        try {
            open.send(frame);
        } catch (IOException broken) {
            lost("send_failed");
        }
    }

    // Hearing.

    private void heard(String frame) {
        // A pong may stand behind much that was said before it.
        pingsUnanswered = 0;
        switch (RelayMessage.parse(frame)) {
            case RelayMessage.Given(String name, Optional<Event> event) -> given(name, event);
            case RelayMessage.Ok(String id, boolean isAccepted, String message) -> ok(id, isAccepted, message);
            case RelayMessage.StoredEnd(String name) -> {
                if (queries.containsKey(name)) end(name, Answered.End.COMPLETE, "");
            }
            case RelayMessage.Closed(String name, String message) -> refused(name, message);
            case RelayMessage.Notice(String message) -> log.debug("relay.notice", "relay", relay);
            case RelayMessage.Auth(String asked) -> {
                challenge = asked;
                if (publishes.values().stream().anyMatch(job -> job.awaitsAuth)
                        || queries.values().stream().anyMatch(job -> job.awaitsAuth)) authenticate();
            }
            case RelayMessage.Unknown() -> stray();
        }
        RelayTransport.Wire open = wire;
        if (open != null) open.more();
    }

    private void stray() {
        if (++strays > STRAYS_MAX) lost("flooding");
    }

    private void given(String name, Optional<Event> event) {
        Watching watch = watches.get(name);
        if (watch != null) {
            if (event.isPresent() && isAsked(watch.filters, event.get())) watch.sink.accept(event.get());
            else stray();
            return;
        }
        Asking job = queries.get(name);
        if (job == null) {
            stray();
            return;
        }
        job.events++;
        if (event.isEmpty()) job.malformed++;
        else if (!isAsked(job.filters, event.get())) job.unasked++;
        else if (!job.sink.take(event.get())) job.invalid++;
        if (job.malformed + job.unasked + job.invalid >= INVALID_MAX) {
            end(name, Answered.End.MISBEHAVED, "invalid_events");
            lost("misbehaved");
        } else if (job.events >= EVENTS_MAX) {
            end(name, Answered.End.TOO_MANY, "");
        }
    }

    private static boolean isAsked(List<Filter> filters, Event event) {
        return filters.stream().anyMatch(filter -> filter.matches(event));
    }

    private void end(String name, Answered.End end, String detail) {
        Asking job = queries.remove(name);
        if (job == null) return;
        if (end != Answered.End.REFUSED) send("[\"CLOSE\",\"" + name + "\"]");
        job.finish(end, detail);
    }

    private void ok(String id, boolean isAccepted, String message) {
        if (!authId.isEmpty() && id.equals(authId)) {
            authId = "";
            authenticated(isAccepted, message);
            return;
        }
        Publishing job = publishes.get(id);
        if (job == null) return;
        if (!isAccepted && message.startsWith("auth-required:") && !job.isRetried) {
            job.isRetried = true;
            job.awaitsAuth = true;
            authenticate();
            return;
        }
        publishes.remove(id);
        // Some say so with false: it is there, which is all that was wanted.
        boolean isThere = isAccepted || message.startsWith("duplicate:");
        job.done.accept(isThere ? new Published.Accepted(message) : new Published.Rejected(message));
    }

    private void refused(String name, String message) {
        Watching watch = watches.get(name);
        if (watch != null && message.startsWith("auth-required:") && !watch.isRetried) {
            watch.isRetried = true;
            authenticate();
            return;
        }
        Asking job = queries.get(name);
        if (job == null) return;
        if (message.startsWith("auth-required:") && !job.isRetried) {
            job.isRetried = true;
            job.awaitsAuth = true;
            authenticate();
            return;
        }
        end(name, Answered.End.REFUSED, message);
    }

    // Proving our key.

    private void authenticate() {
        if (challenge.isEmpty() || !authId.isEmpty()) return;
        if (isAuthenticated) {
            authenticated(true, "");
            return;
        }
        Event proof = key.sign(new Event.Draft(
                System.currentTimeMillis() / 1_000,
                Event.AUTH,
                List.of(List.of("relay", relay.toString()), List.of("challenge", challenge)),
                ""));
        authId = proof.id();
        send("[\"AUTH\"," + CanonicalJson.event(proof) + "]");
    }

    private void authenticated(boolean isAccepted, String message) {
        isAuthenticated = isAccepted;
        for (Publishing job : List.copyOf(publishes.values())) {
            if (!job.awaitsAuth) continue;
            job.awaitsAuth = false;
            if (isAccepted) send(job);
            else {
                publishes.remove(job.event.id());
                job.done.accept(new Published.Rejected("auth-required: " + message));
            }
        }
        Map.copyOf(queries).forEach((name, job) -> {
            if (!job.awaitsAuth) return;
            job.awaitsAuth = false;
            if (isAccepted) request(name, job.filters);
            else end(name, Answered.End.REFUSED, message);
        });
        if (isAccepted)
            watches.forEach((name, watch) -> {
                if (watch.isRetried) request(name, watch.filters);
            });
    }
}
