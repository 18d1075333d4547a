package mesh.daemon.quic;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressesTest {
    private static Addresses.Candidate at(String networkInterface, String address) {
        return new Addresses.Candidate(
                networkInterface, InetAddress.ofLiteral(address), true, networkInterface.equals("lo"));
    }

    private static List<String> useful(Addresses.Candidate... candidates) {
        return Addresses.useful(List.of(candidates)).stream()
                .map(InetAddress::getHostAddress)
                .toList();
    }

    @Test
    void onlyWaysOutOfTheMachineAreTold() {
        var useful = useful(
                at("lo", "127.0.0.1"),
                at("eth0", "2001:db8:0:0:0:0:0:7"),
                at("eth0", "fe80::1"),
                at("eth0", "192.168.1.7"),
                at("docker0", "172.17.0.1"),
                at("br-4f2a", "172.18.0.1"),
                at("veth12", "169.254.3.3"),
                at("virbr0", "192.168.122.1"),
                at("wg0", "10.9.0.2"));

        assertThat(useful).containsExactly("192.168.1.7", "10.9.0.2", "2001:db8:0:0:0:0:0:7");
    }

    @Test
    void machineWithoutNetworkTellsItsLoopback() {
        assertThat(useful(at("lo", "127.0.0.1"), at("docker0", "172.17.0.1"))).containsExactly("127.0.0.1");
    }

    @Test
    void interfaceThatIsDownIsPassedOver() {
        var down = new Addresses.Candidate("eth1", InetAddress.ofLiteral("10.0.0.1"), false, false);

        assertThat(useful(down, at("eth0", "10.0.0.2"))).containsExactly("10.0.0.2");
    }

    @Test
    void textIsReadBack() {
        for (String text : List.of("192.0.2.7:4433", "[2001:db8:0:0:0:0:0:1]:65535"))
            assertThat(Addresses.text(Addresses.parse(text).orElseThrow())).isEqualTo(text);
        assertThat(Addresses.text(InetSocketAddress.createUnresolved("somewhere", 1)))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ":",
                "somewhere.example:80",
                "192.0.2.7",
                "192.0.2.7:0",
                "192.0.2.7:65536",
                "192.0.2:1",
                "[::1:80",
                "::1:80",
                "localhost:80",
                "192.0.2.7:-1",
                "[192.0.2.7]:1"
            })
    void anythingButALiteralIsRefused(String text) {
        assertThat(Addresses.parse(text)).isEmpty();
    }
}
