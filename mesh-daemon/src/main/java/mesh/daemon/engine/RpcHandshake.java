package mesh.daemon.engine;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import mesh.daemon.process.Leash;
import mesh.daemon.process.LoopbackPorts;
import org.jspecify.annotations.Nullable;

/**
 * Asks a tensor worker which RPC protocol it speaks: starts it on a loopback port, says HELLO, kills it. The version
 * stands in no output that every build flushes, so the handshake is the only sure way. Blocks for some tens of
 * milliseconds.
 */
final class RpcHandshake {
    private static final byte HELLO = 14;

    /** Version 8 wants 24 bytes of connection capabilities, none of which TCP has; before that HELLO was empty. */
    private static final List<Integer> PAYLOAD_BYTES = List.of(24, 0);

    private static final int HEAD_BYTES = 1 + Long.BYTES;
    private static final int ANSWER_BYTES_MAX = 256;
    private static final int TRIES_MAX = 3;
    private static final Duration LISTEN_MAX = Duration.ofSeconds(15);
    private static final int PAUSE_MILLIS = 10;
    private static final int ANSWER_MILLIS = 5000;

    private RpcHandshake() {}

    /** The version, or null for a worker that cannot be started or does not speak the protocol. */
    static @Nullable RpcVersion versionOf(Path worker) throws InterruptedException {
        var ports = new LoopbackPorts();
        for (int i = 0; i < TRIES_MAX; i++) {
            try {
                int port = ports.borrow();
                RpcVersion version = ask(worker, port);
                if (version != null) return version;
            } catch (IOException refused) {
                // The port went to somebody else in between, or the program cannot run: the next try tells.
            }
        }
        return null;
    }

    private static @Nullable RpcVersion ask(Path worker, int port) throws IOException, InterruptedException {
        var words = List.of(worker.toString(), "-H", "127.0.0.1", "-p", Integer.toString(port));
        List<String> leashed = Leash.on(words).orElseThrow(() -> new IOException("neither setsid nor perl found"));
        Process process = new ProcessBuilder(leashed)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            long deadlineNanos = System.nanoTime() + LISTEN_MAX.toNanos();
            while (process.isAlive() && System.nanoTime() < deadlineNanos) {
                for (int payloadBytes : PAYLOAD_BYTES) {
                    RpcVersion version = hello(port, payloadBytes);
                    if (version != null) return version;
                }
                Thread.sleep(PAUSE_MILLIS);
            }
            return null;
        } finally {
            process.destroyForcibly();
            process.getOutputStream().close();
        }
    }

    /** Whether a worker of today's protocol listens there and is free: a busy one leaves its next client waiting. */
    static boolean isAnswering(int port) {
        return hello(port, PAYLOAD_BYTES.getFirst()) != null;
    }

    private static @Nullable RpcVersion hello(int port, int payloadBytes) {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), ANSWER_MILLIS);
            socket.setSoTimeout(ANSWER_MILLIS);
            var request = ByteBuffer.allocate(HEAD_BYTES + payloadBytes).order(ByteOrder.LITTLE_ENDIAN);
            request.put(HELLO).putLong(payloadBytes);
            socket.getOutputStream().write(request.array());
            var in = new DataInputStream(socket.getInputStream());
            long answerBytes = Long.reverseBytes(in.readLong());
            if (answerBytes < 3 || answerBytes > ANSWER_BYTES_MAX) return null;
            return new RpcVersion(in.readUnsignedByte(), in.readUnsignedByte(), in.readUnsignedByte());
        } catch (IOException closed) {
            return null;
        }
    }
}
