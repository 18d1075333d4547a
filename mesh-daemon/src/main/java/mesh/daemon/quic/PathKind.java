package mesh.daemon.quic;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Locale;

/** How a peer is reached, the worst way first. */
public enum PathKind {
    /** Sealed packets carried by a third node. */
    RELAYED,
    /** Through a NAT or firewall that both sides opened at the same moment. */
    PUNCHED,
    /** At an address that anybody may use. */
    PUBLIC,
    /** At a private address: in the same building, or over a network of the operator's own. */
    LAN;

    /** The first byte of IPv6 addresses that organizations give themselves, in its upper seven bits. */
    private static final int UNIQUE_LOCAL = 0xFC;

    public boolean isDirect() {
        return this != RELAYED;
    }

    /** As people and scripts read it. */
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Which of two connections carries on: both sides must come to the same answer, and a way is no worse for having been
     * opened.
     */
    int rank() {
        return switch (this) {
            case RELAYED -> 0;
            case PUNCHED, PUBLIC -> 1;
            case LAN -> 2;
        };
    }

    /** What a connection to this address would be, as far as the address tells. */
    static PathKind to(InetSocketAddress address) {
        if (Detours.isDetour(address)) return RELAYED;
        return isPrivate(address.getAddress()) ? LAN : PUBLIC;
    }

    private static boolean isPrivate(InetAddress address) {
        return address.isSiteLocalAddress()
                || address.isLoopbackAddress()
                || address.isLinkLocalAddress()
                || (address instanceof Inet6Address six && (six.getAddress()[0] & 0xFE) == UNIQUE_LOCAL);
    }
}
