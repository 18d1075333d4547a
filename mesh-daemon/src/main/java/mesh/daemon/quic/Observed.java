package mesh.daemon.quic;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import mesh.daemon.log.Log;

/**
 * Where others see this node: what peers said in their welcomes, and what STUN servers answered. A port that every
 * observer sees alike is one that a NAT keeps for this socket, so others may try it; one that differs by observer is
 * worth nothing to a third. Any thread; the lock is this object, held for moments.
 */
final class Observed {
    private static final Log log = Log.of(Observed.class);

    /** Observers heard last; more say nothing new. */
    private static final int OBSERVERS_MAX = 64;

    private final Map<String, Sight> byObserver = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Sight> eldest) {
            return size() > OBSERVERS_MAX;
        }
    };

    /** What one observer saw, and from where it looked. */
    private record Sight(InetAddress from, InetSocketAddress seen) {}

    /** @param observer a name that stays the same for the same observer */
    synchronized void heard(String observer, InetAddress from, InetSocketAddress seen) {
        if (seen.getAddress().isLoopbackAddress()) return;
        var sight = new Sight(from, seen);
        if (!sight.equals(byObserver.put(observer, sight)))
            log.debug("address.observed", "by", observer, "address", Addresses.text(seen));
    }

    /** The network is another one: what was seen before says nothing. */
    synchronized void forget() {
        byObserver.clear();
    }

    /** Addresses that observers agree on, beside {@code own}. */
    synchronized List<InetSocketAddress> beside(List<InetSocketAddress> own) {
        var ports = new HashMap<InetAddress, Set<Integer>>();
        for (Sight sight : byObserver.values())
            ports.computeIfAbsent(sight.seen.getAddress(), first -> new HashSet<>())
                    .add(sight.seen.getPort());
        var agreed = new ArrayList<InetSocketAddress>();
        for (Sight sight : byObserver.values())
            if (ports.getOrDefault(sight.seen.getAddress(), Set.of()).size() == 1
                    && !own.contains(sight.seen)
                    && !agreed.contains(sight.seen)) agreed.add(sight.seen);
        return agreed;
    }

    /** What stands between this node and the open IPv4 network, by those who look from there. */
    synchronized Nat nat(List<InetSocketAddress> own) {
        var froms = new HashSet<InetAddress>();
        var seen = new HashSet<InetSocketAddress>();
        for (Sight sight : byObserver.values()) {
            boolean isOutside = sight.from instanceof Inet4Address && PathKind.to(sight.seen) == PathKind.PUBLIC;
            if (!isOutside) continue;
            if (own.contains(sight.seen)) return Nat.NONE;
            froms.add(sight.from);
            seen.add(sight.seen);
        }
        // Two servers on one address are one to a NAT that draws a port for each address.
        if (froms.size() < 2) return Nat.UNKNOWN;
        return seen.size() == 1 ? Nat.STEADY : Nat.CHANGING;
    }
}
