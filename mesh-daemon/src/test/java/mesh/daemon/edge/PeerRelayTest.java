package mesh.daemon.edge;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import mesh.core.id.ModelRef;
import mesh.core.id.Role;
import mesh.core.wire.StreamType;
import mesh.daemon.quic.Peer;
import mesh.daemon.quic.StreamTable;
import mesh.daemon.quic.TestNode;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A port whose requests go over a real QUIC connection to a peer, and from there to an engine. */
@ExtendWith(LeakWatch.class)
@Timeout(120)
class PeerRelayTest {
    private static final String CHAT = TestPort.CHAT;

    private final EdgeLoops hostLoops = EdgeLoops.start(1);
    private final EdgeLoops askerLoops = EdgeLoops.start(1);
    private final BlockingQueue<Served> atAsker = new LinkedBlockingQueue<>();
    private final BlockingQueue<Served> atHost = new LinkedBlockingQueue<>();
    private TestNode host;
    private TestNode asker;

    @SuppressWarnings("NullAway.Init") // Each test begins with serve.
    private EdgeServer port;

    @SuppressWarnings("NullAway.Init")
    private MockEngine engine;

    @BeforeEach
    void joinTwoNodes() throws Exception {
        host = new TestNode().found();
        asker = new TestNode();
        asker.join(host.invite(Role.CLIENT));
    }

    @AfterEach
    void close() throws Exception {
        port.close();
        asker.close();
        host.close();
        engine.close();
        askerLoops.close();
        hostLoops.close();
    }

    private void serve(MockEngine behind) throws IOException {
        serve(behind, 4);
    }

    private void serve(MockEngine behind, int slots) throws IOException {
        engine = behind;
        var turnstile = new Turnstile(slots);
        var routes = new RouteTable()
                .add(
                        "POST",
                        CHAT,
                        new Action.Pass((exchange, peek) -> new Action.Choice.To(
                                new TestCourse(engine.upstream(), Optional.of(turnstile), exchange.asker()), CHAT)));
        var peers = new PeerPort(hostLoops, routes, TestPort.defaults(), atHost::add);
        host.endpoint.takes(StreamType.HTTP, peers::answer);
        var upstream = new PeerHost(
                host.key.id(), new ModelRef("m"), (node, found) -> found.accept(asker.endpoint.peer(node)));
        port = EdgeServer.start(
                askerLoops,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new RouteTable().forward(CHAT, (exchange, peek) -> new Action.Choice.To(upstream, CHAT)),
                TestPort.defaults(),
                atAsker::add);
    }

    private void awaitNoStreams() throws Exception {
        for (Peer peer : List.of(asker.peer(host), host.peer(asker)))
            TestPort.await("all streams to end", () -> streams(peer) == 0);
    }

    private static int streams(Peer peer) {
        try {
            return StreamTable.size(peer);
        } catch (ReflectiveOperationException changed) {
            throw new IllegalStateException(changed);
        }
    }

    @Test
    void answerComesThroughWhole() throws Exception {
        serve(MockEngine.echo());

        for (int i = 0; i < 50; i++) {
            var response = Wire.once(port.port(), Wire.post(CHAT, "{\"model\":\"m\"}"));
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.body()).isEqualTo("{\"path\":\"" + CHAT + "\",\"bytes\":13}");
        }

