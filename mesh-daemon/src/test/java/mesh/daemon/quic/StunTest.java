package mesh.daemon.quic;

import static mesh.daemon.quic.TestNode.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The node's questions, answered by a server of the test's own that says what it is told to. */
@Timeout(30)
class StunTest {
    private static final int COOKIE = 0x2112A442;

    @Test
    void addressOfTheServersAnswerIsReachable() throws Exception {
        try (var node = new TestNode();
                var server = new Responder(1)) {
            node.endpoint.askStun(List.of(server.address()));

            eventually(() -> node.endpoint.reachable().contains(new InetSocketAddress("203.0.113.7", 4_711)));
        }
    }

    @Test
    void lostQuestionIsAskedAgain() throws Exception {
        try (var node = new TestNode();
                var server = new Responder(2)) {
            node.endpoint.askStun(List.of(server.address()));

            eventually(() -> node.endpoint.reachable().contains(new InetSocketAddress("203.0.113.7", 4_711)));
        }
    }

    @Test
    void answerToNobodysQuestionIsStray() throws Exception {
        try (var node = new TestNode();
                var stranger = new DatagramSocket()) {
            byte[] answer = answer(new byte[12]);

            eventually(() -> {
                send(stranger, answer, node.endpoint.address());
                return node.endpoint.faults().of(Fault.STRAY_DATAGRAM) > 0;
            });
            assertThat(node.endpoint.reachable()).containsExactly(node.endpoint.address());
        }
    }

    private static void send(DatagramSocket from, byte[] bytes, InetSocketAddress to) {
        try {
            from.send(new DatagramPacket(bytes, bytes.length, to));
        } catch (IOException failed) {
            throw new AssertionError(failed);
        }
    }

    /** A binding response as RFC 5769 lays its examples out: a name first, then the hidden address. */
    private static byte[] answer(byte[] id) {
        return ByteBuffer.allocate(40)
                .putShort((short) 0x0101)
                .putShort((short) 20)
                .putInt(COOKIE)
                .put(id)
                .putShort((short) 0x8022)
                .putShort((short) 3)
                .put(new byte[] {'m', 'e', 's', 0})
                .putShort((short) 0x0020)
                .putShort((short) 8)
                .putShort((short) 1)
                .putShort((short) (4_711 ^ (COOKIE >>> 16)))
                .putInt(0xCB007107 ^ COOKIE)
                .array();
    }

    /** Answers the n-th question it gets. */
    private static final class Responder implements AutoCloseable {
        private final DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());

        Responder(int answersTo) throws IOException {
            Thread.ofVirtual().start(() -> {
                try {
                    var question = new DatagramPacket(new byte[64], 64);
                    for (int i = 0; i < answersTo; i++) socket.receive(question);
                    byte[] id = new byte[12];
                    ByteBuffer.wrap(question.getData()).position(8).get(id);
                    byte[] answer = answer(id);
                    socket.send(new DatagramPacket(answer, answer.length, question.getSocketAddress()));
                } catch (IOException closed) {
                    // The test is over.
                }
            });
        }

        InetSocketAddress address() {
            return (InetSocketAddress) socket.getLocalSocketAddress();
        }

        @Override
        public void close() {
            socket.close();
        }
    }
}
