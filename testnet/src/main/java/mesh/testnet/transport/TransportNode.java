package mesh.testnet.transport;

import com.sun.management.OperatingSystemMXBean;
import io.netty.handler.codec.quic.QuicStreamChannel;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import mesh.core.id.Checked;
import mesh.core.id.Invite;
import mesh.core.id.Role;
import mesh.core.wire.StreamType;
import mesh.daemon.quic.Dialled;
import mesh.daemon.quic.Membership;
import mesh.daemon.quic.Peer;
import mesh.daemon.quic.PeerListener;
import mesh.daemon.quic.QuicConfig;
import mesh.daemon.quic.QuicEndpoint;
import mesh.daemon.store.Ed25519Verifier;
import mesh.daemon.store.MeshFiles;
import mesh.daemon.store.NodeKey;
import mesh.daemon.tunnel.Tunnels;
import org.jspecify.annotations.Nullable;

/**
 * One end of a measured path, in a process of its own so that its processor time can be told from the load's. Takes
 * commands line by line and answers each with one line.
 */
final class TransportNode implements PeerListener {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    private final Membership membership;
    private final QuicEndpoint endpoint;
    private final Tunnels tunnels;

    private TransportNode(Path folder, int datagramBytes) throws IOException {
        var key = NodeKey.fresh();
        membership = Membership.open(key, new MeshFiles(folder));
        endpoint = QuicEndpoint.open(
                QuicConfig.on(new InetSocketAddress(LOOPBACK, 0)).withDatagramBytes(datagramBytes),
                key,
                membership,
                this);
        tunnels = new Tunnels(endpoint.loop());
    }

    /** Arguments: a folder to keep trust in, and the bytes of one datagram. */
    public static void main(String[] args) throws Exception {
        PrintStream out = new PrintStream(new java.io.FileOutputStream(java.io.FileDescriptor.out), true);
        var node = new TransportNode(Path.of(args[0]), Integer.parseInt(args[1]));
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line = in.readLine(); line != null; line = in.readLine())
            out.println(node.answer(line.split(" ", -1)));
        node.endpoint.close();
    }

    private String answer(String[] words) throws Exception {
        return switch (words[0]) {
            case "found" -> {
                membership.found();
                yield invite();
            }
            case "join" -> join(words[1]);
            // A local port that leads to the given port beside the other end.
            case "enter" -> {
                Peer peer = endpoint.peers().iterator().next();
                yield ""
                        + tunnels.enter(
                                        new InetSocketAddress(LOOPBACK, 0),
                                        peer,
                                        StreamType.RPC,
                                        words[1].getBytes(StandardCharsets.US_ASCII))
                                .address()
                                .getPort();
            }
            case "relay" -> "" + TcpRelay.open(endpoint.loop(), Integer.parseInt(words[1]));
            case "spin" -> {
                endpoint.spin(Long.parseLong(words[1]));
                yield "ok";
            }
            case "cpu" -> "" + cpuNanos();
            case "memory" -> memory();
            case "peers" -> "" + endpoint.peers().size();
            default -> throw new IllegalArgumentException(words[0]);
        };
    }

    private String invite() throws IOException {
        var invite = (Checked.Good<Invite>)
                membership.invite(Role.SPLIT, Invite.UNCOUNTED, Duration.ofHours(1), List.of(endpoint.address()));
        return invite.value().token();
    }

    private String join(String token) throws InterruptedException {
        var outcomes = new LinkedBlockingQueue<Dialled>();
        var invite = (Checked.Good<Invite>) Invite.parse(token, Ed25519Verifier.ED25519, System.currentTimeMillis());
        endpoint.join(invite.value(), outcomes::add);
        return outcomes.take().getClass().getSimpleName();
    }

    private static long cpuNanos() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
    }

    /** Heap after collection, and resident memory, in KiB. */
    private static String memory() throws IOException {
        for (int i = 0; i < 3; i++) System.gc();
        long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() >> 10;
        String resident = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS"))
                .findFirst()
                .orElseThrow()
                .replaceAll("\\D", "");
        return heap + " " + resident;
    }

    @Override
    public void stream(Peer peer, StreamType type, QuicStreamChannel stream) {
        tunnels.answer(stream, head -> target(head));
    }

    private static Optional<InetSocketAddress> target(byte[] head) {
        return Optional.of(
                new InetSocketAddress(LOOPBACK, Integer.parseInt(new String(head, StandardCharsets.US_ASCII))));
    }

    /** The process of one node, spoken to line by line. */
    static final class Handle implements AutoCloseable {
        private final Process process;
        private final BufferedReader out;

        Handle(Path folder, int datagramBytes) throws IOException {
            process = new ProcessBuilder(
                            ProcessHandle.current().info().command().orElseThrow(),
                            "--enable-native-access=ALL-UNNAMED",
                            "-XX:+UseSerialGC",
                            "-Xmx512m",
                            "-Dlogback.statusListenerClass=ch.qos.logback.core.status.NopStatusListener",
                            "-cp",
                            System.getProperty("java.class.path"),
                            TransportNode.class.getName(),
                            folder.toString(),
                            Integer.toString(datagramBytes))
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            out = process.inputReader(StandardCharsets.US_ASCII);
        }

        String ask(String line) throws IOException {
            process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.US_ASCII));
            process.getOutputStream().flush();
            // Logging may share the stream; an answer has no "DEBUG" or "INFO" in it.
            @Nullable String answer = out.readLine();
            while (answer != null && (answer.contains(" DEBUG ") || answer.contains(" INFO "))) answer = out.readLine();
            if (answer == null) throw new IOException("node ended on " + line);
            return answer;
        }

        long number(String line) throws IOException {
            return Long.parseLong(ask(line));
        }

        @Override
        public void close() throws IOException {
            process.getOutputStream().close();
            process.destroy();
        }
    }
}
