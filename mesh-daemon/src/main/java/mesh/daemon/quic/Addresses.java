package mesh.daemon.quic;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Addresses as nodes tell them to each other: {@code host:port} with a literal host, never a name. Lists those of this
 * machine under which another machine may reach it: no link-local ones, no bridges of containers and virtual machines.
 */
public final class Addresses {
    /** Interfaces that lead into this machine, not out of it. */
    private static final List<String> INWARD =
            List.of("docker", "br-", "veth", "virbr", "cni", "flannel", "podman", "lxc", "lxd", "vmnet", "kube");

    private Addresses() {}

    /** What matters of one address of one interface. */
    record Candidate(String networkInterface, InetAddress address, boolean up, boolean loopback) {}

    /**
     * What to put into invites and announcements, best first. A socket bound to one address has just that one.
     *
     * @param bound where the socket listens
     */
    public static List<InetSocketAddress> of(InetSocketAddress bound) throws SocketException {
        if (!bound.getAddress().isAnyLocalAddress()) return List.of(bound);
        var candidates = new ArrayList<Candidate>();
        for (NetworkInterface each : Collections.list(NetworkInterface.getNetworkInterfaces()))
            for (InterfaceAddress address : each.getInterfaceAddresses())
                candidates.add(new Candidate(each.getName(), address.getAddress(), each.isUp(), each.isLoopback()));
        return useful(candidates).stream()
                .map(address -> new InetSocketAddress(address, bound.getPort()))
                .toList();
    }

    /** One network that this machine is on. */
    record Network(InetAddress own, int prefixBits) {
        boolean has(InetAddress address) {
            return sharesPrefix(own, address, prefixBits);
        }
    }

    /** The networks on which this machine has neighbours. */
    static List<Network> networks() throws SocketException {
        var networks = new ArrayList<Network>();
        for (NetworkInterface each : Collections.list(NetworkInterface.getNetworkInterfaces()))
            if (each.isUp() && INWARD.stream().noneMatch(each.getName()::startsWith))
                for (InterfaceAddress own : each.getInterfaceAddresses())
                    networks.add(new Network(own.getAddress(), own.getNetworkPrefixLength()));
        return networks;
    }

    static boolean sharesPrefix(InetAddress one, InetAddress other, int bits) {
        byte[] left = one.getAddress();
        byte[] right = other.getAddress();
        if (left.length != right.length) return false;
        int differs = Arrays.mismatch(left, right);
        if (differs < 0) return true;
        int first = differs * Byte.SIZE + Integer.numberOfLeadingZeros((left[differs] ^ right[differs]) & 0xFF) - 24;
        return first >= bits;
    }

    /** Loopback only on a machine that has nothing else, so that two daemons there still meet. */
    static List<InetAddress> useful(List<Candidate> candidates) {
        var outward = new ArrayList<InetAddress>();
        var loopback = new ArrayList<InetAddress>();
        for (Candidate candidate : candidates) {
            InetAddress address = candidate.address;
            if (!candidate.up || address.isLinkLocalAddress() || address.isMulticastAddress()) continue;
            if (candidate.loopback) loopback.add(address);
            else if (INWARD.stream().noneMatch(candidate.networkInterface::startsWith)) outward.add(address);
        }
        List<InetAddress> best = outward.isEmpty() ? loopback : outward;
        // IPv4 first: it is what small networks route; the sort is stable, so the system's order stands within each.
        best.sort(Comparator.comparing(address -> address instanceof Inet6Address));
        return List.copyOf(best);
    }

    public static String text(@Nullable SocketAddress address) {
        if (!(address instanceof InetSocketAddress inet) || inet.isUnresolved()) return "";
        String host = inet.getAddress().getHostAddress();
        int scope = host.indexOf('%');
        if (scope >= 0) host = host.substring(0, scope);
        return (inet.getAddress() instanceof Inet6Address ? "[" + host + "]" : host) + ":" + inet.getPort();
    }

    /** Reads a literal; anything else, names included, is empty: a peer must not make this node ask a name server. */
    public static Optional<InetSocketAddress> parse(String text) {
        int colon = text.lastIndexOf(':');
        if (colon <= 0 || !text.substring(colon + 1).matches("\\d{1,5}")) return Optional.empty();
        int port = Integer.parseInt(text.substring(colon + 1));
        String host = text.substring(0, colon);
        boolean six = host.startsWith("[") && host.endsWith("]");
        if (six) host = host.substring(1, host.length() - 1);
        if (port == 0 || port > 65_535) return Optional.empty();
        try {
            if (six) return Optional.of(new InetSocketAddress(Inet6Address.ofLiteral(host), port));
            if (!host.matches("\\d{1,3}(\\.\\d{1,3}){3}")) return Optional.empty();
            return Optional.of(new InetSocketAddress(Inet4Address.ofLiteral(host), port));
        } catch (IllegalArgumentException notLiteral) {
            return Optional.empty();
        }
    }
}
