package mesh.daemon.edge;

import io.netty.buffer.ByteBuf;

/** The side an upstream's answer comes in on. Called on the exchange's event loop, in the order declared here. */
interface Receiver {
    /** The request stands in a peer's queue; told again when that changes. */
    void waiting(Turnstile.Place place);

    void head(UpstreamHead head);

    /** Takes over the buffer. */
    void piece(ByteBuf piece);

    /** All that one read from the network held has been handed over: the moment to flush. */
    void settled();

    void end();

    /** No more will come, and the answer is not whole. */
    void lost(Loss loss);

    /** How far the answer had come. */
    enum Loss {
        UNREACHABLE,
        BEFORE_HEAD,
        IN_BODY
    }

    /**
     * What of an upstream's response head may reach a client.
     *
     * @param contentLength -1 = not known in advance
     * @param retryAfter empty = not said
     * @param queuedMillis how long the request stood in the queue of the peer that answers
     */
    record UpstreamHead(int status, String contentType, long contentLength, String retryAfter, long queuedMillis) {
        boolean isEventStream() {
            return contentType.startsWith("text/event-stream");
        }
    }
}
