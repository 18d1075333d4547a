package mesh.daemon.edge;

import mesh.core.openai.ApiError;
import mesh.core.openai.ModelPeek;

/** What a route does with an exchange that the {@link Gate} let through. */
public sealed interface Action {
    /** Answers from what is in memory, on the event loop: must not block. A request body is discarded. */
    record Local(Handler handler) implements Action {}

    /** Holds the JSON body, looks for the model in it, and relays the exchange to the upstream that is chosen. */
    record Forward(Chooser chooser) implements Action {}

    /** As {@link Forward}, for a peer: the way of the answer is watched where the request came from. */
    record Pass(Chooser chooser) implements Action {}

    /** As {@link Forward}, after the body was made into one that an engine understands. */
    record Translate(Translator translator) implements Action {}

    /** Answers on a virtual thread, which may block; the body is held in memory, at most {@link #ASK_BYTES_MAX}. */
    record Waiting(Answerer answerer) implements Action {}

    /** A stream of server-sent events, written by a virtual thread that may block as long as the client listens. */
    record Events(EventSource source) implements Action {}

    /** Management calls carry names and tokens, no payload. */
    int ASK_BYTES_MAX = 1 << 20;

    /** See {@link Local}. */
    @FunctionalInterface
    interface Handler {
        void handle(Exchange exchange);
    }

    /** See {@link Forward}. Called on the event loop with the whole body seen: must not block. */
    @FunctionalInterface
    interface Chooser {
        Choice choose(Exchange exchange, ModelPeek peek);
    }

    /** See {@link Waiting}. An {@link ApiError} is thrown as {@link Refusal}. */
    @FunctionalInterface
    interface Answerer {
        Reply answer(Ask ask) throws Exception;
    }

    /** See {@link Events}. Returning, or throwing, ends the stream. */
    @FunctionalInterface
    interface EventSource {
        void stream(Ask ask, EventStream out) throws Exception;
    }

    /** Where a forwarded exchange goes. */
    sealed interface Choice {
        /** {@code path} is the upstream's own, not what the client wrote. */
        record To(Course course, String path) implements Choice {
            public To(Upstream upstream, String path) {
                this(Course.only(upstream), path);
            }
        }

        record Refuse(ApiError error) implements Choice {}
    }
}
