package mesh.daemon.quic;

import java.net.InetSocketAddress;

/**
 * How the endpoint behaves; {@link #on} gives what a node wants.
 *
 * @param bind where the one UDP socket listens; port 0 lets the system choose
 * @param keepAliveMillis between two pings on a quiet connection; keeps a NAT's mapping, which may last only 30 s
 * @param idleMillis silence after which a connection is gone
 * @param handshakeMillis for handshake and admission together
 * @param waitingMax connections that may wait for admission
 * @param streamsMax streams a peer may have open at once
 * @param datagramBytes payload of one UDP packet; 1,350 passes every path
 * @param spinMicros how long the loop polls after traffic before it sleeps; 0 sleeps at once
 * @param relaying how much is carried for peers that cannot reach each other
 */
public record QuicConfig(
        InetSocketAddress bind,
        long keepAliveMillis,
        long idleMillis,
        long handshakeMillis,
        int waitingMax,
        int streamsMax,
        int datagramBytes,
        long spinMicros,
        Relay.Bounds relaying) {
    /**
     * A stream that was reset instead of ended stays behind in quiche, and its credit with it (some hundred bytes, quiche
     * pull requests 1631 and 2054). What we carry ourselves is ended, never reset; a peer that resets this many streams
     * gets a fresh connection.
     */
    static final int WORN_STREAMS_MAX = 16_384;

    public static QuicConfig on(InetSocketAddress bind) {
        // Three lost pings end a connection. A handshake over a bad mobile link takes a few seconds, 10 covers it.
        return new QuicConfig(bind, 5_000, 15_000, 10_000, 512, 1_024, 1_350, 0, Relay.Bounds.DEFAULT);
    }

    public QuicConfig withTimes(long keepAlive, long idle, long handshake) {
        return new QuicConfig(
                bind, keepAlive, idle, handshake, waitingMax, streamsMax, datagramBytes, spinMicros, relaying);
    }

    public QuicConfig withBounds(int waiting, int streams) {
        return new QuicConfig(
                bind,
                keepAliveMillis,
                idleMillis,
                handshakeMillis,
                waiting,
                streams,
                datagramBytes,
                spinMicros,
                relaying);
    }

    public QuicConfig withDatagramBytes(int bytes) {
        return new QuicConfig(
                bind,
                keepAliveMillis,
                idleMillis,
                handshakeMillis,
                waitingMax,
                streamsMax,
                bytes,
                spinMicros,
                relaying);
    }

    public QuicConfig withSpinMicros(long micros) {
        return new QuicConfig(
                bind,
                keepAliveMillis,
                idleMillis,
                handshakeMillis,
                waitingMax,
                streamsMax,
                datagramBytes,
                micros,
                relaying);
    }

    public QuicConfig withRelaying(Relay.Bounds bounds) {
        return new QuicConfig(
                bind,
                keepAliveMillis,
                idleMillis,
                handshakeMillis,
                waitingMax,
                streamsMax,
                datagramBytes,
                spinMicros,
                bounds);
    }
}
