package mesh.daemon.edge;

import java.util.Map;
import java.util.Optional;
import mesh.core.openai.ApiError;
import mesh.core.route.Routes;

/**
 * The way of one request: which host is asked, and which one next when that one fails before it has answered. Made for
 * each request; called on its exchange's event loop, so it must not block.
 */
public interface Course {
    /** Where to go now: first, and again after each leg that ended without an answer. */
    Step next();

    /** Another host to ask beside the one that stays silent; empty: there is none, or it is not worth it. */
    Optional<Leg> beside();

    /**
     * Takes a seat for a request that was told to wait. {@code wake} runs, on any thread, when it should ask {@link #next}
     * again, until the seat is left. Empty: too many wait already.
     */
    default Optional<Seat> await(Runnable wake) {
        return Optional.empty();
    }

    /** A request's place among those that wait for a host. */
    interface Seat {
        /** Once is enough, more does no harm. */
        void leave();
    }

    /** What a course says. */
    sealed interface Step {
        record Go(Leg leg) implements Step {}

        record Refuse(ApiError error) implements Step {}

        /**
         * There is no host, and there may be one soon.
         *
         * @param why a stable code
         * @param lookAgainMillis when to ask again though nothing woke the request
         * @param patienceMillis counted from the request's arrival
         * @param refusal what the caller is told when that is over
         */
        record Wait(String why, long lookAgainMillis, long patienceMillis, ApiError refusal) implements Step {}

        /** Every host was tried: what the last one did is the answer. */
        record Spent() implements Step {}
    }

    /** One host asked for one request. Ends exactly once. */
    interface Leg {
        /** Looked up when the request is sent, which may be after a wait; empty: it has gone meanwhile. */
        Optional<Upstream> upstream();

        /** Headers of the answer: who answers, as what, how and why. */
        Map<String, String> labels();

        /** The queue before the upstream, when it is this node's own. */
        Optional<Turnstile> turnstile();

        /** Who waits in that queue, to whom it must be fair. */
        String caller();

        /** Silence that is worth asking another host beside; 0 = none is. */
        long patienceMillis();

        /** Whether the way to the upstream seems to be dead, though nothing has said so yet. */
        boolean isSilent();

        /** The head of a good answer has come. */
        void answered(long firstByteNanos);

        void ended(Routes.Ending ending);
    }

    /** A leg that nothing is compared with: no queue of its own, no patience, no bookkeeping. */
    interface OnlyLeg extends Leg {
        @Override
        default Map<String, String> labels() {
            return Map.of();
        }

        @Override
        default Optional<Turnstile> turnstile() {
            return Optional.empty();
        }

        @Override
        default String caller() {
            return "";
        }

        @Override
        default long patienceMillis() {
            return 0;
        }

        @Override
        default boolean isSilent() {
            return false;
        }

        @Override
        default void answered(long firstByteNanos) {}

        @Override
        default void ended(Routes.Ending ending) {}
    }

    /** A course to one upstream, without alternatives or bookkeeping. */
    static Course only(Upstream upstream) {
        return only(new OnlyLeg() {
            @Override
            public Optional<Upstream> upstream() {
                return Optional.of(upstream);
            }
        });
    }

    /** A course of one leg, without alternatives. */
    static Course only(Leg leg) {
        return new OnlyCourse(leg);
    }
}
