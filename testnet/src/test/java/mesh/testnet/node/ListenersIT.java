package mesh.testnet.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import mesh.testnet.Needs;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node listens where it says and nowhere else, as the kernel tells it. */
class ListenersIT {
    /** 127.0.0.1 as the kernel writes it, plain and mapped. */
    private static final Set<String> LOOPBACK = Set.of("0100007F", "0000000000000000FFFF00000100007F");

    private static final String LISTENING = "0A";

    @Test
    void nodeHasTwoLoopbackPortsAndOneUdpSocket(@TempDir Path folder) throws Exception {
        Needs.that(Files.exists(Path.of("/proc/net/tcp")), "listeners are read from Linux's /proc");
        try (var node = RealNode.serve(folder, Map.of(), "--offline", "--bind-ip", "any")) {
            int api = node.await("api.ready").path("port").asInt();
            int console = node.await("console.ready").path("port").asInt();
            String udp = node.await("endpoint.opened").path("address").asText();
            node.invite();

            Set<String> own = sockets(node.handle().pid());
            List<Socket> tcp = open("tcp", own).stream()
                    .filter(socket -> socket.state().equals(LISTENING))
                    .toList();
            assertThat(tcp).extracting(Socket::port).containsExactlyInAnyOrder(api, console);
            assertThat(tcp).extracting(Socket::address).allMatch(LOOPBACK::contains);
            assertThat(open("udp", own))
                    .extracting(Socket::port)
                    .containsExactly(Integer.parseInt(udp.substring(udp.lastIndexOf(':') + 1)));
        }
    }

    /** One row of the kernel's table. */
    private record Socket(String address, int port, String state) {}

    private static Set<String> sockets(long pid) throws IOException {
        var inodes = new HashSet<String>();
        try (DirectoryStream<Path> open = Files.newDirectoryStream(Path.of("/proc/" + pid + "/fd"))) {
            for (Path each : open) {
                String target = Files.isSymbolicLink(each)
                        ? Files.readSymbolicLink(each).toString()
                        : "";
                if (target.startsWith("socket:[")) inodes.add(target.substring(8, target.length() - 1));
            }
        }
        return inodes;
    }

    private static List<Socket> open(String protocol, Set<String> inodes) throws IOException {
        var found = new ArrayList<Socket>();
        for (String table : List.of(protocol, protocol + "6"))
            for (String line : Files.readAllLines(Path.of("/proc/net/" + table))) {
                String[] words = line.strip().split("\\s+");
                if (words.length < 10 || !inodes.contains(words[9])) continue;
                String[] local = words[1].split(":");
                found.add(new Socket(local[0], Integer.parseInt(local[1], 16), words[3]));
            }
        return found;
    }
}
