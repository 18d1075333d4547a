package mesh.daemon.edge;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.core.openai.ApiError;
import mesh.core.route.Routes;

/** A course over given upstreams in their order, which writes down how each leg ended. */
final class TestCourse implements Course {
    final List<Routes.Ending> endings = new ArrayList<>();
    private final Queue<Upstream> upstreams = new ConcurrentLinkedQueue<>();
    private final Optional<Turnstile> turnstile;
    private final String caller;
    long patienceMillis;

    /** When nobody is left the request waits so long for {@link #arrives}; 0: it is refused. */
    volatile long waitMillis;

    volatile boolean isRoomFull;
    volatile Runnable wake = () -> {};
    final AtomicInteger seatsTaken = new AtomicInteger();
    final AtomicInteger seatsLeft = new AtomicInteger();

    TestCourse(Upstream upstream, Optional<Turnstile> turnstile, String caller) {
        this.turnstile = turnstile;
        this.caller = caller;
        upstreams.add(upstream);
    }

    TestCourse(List<? extends Upstream> all) {
        this.turnstile = Optional.empty();
        this.caller = "";
        upstreams.addAll(all);
    }

    @Override
    public Step next() {
        Upstream upstream = upstreams.poll();
        if (upstream != null) return new Step.Go(leg(upstream));
        return waitMillis == 0
                ? new Step.Spent()
                : new Step.Wait("host-lost", 60_000, waitMillis, ApiError.server(503, "host_lost", "gone"));
    }

    @Override
    public Optional<Seat> await(Runnable woken) {
        wake = woken;
        seatsTaken.incrementAndGet();
        return isRoomFull ? Optional.empty() : Optional.of(seatsLeft::incrementAndGet);
    }

    void arrives(Upstream upstream) {
        upstreams.add(upstream);
        wake.run();
    }

    @Override
    public Optional<Leg> beside() {
        return Optional.ofNullable(upstreams.poll()).map(this::leg);
    }

    private Leg leg(Upstream upstream) {
        return new Leg() {
            @Override
            public Optional<Upstream> upstream() {
                return Optional.of(upstream);
            }

            @Override
            public Map<String, String> labels() {
                return Map.of("x-mesh-node", upstream.toString());
            }

            @Override
            public Optional<Turnstile> turnstile() {
                return turnstile;
            }

            @Override
            public String caller() {
                return caller;
            }

            @Override
            public long patienceMillis() {
                return patienceMillis;
            }

            @Override
            public boolean isSilent() {
                return false;
            }

            @Override
            public void answered(long firstByteNanos) {}

            @Override
            public synchronized void ended(Routes.Ending ending) {
                endings.add(ending);
            }
        };
    }
}
