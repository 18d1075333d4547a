package mesh.daemon.quic;

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

    private final Map<String, InetSocketAddress> byObserver = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, InetSocketAddress> eldest) {
            return size() > OBSERVERS_MAX;
        }
    };

    /** @param observer a name that stays the same for the same observer */
    synchronized void heard(String observer, InetSocketAddress seen) {
        if (seen.getAddress().isLoopbackAddress()) return;
        if (!seen.equals(byObserver.put(observer, seen)))
            log.debug("address.observed", "by", observer, "address", Addresses.text(seen));
    }

    /** The network is another one: what was seen before says nothing. */
    synchronized void forget() {
        byObserver.clear();
    }

    /** Addresses that observers agree on, beside {@code own}. */
    synchronized List<InetSocketAddress> beside(List<InetSocketAddress> own) {
        var ports = new HashMap<InetAddress, Set<Integer>>();
        for (InetSocketAddress seen : byObserver.values())
            ports.computeIfAbsent(seen.getAddress(), first -> new HashSet<>()).add(seen.getPort());
        var agreed = new ArrayList<InetSocketAddress>();
        for (InetSocketAddress seen : byObserver.values())
            if (ports.getOrDefault(seen.getAddress(), Set.of()).size() == 1
                    && !own.contains(seen)
                    && !agreed.contains(seen)) agreed.add(seen);
        return agreed;
    }
}
