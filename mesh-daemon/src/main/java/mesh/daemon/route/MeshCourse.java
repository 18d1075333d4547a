package mesh.daemon.route;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import mesh.core.id.NodeId;
import mesh.core.route.Ask;
import mesh.core.route.Choice.Chosen;
import mesh.core.route.Host;
import mesh.core.route.RouteTable;
import mesh.core.route.Routes;
import mesh.daemon.edge.Course;
import mesh.daemon.edge.PeerHost;
import mesh.daemon.edge.Turnstile;
import mesh.daemon.edge.Upstream;
import org.jspecify.annotations.Nullable;

/**
 * One request's way over the hosts of its model: each host at most once, the table looked at anew each time. Used on the
 * exchange's event loop.
 */
final class MeshCourse implements Course {
    private final Ways ways;
    private final Supplier<RouteTable> table;
    private final Function<NodeId, String> names;
    private final String caller;
    private final List<NodeId> tried = new ArrayList<>();
    private final Ask ask;
    private @Nullable Chosen first;

    MeshCourse(
            Ways ways,
            Supplier<RouteTable> table,
            Function<NodeId, String> names,
            Ask ask,
            String caller,
            Chosen first) {
        this.ways = ways;
        this.table = table;
        this.names = names;
        this.ask = ask;
        this.caller = caller;
        this.first = first;
    }

    @Override
    public Step next() {
        Chosen given = first;
        if (given != null) {
            first = null;
            return new Step.Go(leg(given, ask));
        }
        return again().<Step>map(Step.Go::new).orElseGet(Step.Spent::new);
    }

    @Override
    public Optional<Leg> beside() {
        return ways.paces().pays() ? again() : Optional.empty();
    }

    private Optional<Leg> again() {
        var more = ask.withTried(tried);
        return ways.choose(table.get(), more) instanceof Chosen chosen
                ? Optional.of(leg(chosen, more))
                : Optional.empty();
    }

    private Leg leg(Chosen chosen, Ask asked) {
        tried.add(chosen.host().node());
        return new Hop(chosen, asked);
    }

    /** One host of the course. */
    private final class Hop implements Leg {
        /** Three pings that were not answered: alive it would have said something. */
        private static final long SILENT_MILLIS = 1_600;

        private final Chosen chosen;
        private final Ask asked;

        Hop(Chosen chosen, Ask asked) {
            this.chosen = chosen;
            this.asked = asked;
        }

        private Host host() {
            return chosen.host();
        }

        @Override
        public Optional<Upstream> upstream() {
            return host().isLocal()
                    ? ways.locals().engine(host().model().name()).map(engine -> engine)
                    : Optional.of(new PeerHost(host().node(), host().model(), ways.reach()));
        }

        @Override
        public Map<String, String> labels() {
            var labels = new LinkedHashMap<String, String>();
            labels.put("x-mesh-node", names.apply(host().node()));
            labels.put("x-mesh-model", host().model().name());
            labels.put("x-mesh-route", host().path().code());
            labels.put("x-mesh-why", chosen.reason().code());
            return labels;
        }

        @Override
        public Optional<Turnstile> turnstile() {
            return host().isLocal() ? ways.locals().turnstile(host().model().name()) : Optional.empty();
        }

        @Override
        public String caller() {
            return caller;
        }

        @Override
        public long patienceMillis() {
            return ways.paces().patienceMillis(host().node(), host().model());
        }

        @Override
        public boolean isSilent() {
            return !host().isLocal() && ways.silence().millis(host().node()) > SILENT_MILLIS;
        }

        @Override
        public void answered(long firstByteNanos) {
            ways.routes().answered(chosen);
            ways.paces().answered(host().node(), host().model(), firstByteNanos / 1_000_000);
        }

        @Override
        public void ended(Routes.Ending ending) {
            ways.routes().ended(chosen, asked, ending, Ways.nowMillis());
        }
    }
}
