package mesh.testnet.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import mesh.core.rpc.Conversation;
import mesh.core.rpc.RpcLimits;
import mesh.daemon.engine.Engine;
import mesh.daemon.engine.ServerCommand;
import mesh.daemon.engine.Serving;
import mesh.daemon.engine.WorkerCommand;
import mesh.daemon.process.ChildState;
import mesh.daemon.process.Children;
import mesh.daemon.process.Confinement;
import mesh.daemon.process.Launch;
import mesh.daemon.process.LoopbackPorts;
import mesh.daemon.process.RestartPolicy;
import mesh.daemon.process.Supervisor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Holds the reader of RPC frames against the real thing: a relay stands between a real llama-server and a real
 * rpc-server, and every byte of both directions must be what the reader expects, from loading to the last token.
 */
class RpcCaptureIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path data;

    @Test
    void everyFrameOfARealSplitIsUnderstood() throws Exception {
        Engine engine = RealEngine.orSkip();
        Engine.Worker worker = engine.worker().orElseThrow();
        var limits = new RpcLimits(worker.version().major(), 1L << 30);
        var children = new Children(data.resolve("run"), data.resolve("log"), new Confinement(data));
        var ports = new LoopbackPorts();
        var lent = new States();
        var served = new States();
        var launch = new Launch(
                "worker",
                (port, key) -> WorkerCommand.of(worker, port, 1),
                WorkerCommand.readiness(),
                0,
                PATIENCE,
                RestartPolicy.NEVER);
        Supervisor lending = Supervisor.start(children, ports, launch, lent);
        int port = lent.await(ChildState.Ready.class, PATIENCE).port();

        try (var relay = new Relay(port, limits)) {
            var workers = new Serving.Workers(List.of("127.0.0.1:" + relay.port()), List.of(5));
            var serving = new Serving(TestModel.file(), "demo", 512, 1, 1, 0).over(workers);
            Supervisor hosting = Supervisor.start(
                    children,
                    ports,
                    Launch.server("host", 0, (at, key) -> ServerCommand.of(engine, serving, at, key)),
                    served);
            ChildState.Ready ready = served.await(ChildState.Ready.class, PATIENCE);
            String text = completion(ready);
            hosting.stop();

            assertThat(text).contains("bcdefghijklmnopqrstuvwxyz");
            assertThat(relay.conversations()).hasSizeGreaterThan(3).allSatisfy(talk -> {
                assertThat(talk.fault()).isEmpty();
                assertThat(talk.requests().isBetweenFrames()).isTrue();
                assertThat(talk.replies().isBetweenFrames()).isTrue();
            });
        } finally {
            lending.stop();
            children.stopAll();
        }
    }

    private static String completion(ChildState.Ready ready) throws Exception {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + ready.port() + "/v1/completions"))
                .header("Authorization", "Bearer " + ready.apiKey())
                .POST(HttpRequest.BodyPublishers.ofString("{\"prompt\":\"a\",\"max_tokens\":26}"))
                .build();
        return HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
    }

    /** Carries connections and shows every byte to a conversation before it is passed on. */
    private static final class Relay implements AutoCloseable {
        private final ServerSocket door = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        private final int target;
        private final RpcLimits limits;
        private final List<Conversation> conversations = Collections.synchronizedList(new ArrayList<>());

        Relay(int target, RpcLimits limits) throws IOException {
            this.target = target;
            this.limits = limits;
            Thread.ofVirtual().start(this::accept);
        }

        int port() {
            return door.getLocalPort();
        }

        List<Conversation> conversations() {
            return conversations;
        }

        private void accept() {
            try {
                while (true) carry(door.accept());
            } catch (IOException closed) {
                // The test is over.
            }
        }

        private void carry(Socket client) throws IOException {
            var server = new Socket(InetAddress.getLoopbackAddress(), target);
            var talk = new Conversation(limits);
            conversations.add(talk);
            Thread.ofVirtual().start(() -> pump(client, server, talk, talk.requests()));
            Thread.ofVirtual().start(() -> pump(server, client, talk, talk.replies()));
        }

        private static void pump(Socket from, Socket to, Conversation talk, Conversation.Direction way) {
            try (from;
                    to) {
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream();
                byte[] buffer = new byte[64 << 10];
                for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                    // Both directions share the queue of awaited answers.
                    synchronized (talk) {
                        show(way, buffer, count);
                    }
                    out.write(buffer, 0, count);
                }
            } catch (IOException closed) {
                // One end hung up; the try closes the other.
            }
        }

        private static void show(Conversation.Direction way, byte[] bytes, int count) {
            var left = ByteBuffer.wrap(bytes, 0, count);
            while (left.hasRemaining()) {
                if (way.unseenBytes() == 0) {
                    if (!way.see(left)) return;
                } else {
                    int skipped = (int) Math.min(way.unseenBytes(), left.remaining());
                    way.passed(skipped);
                    left.position(left.position() + skipped);
                }
            }
        }

        @Override
        public void close() throws IOException {
            door.close();
        }
    }
}
