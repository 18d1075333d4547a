package mesh.daemon.edge;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import mesh.core.route.Routes;

/** A course over given upstreams in their order, which writes down how each leg ended. */
final class TestCourse implements Course {
    final List<Routes.Ending> endings = new ArrayList<>();
    private final Queue<Upstream> upstreams = new ArrayDeque<>();
    private final Optional<Turnstile> turnstile;
    private final String caller;
    long patienceMillis;

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
        return upstream == null ? new Step.Spent() : new Step.Go(leg(upstream));
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
