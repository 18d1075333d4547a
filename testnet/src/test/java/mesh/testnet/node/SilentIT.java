package mesh.testnet.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import mesh.testnet.Needs;
import mesh.testnet.fake.FakeLlamaProgram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ten thousand connections to the API that say nothing, and somebody who has a question. */
class SilentIT {
    private static final int SILENT = 10_000;

    /** Sockets of the test itself, its engine's pipes, and what the JVM keeps open. */
    private static final int SPARE_DESCRIPTORS = 1_000;

    private static final long BYTES_PER_CONNECTION_MAX = 16 << 10;
    private static final int ASKED = 20;

    @TempDir
    Path folder;

    @Test
    void connectionsThatSayNothingCostLittleAndStopNobody() throws Exception {
        var system = ManagementFactory.getPlatformMXBean(UnixOperatingSystemMXBean.class);
        Needs.that(
                system.getMaxFileDescriptorCount() > SILENT + SPARE_DESCRIPTORS,
                "only " + system.getMaxFileDescriptorCount() + " file descriptors");
        Path engine = folder.resolve("engine");
        FakeLlamaProgram.install(engine, "");
        List<SocketChannel> silent = new ArrayList<>();
        try (RealNode node = RealNode.serve(
                folder.resolve("node"),
                Map.of(),
                "--offline",
                "--model",
                "demo-tiny",
                "--bin-dir",
                engine.toString())) {
            node.await("model.ready");
            ask(node);
            long before = node.heapBytes();
            var address = new InetSocketAddress(
                    InetAddress.getLoopbackAddress(), URI.create(node.api()).getPort());

            for (int i = 0; i < SILENT; i++) silent.add(SocketChannel.open(address));
            ask(node);

            long perConnection = (node.heapBytes() - before) / SILENT;
            System.getLogger(SilentIT.class.getName())
                    .log(
                            System.Logger.Level.INFO,
                            String.format(
                                    Locale.ROOT,
                                    "silent=%d heapBytes before=%d perConnection=%d residentBytes=%d",
                                    SILENT,
                                    before,
                                    perConnection,
                                    residentBytes(node)));
            assertThat(openSockets(node)).isGreaterThan(SILENT);
            assertThat(perConnection).isLessThan(BYTES_PER_CONNECTION_MAX);
        } finally {
            for (SocketChannel each : silent) each.close();
        }
    }

    private static void ask(RealNode node) throws Exception {
        for (int i = 0; i < ASKED; i++) {
            var answer = Ask.chat(node.api(), "demo-tiny");
            assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        }
    }

    private static long openSockets(RealNode node) throws IOException {
        try (var descriptors =
                Files.list(Path.of("/proc", Long.toString(node.handle().pid()), "fd"))) {
            return descriptors.count();
        }
    }

    private static long residentBytes(RealNode node) throws IOException {
        for (String line :
                Files.readAllLines(Path.of("/proc", Long.toString(node.handle().pid()), "status")))
            if (line.startsWith("VmRSS:")) return Long.parseLong(line.replaceAll("\\D", "")) << 10;
        throw new IOException("no VmRSS pid=" + node.handle().pid());
    }
}
