package mesh.daemon.route;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import mesh.core.id.NodeId;
import mesh.core.openai.ApiError;
import mesh.core.route.Ask;
import mesh.core.route.Choice;
import mesh.core.route.Choice.Chosen;
import mesh.core.route.Host;
import mesh.core.route.RouteReason;
import mesh.core.route.RouteTable;
import mesh.core.route.Routes;
import mesh.daemon.edge.Course;
import mesh.daemon.edge.PeerHost;
import mesh.daemon.edge.Turnstile;
import mesh.daemon.edge.Upstream;
import org.jspecify.annotations.Nullable;

/**
 * One request's way over the hosts of its model, the table looked at anew each time. While there is no host, though there
 * was one a moment ago, the request waits. Used on the exchange's event loop.
 */
final class MeshCourse implements Course {
    /** From the request's arrival: callers' own patience is 30 s at the least. */
    private static final long WAIT_MILLIS_MAX = 20_000;

    /** Should a change be missed. */
    private static final long LOOK_AGAIN_MILLIS = 2_000;

    private final Ways ways;
    private final Sight sight;
    private final String caller;
    private final Trials trials = new Trials();
    private final Ask ask;
    private @Nullable Chosen first;
    private boolean hasWaited;
    private boolean isCounted;

    /** What a course sees of the mesh. */
    interface Sight {
        RouteTable table();

        String nameOf(NodeId node);

        /** What the caller is told when this is the end. */
        ApiError refusal(Ask ask, Choice choice);
    }

    /** {@code first}: where the request goes to begin with. */
    MeshCourse(Ways ways, Sight sight, Ask ask, String caller, Choice first) {
        this.ways = ways;
        this.sight = sight;
        this.ask = ask;
        this.caller = caller;
        this.first = first instanceof Chosen chosen ? chosen : null;
    }

    /** Whether a request that cannot be sent on its way as {@code choice} says had better wait than be refused. */
    static boolean isWorthWaiting(Ways ways, Ask ask, Choice choice) {
        boolean isHopeful = switch (choice) {
            case Choice.NotReady(var reason, var retryMillis, var rejected) ->
                switch (reason) {
                    case LOADING, PARKED, NOT_LOADED, WAITING_FOR_MEMORY -> true;
                    default -> false;
                };
            case Choice.NoSuchModel unknown -> true;
            case Choice.AllBusy busy -> false;
            case Choice.NoneFits unfit -> false;
            case Chosen chosen -> false;
        };
        return isHopeful && ways.lately().slots(ask.model(), Ways.nowMillis()).isPresent();
    }

    @Override
    public Step next() {
        Chosen given = first;
        first = null;
        if (given != null) return new Step.Go(leg(given, ask));
        var more = ask.withTried(trials.barred(Ways.nowMillis()));
        Choice choice = ways.choose(sight.table(), more);
        if (choice instanceof Chosen chosen) return new Step.Go(leg(chosen, more));
        ApiError refusal = sight.refusal(ask, choice);
        if (waits(choice)) return new Step.Wait(why(choice), lookAgainMillis(choice), WAIT_MILLIS_MAX, refusal);
        return trials.isEmpty() ? new Step.Refuse(refusal) : new Step.Spent();
    }

    private boolean waits(Choice choice) {
        if (choice instanceof Choice.AllBusy) return hasWaited;
        boolean wasTried = choice instanceof Choice.NotReady notReady && notReady.reason() == RouteReason.TRIED;
        return wasTried ? trials.mayGoOn() : isWorthWaiting(ways, ask, choice);
    }

    private static String why(Choice choice) {
        return switch (choice) {
            case Choice.NotReady(var reason, var retryMillis, var rejected) -> reason.code();
            case Choice.AllBusy busy -> RouteReason.FULL.code();
            default -> RouteReason.HOST_LOST.code();
        };
    }

    private static long lookAgainMillis(Choice choice) {
        return switch (choice) {
            case Choice.NotReady(var reason, var retryMillis, var rejected) ->
                reason == RouteReason.TRIED ? Trials.PAUSE_MILLIS : retryMillis;
            case Choice.AllBusy(var retryMillis, var rejected) -> retryMillis;
            default -> LOOK_AGAIN_MILLIS;
        };
    }

    @Override
    public Optional<Seat> await(Runnable wake) {
        hasWaited = true;
        int slots = ways.lately().slots(ask.model(), Ways.nowMillis()).orElse(1);
        return ways.room().enter(ask.model(), slots, wake);
    }

    @Override
    public Optional<Leg> beside() {
        if (!ways.paces().pays()) return Optional.empty();
        var more = ask.withTried(trials.barred(Ways.nowMillis()));
        return ways.choose(sight.table(), more) instanceof Chosen chosen
                ? Optional.of(leg(chosen, more))
                : Optional.empty();
    }

    private Leg leg(Chosen chosen, Ask asked) {
        trials.begun(chosen.host().node());
        if (!isCounted) ways.asked().accept(chosen.model());
        isCounted = true;
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
            labels.put("x-mesh-node", sight.nameOf(host().node()));
            labels.put("x-mesh-model", host().model().name());
            labels.put("x-mesh-route", host().path().code());
            labels.put("x-mesh-why", (hasWaited ? RouteReason.AWAITED : chosen.reason()).code());
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
            if (chosen.reason() == RouteReason.PROBE) ways.room().wakeAll();
            ways.paces().answered(host().node(), host().model(), firstByteNanos / 1_000_000);
        }

        @Override
        public void ended(Routes.Ending ending) {
            ways.routes().ended(chosen, asked, ending, Ways.nowMillis());
            trials.ended(host().node(), Ways.nowMillis());
            ways.room().wakeOne(host().model().name());
        }
    }
}
