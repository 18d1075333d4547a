package mesh.daemon.nostr;

import java.io.IOException;
import java.net.URI;

/** How frames get to a relay and back: the JDK's WebSocket in the daemon, a script in tests. */
interface RelayTransport extends AutoCloseable {
    /** Begins to connect and returns at once; what comes of it the ear hears. */
    Wire open(URI relay, Ear ear);

    @Override
    void close();

    /** One connection. Used by one thread. */
    interface Wire {
        void send(String frame) throws IOException;

        void ping() throws IOException;

        /** Allows one more frame: the other side is held back while one is looked at. */
        void more();

        /** Ends it now, whatever the other side does. */
        void abort();
    }

    /** Hears of one connection, on any thread, in order. Nothing comes after {@link #lost}. */
    interface Ear {
        void opened();

        void heard(String frame);

        void ponged();

        void lost(String reason);
    }
}
