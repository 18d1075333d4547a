package mesh.daemon.edge;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import mesh.core.openai.Usage;
import mesh.core.route.Routes.Ending;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** One request, several hosts: who is asked next, and until when. */
@ExtendWith(LeakWatch.class)
class FailoverTest {
    private static final String CHAT = TestPort.CHAT;

    private static TestPort before(TestCourse course) throws Exception {
        return new TestPort(new RouteTable().forward(CHAT, (exchange, peek) -> new Action.Choice.To(course, CHAT)));
    }

    @Test
    void hostsThatFailBeforeTheirAnswerAreReplaced() throws Exception {
        var gone = MockEngine.echo();
        gone.close();
        try (var dying = new MockEngine(call -> {
                    throw new InterruptedException("dies");
                });
                var loading = new MockEngine(
                        call -> call.raw("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}"));
                var well = MockEngine.echo()) {
            var course =
                    new TestCourse(List.of(gone.upstream(), dying.upstream(), loading.upstream(), well.upstream()));
            try (var port = before(course)) {
                var response = Wire.once(port.port(), Wire.post(CHAT, "{\"a\":1}"));

                assertThat(response.status()).isEqualTo(200);
                assertThat(response.body()).contains("\"bytes\":7");
                assertThat(response.header("x-mesh-node"))
                        .isEqualTo(well.upstream().toString());
                ServeRecord record = port.nextServed().record().orElseThrow();
                assertThat(record.attempts())
                        .extracting(ServeRecord.Attempt::outcome)
                        .containsExactly("unreachable", "died", "refused_503", "answered");
                assertThat(course.endings)
                        .containsExactly(Ending.HOST_FAILED, Ending.HOST_FAILED, Ending.NEUTRAL, Ending.DONE);
            }
        }
    }

    @Test
    void hostThatDiesAfterItsFirstByteIsNotReplaced() throws Exception {
        try (var dying = new MockEngine(call -> {
                    call.startEvents();
                    call.event("one");
                    throw new InterruptedException("dies");
                });
                var well = MockEngine.echo();
                var port = before(new TestCourse(List.of(dying.upstream(), well.upstream())))) {
            var response = Wire.once(port.port(), Wire.post(CHAT, "{}"));

            assertThat(response.isCut()).isTrue();
            assertThat(response.body()).contains("data: one", "engine_died");
            assertThat(well.calls).isEmpty();
        }
    }

    @Test
    void silentHostGetsCompanyAndTheSlowerOneIsCancelled() throws Exception {
        try (var silent = new MockEngine(call -> {
                    if (call.socket().getInputStream().read() < 0) throw new java.io.IOException("cancelled");
                });
                var well = MockEngine.echo()) {
            var course = new TestCourse(List.of(silent.upstream(), well.upstream()));
            course.patienceMillis = 50;
            try (var port = before(course)) {
                var response = Wire.once(port.port(), Wire.post(CHAT, "{}"));

                assertThat(response.status()).isEqualTo(200);
                assertThat(response.header("x-mesh-node"))
                        .isEqualTo(well.upstream().toString());
                TestPort.await("the silent one to be cancelled", () -> silent.cutByClient.get() == 1);
                assertThat(course.endings).containsExactly(Ending.NEUTRAL, Ending.DONE);
            }
        }
    }

    @Test
    void requestWhoseLastHostDiedWaitsForTheNextAndIsSentWhole() throws Exception {
        try (var dying = new MockEngine(call -> {
                    throw new InterruptedException("dies");
                });
                var next = MockEngine.echo()) {
            var course = new TestCourse(List.of(dying.upstream()));
            course.waitMillis = 20_000;
            try (var port = before(course);
                    var wire = new Wire(port.port())) {
                wire.send(Wire.post(CHAT, "{\"a\":1}"));
                TestPort.await("the request to wait", () -> course.seatsTaken.get() == 1);
                course.arrives(next.upstream());
                var response = wire.response();

                assertThat(response.status()).isEqualTo(200);
                assertThat(response.body()).contains("\"bytes\":7");
                assertThat(response.header("x-mesh-waited-ms")).matches("[0-9]+");
                ServeRecord record = port.nextServed().record().orElseThrow();
                assertThat(record.attempts())
                        .extracting(ServeRecord.Attempt::outcome)
                        .containsExactly("died", "answered");
                assertThat(record.waits()).extracting(ServeRecord.Wait::why).containsExactly("host-lost");
                assertThat(course.seatsLeft).hasValue(1);
            }
        }
    }

    @Test
    void requestThatWaitedInVainIsToldWhyThereIsNoHost() throws Exception {
        var course = new TestCourse(List.of());
        course.waitMillis = 10;
        try (var port = before(course)) {
            var response = Wire.once(port.port(), Wire.post(CHAT, "{}"));

            assertThat(response.status()).isEqualTo(503);
            assertThat(response.body()).contains("\"code\":\"host_lost\"");
            assertThat(response.header("x-mesh-why")).isEqualTo("host-lost");
            assertThat(course.seatsLeft).hasValue(1);
        }
    }

    @Test
    void callerThatLeavesWhileItsRequestWaitsGivesUpItsSeat() throws Exception {
        var course = new TestCourse(List.of());
        course.waitMillis = 20_000;
        try (var port = before(course)) {
            try (var wire = new Wire(port.port())) {
                wire.send(Wire.post(CHAT, "{}"));
                TestPort.await("the request to wait", () -> course.seatsTaken.get() == 1);
            }

            Served served = port.nextServed();
            assertThat(served.ending()).isEqualTo(Served.Ending.CLIENT_GONE);
            assertThat(served.record().orElseThrow().waits()).hasSize(1);
            assertThat(course.seatsLeft).hasValue(1);
        }
    }

    @Test
    void requestsBeyondTheRoomAreRefusedAsTooMany() throws Exception {
        var course = new TestCourse(List.of());
        course.waitMillis = 20_000;
        course.isRoomFull = true;
        try (var port = before(course)) {
            var response = Wire.once(port.port(), Wire.post(CHAT, "{}"));

            assertThat(response.status()).isEqualTo(429);
            assertThat(response.header("retry-after")).isEqualTo("1");
        }
    }

    @Test
    void countsOfAnAnswerAreReadAsItPasses() throws Exception {
        try (var engine = new MockEngine(call -> {
                    call.startEvents();
                    call.event("{\"choices\":[{\"delta\":{\"content\":\"\\\"usage\\\":{\"}}]}");
                    call.event("{\"choices\":[],\"timings\":{\"cache_n\":3,\"prompt_n\":4,\"predicted_n\":26,"
                            + "\"predicted_ms\":2080}}");
                    call.endEvents();
                });
                var port = TestPort.before(engine)) {
            Wire.once(port.port(), Wire.post(CHAT, "{\"stream\":true}"));

            var usage = port.nextServed().record().orElseThrow().usage();
            assertThat(usage).isEqualTo(new Usage(7, 3, 26, 0, 2080));
            assertThat(usage.milliTokensPerSecond()).isEqualTo(12_500);
        }
    }
}
