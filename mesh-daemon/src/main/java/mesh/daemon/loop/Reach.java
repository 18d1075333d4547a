package mesh.daemon.loop;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import mesh.core.id.NodeId;
import mesh.daemon.quic.Addresses;

/**
 * Whose help the operator wants in reaching other nodes. Immutable.
 *
 * @param relays members that carry packets first when there is no other way
 * @param stunServers asked where this node is seen from outside; none: only peers say so
 */
public record Reach(List<NamedRelay> relays, List<StunServer> stunServers) {
    private static final int PORT_MAX = 65_535;

    public Reach {
        relays = List.copyOf(relays);
        stunServers = List.copyOf(stunServers);
    }

    /** A member of the mesh by its id, with the address to find it at when nobody tells. */
    public record NamedRelay(NodeId id, List<InetSocketAddress> addresses) {
        /** Reads {@code ID} or {@code ID@HOST:PORT}, the id as {@code mesh status --json} shows it; else empty. */
        public static Optional<NamedRelay> parse(String word) {
            int at = word.indexOf('@');
            String id = at < 0 ? word : word.substring(0, at);
            if (!id.matches("[0-9a-f]{64}")) return Optional.empty();
            if (at < 0) return Optional.of(new NamedRelay(NodeId.parse(id), List.of()));
            return Addresses.parse(word.substring(at + 1))
                    .map(address -> new NamedRelay(NodeId.parse(id), List.of(address)));
        }
    }

    /** A server by name or address. */
    public record StunServer(String host, int port) {
        public static Optional<StunServer> parse(String word) {
            int colon = word.lastIndexOf(':');
            if (colon <= 0 || !word.substring(colon + 1).matches("\\d{1,5}")) return Optional.empty();
            int port = Integer.parseInt(word.substring(colon + 1));
            String host = word.substring(0, colon);
            return port == 0 || port > PORT_MAX ? Optional.empty() : Optional.of(new StunServer(host, port));
        }

        @Override
        public String toString() {
            return host + ":" + port;
        }
    }
}
