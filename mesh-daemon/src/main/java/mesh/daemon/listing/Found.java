package mesh.daemon.listing;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import mesh.core.id.Invite;
import mesh.core.listing.Candidate;
import mesh.daemon.nostr.Event;
import mesh.daemon.quic.Addresses;

/**
 * A listing that passed every check that can be made without asking its node. Immutable.
 *
 * @param sealed the one that its publisher sealed for the seeker's own key
 * @param isLocal whether it came from a relay of this machine or a private network, where addresses may be private too
 */
public record Found(
        Candidate candidate, Event event, Invite client, Invite serve, Optional<Invite> sealed, boolean isLocal) {
    Found probed(Candidate.Probe answer) {
        return new Found(candidate.probed(answer), event, client, serve, sealed, isLocal);
    }

    Found seenLocally() {
        return new Found(candidate, event, client, serve, sealed, true);
    }

    Found opened(Invite mine) {
        return new Found(candidate, event, client, serve, Optional.of(mine), isLocal);
    }

    /** The most that the seeker can come in as. */
    public Invite best() {
        return sealed.orElse(serve);
    }

    /** Where its node may be dialled: what an open relay says must not lead into private networks or onto this machine. */
    List<InetSocketAddress> addresses() {
        return client.terms().addresses().stream()
                .map(Addresses::parse)
                .flatMap(Optional::stream)
                .filter(address -> isLocal || isOpen(address))
                .toList();
    }

    private static boolean isOpen(InetSocketAddress at) {
        var address = at.getAddress();
        byte[] bytes = address.getAddress();
        boolean isUniqueLocal = bytes.length == 16 && (bytes[0] & 0xFE) == 0xFC;
        boolean isCarrierGrade = bytes.length == 4 && bytes[0] == 100 && (bytes[1] & 0xC0) == 64;
        boolean isThisNetwork = bytes.length == 4 && bytes[0] == 0;
        return !address.isLoopbackAddress()
                && !address.isAnyLocalAddress()
                && !address.isLinkLocalAddress()
                && !address.isSiteLocalAddress()
                && !address.isMulticastAddress()
                && !isUniqueLocal
                && !isCarrierGrade
                && !isThisNetwork;
    }
}
