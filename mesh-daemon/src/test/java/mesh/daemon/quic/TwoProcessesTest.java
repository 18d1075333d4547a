package mesh.daemon.quic;

import static mesh.daemon.quic.TestNode.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import mesh.core.id.Invite;
import mesh.core.id.Role;
import mesh.core.wire.StreamType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two JVMs, because one process shares too much with itself: pools, file numbers, the fate of a kill. */
@Timeout(90)
class TwoProcessesTest {
    @TempDir
    private Path folder;

    private Process start(Invite invite) throws IOException {
        var process = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        PeerProcess.class.getName(),
                        folder.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        process.getOutputStream().write((invite.token() + "\n").getBytes(StandardCharsets.US_ASCII));
        process.getOutputStream().flush();
        return process;
    }

    private static String firstLine(Process process) throws IOException {
        return new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII))
                .readLine();
    }

    @Test
    void killedPeerIsNoticedAndComesBackAsTheMemberItWas() throws Exception {
        try (var founder = new TestNode(TestNode.loopback().withTimes(200, 1_500, 5_000)).found()) {
            var invite = founder.invite(Role.SPLIT);
            Process first = start(invite);
            assertThat(firstLine(first)).isEqualTo("Reached");
            Peer peer = founder.up.poll(10, TimeUnit.SECONDS);
            var hearing = new TestNode.Hearing();
            TestNode.say(peer.open(StreamType.RPC, hearing).sync().getNow(), "across");
            assertThat(hearing.heard.poll(10, TimeUnit.SECONDS)).isEqualTo("across");

            first.destroyForcibly().waitFor();

            assertThat(founder.down.poll(10, TimeUnit.SECONDS)).isEqualTo("timed_out");
            Process second = start(invite);
            assertThat(firstLine(second)).isEqualTo("Reached");
            eventually(() -> founder.endpoint.peer(peer.id()).isPresent());
            second.getOutputStream().close();
            assertThat(founder.down.poll(10, TimeUnit.SECONDS)).isEqualTo("shutdown");
            assertThat(second.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
    }
}
