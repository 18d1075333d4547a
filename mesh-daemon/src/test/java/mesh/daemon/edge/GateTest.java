package mesh.daemon.edge;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GateTest {
    private static final Target ROOT = Target.of("/");

    private final Gate gate = new Gate(List.of("Lab.example"), List.of("https://chat.example"));

    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost",
                "LOCALHOST:9337",
                "mesh.localhost",
                "127.0.0.1",
                "127.255.0.9:1",
                "[::1]",
                "[::1]:9337",
                "lab.EXAMPLE:80"
            })
    void ownNamesAreAnswered(String host) {
        assertThat(statusFor("host", host)).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "evil.example",
                "127.0.0.1.evil.example",
                "localhost.evil.example",
                "127.0.0.256",
                "128.0.0.1",
                "xlocalhost",
                "lab.example.evil",
                "127.1"
            })
    void foreignNamesAreNot(String host) {
        assertThat(statusFor("host", host)).isEqualTo(421);
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://localhost:3131", "https://127.0.0.1", "http://[::1]:5173", "https://chat.example"})
    void pagesOfThisMachineAndConfiguredOnesMayCall(String origin) {
        assertThat(statusFor("host", "localhost", "origin", origin)).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "https://evil.example",
                "http://chat.example",
                "https://chat.example.evil",
                "https://127.0.0.1.evil.example",
                "file://localhost",
                "localhost"
            })
    void otherPagesMayNot(String origin) {
        assertThat(statusFor("host", "localhost", "origin", origin)).isEqualTo(403);
    }

    @Test
    void twoHostsOrNoneAreMalformed() {
        assertThat(statusFor("host", "localhost", "host", "localhost")).isEqualTo(400);
        assertThat(statusFor()).isEqualTo(400);
    }

    @Test
    void changesNeedTheHeaderThatNoForeignPageCanSend() {
        var bare = request("host", "localhost");
        var meant = request("host", "localhost", Gate.INTENT_HEADER, "1");

        assertThat(gate.admit(bare, ROOT, true)).isInstanceOf(Gate.Verdict.Refused.class);
        assertThat(gate.admit(bare, ROOT, false)).isInstanceOf(Gate.Verdict.Admitted.class);
        assertThat(gate.admit(meant, ROOT, true)).isInstanceOf(Gate.Verdict.Admitted.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://localhost:8080", "http://127.0.0.1:3131", "https://chat.example", "null"})
    void onlyItsOwnPageMaySeeOrChangeTheNode(String origin) {
        var theirs = request("host", "localhost:3131", "origin", origin, Gate.INTENT_HEADER, "1");
        var ours = request("host", "localhost:3131", "origin", "http://localhost:3131", Gate.INTENT_HEADER, "1");

        for (boolean changes : new boolean[] {true, false}) {
            var target = Target.of("/mesh/v1/models");
            assertThat(gate.admit(theirs, target, changes)).isInstanceOf(Gate.Verdict.Refused.class);
            assertThat(gate.admit(ours, target, changes)).isInstanceOf(Gate.Verdict.Admitted.class);
        }
        assertThat(gate.admit(theirs, ROOT, true)).isInstanceOf(Gate.Verdict.Refused.class);
    }

    private int statusFor(String... headers) {
        return switch (gate.admit(request(headers), ROOT, false)) {
            case Gate.Verdict.Admitted() -> 0;
            case Gate.Verdict.Refused(var error) -> error.status();
        };
    }

    private static DefaultHttpRequest request(String... headers) {
        var request = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/");
        for (int i = 0; i < headers.length; i += 2) request.headers().add(headers[i], headers[i + 1]);
        return request;
    }
}
