package mesh.daemon.quic;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Test;

class PathKindTest {
    @Test
    void addressTellsTheKind() {
        assertThat(List.of("192.168.1.4", "10.0.0.1", "172.16.9.9", "127.0.0.1", "::1", "fd12::3"))
                .allMatch(host -> kind(host) == PathKind.LAN);
        assertThat(List.of("203.0.113.9", "2001:db8::1", "172.32.0.1", "100::1:0:0:0:0"))
                .allMatch(host -> kind(host) == PathKind.PUBLIC);
    }

    @Test
    void detourIsKnownByItsAddressAndGivesItsTicketBack() {
        var detour = Detours.address(0x1234_5678_9ABC_DEFL);

        assertThat(PathKind.to(detour)).isEqualTo(PathKind.RELAYED);
        assertThat(Detours.ticket(detour)).isEqualTo(0x1234_5678_9ABC_DEFL);
        assertThat(Addresses.parse(Addresses.text(detour))).contains(detour);
    }

    @Test
    void observersThatAgreeMakeAnAddressWorthTrying() {
        var observed = new Observed();
        var home = new InetSocketAddress("203.0.113.5", 4_000);
        observed.heard("one", from("192.0.2.1"), home);
        observed.heard("two", from("192.0.2.2"), home);
        assertThat(observed.beside(List.of())).containsExactly(home);

        observed.heard("three", from("192.0.2.3"), new InetSocketAddress("203.0.113.5", 4_001));
        assertThat(observed.beside(List.of())).isEmpty();
    }

    @Test
    void natIsKnownByWhatTwoOutsideSee() {
        var observed = new Observed();
        var home = new InetSocketAddress("203.0.113.5", 4_000);
        observed.heard("neighbour", from("192.168.1.2"), new InetSocketAddress("192.168.1.9", 4_000));
        observed.heard("one", from("192.0.2.1"), home);
        observed.heard("one's other port", from("192.0.2.1"), home);
        assertThat(observed.nat(List.of())).isEqualTo(Nat.UNKNOWN);

        observed.heard("two", from("192.0.2.2"), home);
        assertThat(observed.nat(List.of())).isEqualTo(Nat.STEADY);
        assertThat(observed.nat(List.of(home))).isEqualTo(Nat.NONE);

        observed.heard("three", from("192.0.2.3"), new InetSocketAddress("203.0.113.5", 4_001));
        assertThat(observed.nat(List.of())).isEqualTo(Nat.CHANGING);
    }

    private static InetAddress from(String host) {
        return InetAddress.ofLiteral(host);
    }

    @Test
    void neighbourSharesTheNetworksPrefix() {
        var network = new Addresses.Network(InetAddress.ofLiteral("192.168.4.9"), 22);

        assertThat(network.has(InetAddress.ofLiteral("192.168.7.200"))).isTrue();
        assertThat(network.has(InetAddress.ofLiteral("192.168.8.1"))).isFalse();
        assertThat(network.has(InetAddress.ofLiteral("fd00::1"))).isFalse();
    }

    private static PathKind kind(String host) {
        return PathKind.to(new InetSocketAddress(InetAddress.ofLiteral(host), 9));
    }
}
