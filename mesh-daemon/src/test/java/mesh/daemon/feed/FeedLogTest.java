package mesh.daemon.feed;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import mesh.daemon.log.RecentLines;
import org.junit.jupiter.api.Test;
import org.slf4j.event.KeyValuePair;

class FeedLogTest {
    private final RecentLines lines = new RecentLines();

    @Test
    void lastLinesAreKeptAndNumbered() {
        lines.start();
        for (int i = 1; i <= RecentLines.LINES_MAX + 5; i++) lines.doAppend(event("thing.happened", "count", i));

        assertThat(lines.last()).isEqualTo(RecentLines.LINES_MAX + 5);
        assertThat(lines.after(0)).hasSize(RecentLines.LINES_MAX);
        assertThat(lines.after(0).getFirst().number()).isEqualTo(6);
        assertThat(lines.after(lines.last() - 1).getFirst().json())
                .contains("\"event\":\"thing.happened\"")
                .contains("\"level\":\"info\"")
                .contains("\"count\":1005");
        assertThat(lines.after(lines.last())).isEmpty();
    }

    @Test
    void textOfAnInviteIsNotKept() {
        lines.start();

        lines.doAppend(event("invite.created", "token", "mesh1.secret"));

        assertThat(lines.after(0).getFirst().json()).doesNotContain("mesh1.secret");
    }

    private static LoggingEvent event(String name, String key, Object value) {
        var context = new LoggerContext();
        var event = new LoggingEvent("", context.getLogger("test"), Level.INFO, name, null, null);
        event.addKeyValuePair(new KeyValuePair(key, value));
        return event;
    }
}
