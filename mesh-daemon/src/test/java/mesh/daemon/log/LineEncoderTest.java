package mesh.daemon.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.slf4j.event.KeyValuePair;

class LineEncoderTest {
    @Test
    void prettyIsKeysAndWords() {
        assertThat(line(LogFormat.PRETTY, "peer.joined", "peer", "7f3a", "rttMillis", 12))
                .isEqualTo("time=1970-01-01T00:00:00Z level=info event=peer.joined peer=7f3a rttMillis=12\n");
    }

    @Test
    void jsonKeepsTypes() {
        assertThat(line(LogFormat.JSON, "model.ready", "port", 80, "workers", List.of(), "tensorSplit", List.of(3, 1)))
                .isEqualTo("{\"time\":\"1970-01-01T00:00:00Z\",\"level\":\"info\",\"event\":\"model.ready\","
                        + "\"port\":80,\"workers\":[],\"tensorSplit\":[3,1]}\n");
    }

    @Test
    void noValueCanForgeALine() {
        String forged = "x\ntime=0 event=node.ready \"quoted\" \u001b[31m";

        for (LogFormat format : LogFormat.values())
            assertThat(line(format, "peer.joined", "name", forged))
                    .containsOnlyOnce("\n")
                    .doesNotContain("\u001b");
    }

    private static String line(LogFormat format, String event, Object... pairs) {
        var said = new LoggingEvent();
        said.setLoggerContext(new LoggerContext());
        said.setLevel(Level.INFO);
        said.setMessage(event);
        said.setTimeStamp(0);
        for (int i = 0; i < pairs.length; i += 2)
            said.addKeyValuePair(new KeyValuePair((String) pairs[i], pairs[i + 1]));
        return new String(new LineEncoder(format).encode(said), StandardCharsets.UTF_8);
    }
}