        Served asked = atAsker.take();
        Served answered = atHost.take();
        assertThat(answered.requestId()).isEqualTo(asked.requestId());
        assertThat(answered.asker()).isEqualTo(asker.key.id().hex());
        assertThat(engine.calls.getFirst().head()).contains("Bearer key");
        awaitNoStreams();
    }

    @Test
    void eventsArriveOneByOne() throws Exception {
        var next = new Semaphore(0);
        serve(new MockEngine(call -> {
            call.startEvents();
            for (int i = 0; i < 3; i++) {
                next.acquire();
                call.event("e" + i);
            }
            call.endEvents();
        }));
        try (var wire = new Wire(port.port())) {
            wire.send(Wire.post(CHAT, "{}"));
            next.release();
            wire.skipHead();

            for (int i = 0; i < 3; i++) {
                assertThat(wire.line()).isEqualTo("a");
                assertThat(wire.line()).isEqualTo("data: e" + i);
                assertThat(wire.line()).isEmpty();
                assertThat(wire.line()).isEmpty();
                next.release();
            }
        }
    }

    @Test
    void smallWritesAreNotDelayedOnTheirWayThroughAPeer() throws Exception {
        serve(SmallWrites.engine());

        assertThat(SmallWrites.arePrompt(port.port())).isTrue();
    }

    @Test
    void clientThatLeavesCancelsAtTheEngineBehindThePeer() throws Exception {
        serve(new MockEngine(call -> {
            call.startEvents();
            while (!call.socket().isClosed()) {
                call.event("tick");
                Thread.sleep(1);
            }
        }));
        for (int i = 1; i <= 10; i++) {
            try (var wire = new Wire(port.port())) {
                wire.send(Wire.post(CHAT, "{}"));
                assertThat(wire.line()).contains("200");
            }
            int cancels = i;
            TestPort.await("cancel " + i, () -> engine.cutByClient.get() == cancels);
        }
        awaitNoStreams();
    }

    @Test
    void clientThatLeavesBeforeTheAnswerCancelsAtTheEngineBehindThePeer() throws Exception {
        var asked = new Semaphore(0);
        serve(new MockEngine(call -> {
            asked.release();
            if (call.socket().getInputStream().read() < 0) throw new IOException("client left");
        }));
        try (var wire = new Wire(port.port())) {
            wire.send(Wire.post(CHAT, "{}"));
            assertThat(asked.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
        }

        TestPort.await("cancel", () -> engine.cutByClient.get() == 1);
        awaitNoStreams();
    }

    @Test
    void engineThatDiesMidStreamEndsTheStreamWithOneErrorEventAndNoProperEnd() throws Exception {
        serve(new MockEngine(call -> {
            call.startEvents();
            call.event("one");
            Thread.sleep(50);
            throw new InterruptedException("dies");
        }));

        var response = Wire.once(port.port(), Wire.post(CHAT, "{}"));

        assertThat(response.isCut()).isTrue();
        assertThat(response.body()).startsWith("data: one\n\ndata: {\"error\":{\"message\":");
        assertThat(response.body()).containsOnlyOnce("engine_died");
        assertThat(atAsker.take().ending()).isEqualTo(Served.Ending.CUT);
        awaitNoStreams();
    }

    @Test
    void peerThatGoesAwayFailsItsRequestsAtOnce() throws Exception {
        var asked = new Semaphore(0);
        serve(new MockEngine(call -> {
            asked.release();
            Thread.sleep(60_000);
        }));
        try (var wire = new Wire(port.port())) {
            wire.send(Wire.post(CHAT, "{}"));
            assertThat(asked.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
            asker.peer(host).drop("lost");

            assertThat(wire.response().status()).isEqualTo(502);
        }
    }

    @Test
    void bodyOfTwentyFourMegabytesGoesThroughTheDiskOnBothSides() throws Exception {
        serve(MockEngine.echo());
        String body = "{\"messages\":[{\"content\":\"" + "A".repeat(24 << 20) + "\"}],\"model\":\"last\"}";

        var response = Wire.once(port.port(), Wire.post(CHAT, body));

        assertThat(response.status()).isEqualTo(200);
        assertThat(engine.calls.getFirst().body().equals(body)).isTrue();
        awaitNoStreams();
    }

    @Test
    void longAnswerToASlowReaderLosesNothing() throws Exception {
        int events = 8_000;
        String data = "x".repeat(1_000);
        serve(new MockEngine(call -> {
            call.startEvents();
            for (int i = 0; i < events; i++) call.event(i + " " + data);
            call.endEvents();
        }));
        try (var wire = new Wire(port.port())) {
            wire.send(Wire.post(CHAT, "{}"));
            assertThat(wire.line()).contains("200");
            java.util.concurrent.locks.LockSupport.parkNanos(500_000_000);
            wire.skipHead();
        }
        var response = Wire.once(port.port(), Wire.post(CHAT, "{}"));

        assertThat(response.isCut()).isFalse();
        assertThat(response.body()).contains("data: " + (events - 1) + " ").endsWith("data: [DONE]\n\n");
        awaitNoStreams();
    }

    @Test
    void readersThatStandStillDoNotStopOthersOnTheSameConnection() throws Exception {
        int still = 6;
        String data = "x".repeat(8_000);
        serve(
                new MockEngine(call -> {
                    if (call.body().contains("short")) {
                        call.answer("application/json", "{}");
                        return;
                    }
                    call.startEvents();
                    while (!call.socket().isClosed()) call.event(data);
                }),
                still + 1);
        var readers = new ArrayList<Wire>();
        try {
            for (int i = 0; i < still; i++) {
                readers.add(new Wire(port.port()));
                readers.getLast().send(Wire.post(CHAT, "{}"));
            }
            TestPort.awaitStandstill(engine.written);

            for (int i = 0; i < 10; i++)
                assertThat(Wire.once(port.port(), Wire.post(CHAT, "{\"short\":1}"))
                                .status())
                        .isEqualTo(200);
            // What the sockets on both sides hold is the kernel's affair; between them lies a window for each.
            assertThat(engine.written.get()).isLessThan(still * (24L << 20));
        } finally {
            for (Wire reader : readers) reader.close();
        }
        TestPort.await("readers that vanish to be noticed", () -> engine.cutByClient.get() == still);
        awaitNoStreams();
    }

    @Test
    void peerThatAnswersPastItsWindowIsHeardNoFurther() throws Exception {
        serve(MockEngine.echo());
        host.endpoint.takes(
                StreamType.HTTP,
                (peer, stream) -> stream.pipeline()
                        .addLast(new PeerStream(stream, false), new ChannelInboundHandlerAdapter() {
                            @Override
                            @SuppressWarnings("FutureReturnValueIgnored")
                            public void channelRead(ChannelHandlerContext ctx, Object read) {
                                ReferenceCountUtil.release(read);
                                String answer =
                                        "HTTP/1.1 200 OK\r\ncontent-length: 2000000\r\n\r\n" + "x".repeat(2_000_000);
                                ctx.pipeline().remove(this);
                                ctx.channel().writeAndFlush(Unpooled.copiedBuffer(answer, StandardCharsets.US_ASCII));
                            }
                        }));

        var response = Wire.once(port.port(), Wire.post(CHAT, "{}"));

        assertThat(response.isCut()).isTrue();
        assertThat(response.body()).hasSizeLessThanOrEqualTo(PeerStream.WINDOW_BYTES);
        assertThat(atAsker.take().ending()).isEqualTo(Served.Ending.CUT);
    }

    @Test
    void requestThatWaitsAtThePeerIsToldItsPlaceAndAnsweredInTurn() throws Exception {
        var go = new Semaphore(0);
        serve(
                new MockEngine(call -> {
                    go.acquire();
                    call.answer("application/json", "{}");
                }),
                1);
        try (var first = new Wire(port.port());
                var second = new Wire(port.port())) {
            first.send(Wire.post(CHAT, "{}"));
            TestPort.await("the first to be at the engine", () -> engine.calls.size() == 1);
            second.send(Wire.post(CHAT, "{}"));
            java.util.concurrent.locks.LockSupport.parkNanos(50_000_000);
            assertThat(engine.calls).hasSize(1);
            go.release(2);

            assertThat(first.response().status()).isEqualTo(200);
            var answer = second.response();
            assertThat(answer.status()).isEqualTo(200);
            assertThat(Long.parseLong(answer.header(Turnstile.QUEUED_HEADER))).isPositive();
        }
    }
}
