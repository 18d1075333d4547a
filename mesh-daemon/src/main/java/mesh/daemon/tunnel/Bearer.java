package mesh.daemon.tunnel;

import io.netty.buffer.ByteBuf;

/** What brings payloads of one pair of connections to the worker that needs them. Owned by the loop. */
interface Bearer {
    /** Whether there is a way on which fewer than so many payloads wait; if there is none yet, looks for one. */
    boolean isReady(int payloadsMax);

    /** Brings it, or drops it if that cannot be. Takes the payload over. */
    void bring(int number, ByteBuf payload);

    /** Brings what it has and nothing more. */
    void close();
}
