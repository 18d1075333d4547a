package mesh.daemon.nostr;

import java.time.Duration;

/**
 * How patient a link is.
 *
 * @param connect for the connection and the upgrade together, and for one frame to leave
 * @param answer for an OK or the end of what is stored, counted from when it was asked for
 * @param ping between two pings; two without an answer mean that nobody is there
 * @param retryMin after the first failure; doubled with each, drawn down to a quarter so that clients spread
 * @param healthy a connection that lasted this long forgives earlier failures
 */
public record RelayTiming(
        Duration connect, Duration answer, Duration ping, Duration retryMin, Duration retryMax, Duration healthy) {
    public static final RelayTiming DEFAULT = new RelayTiming(
            Duration.ofSeconds(5),
            Duration.ofSeconds(6),
            Duration.ofSeconds(25),
            Duration.ofSeconds(1),
            Duration.ofSeconds(60),
            Duration.ofSeconds(60));
}
