package mesh.daemon.feed;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import mesh.daemon.feed.Board.Catching;
import mesh.daemon.log.RecentLines;
import org.junit.jupiter.api.Test;

class FeedTest {
    private final AtomicLong clock = new AtomicLong(1_000_000);
    private final AtomicInteger looks = new AtomicInteger();
    private final Feed feed = new Feed(this::changing, new RecentLines(), "life", clock::get);

    @Test
    void readersOfOneTickShareOneLook() {
        var first = (Catching.Anew) feed.after("");
        var second = (Catching.Anew) feed.after("");

        assertThat(looks).hasValue(1);
        assertThat(second.state()).isEqualTo(first.state());
    }

    @Test
    void whateverChangesInATickIsOneChange() {
        feed.after("");

        for (int i = 0; i < 100; i++) {
            clock.addAndGet(10);
            feed.after("life-1");
        }

        assertThat(looks).hasValue(1 + 1_000 / (int) Feed.TICK_MILLIS);
        assertThat(((Catching.Up) feed.after("life-1")).deltas()).hasSize(4);
    }

    @Test
    void nothingIsLookedAtWhileNobodyReads() {
        clock.addAndGet(3_600_000);

        assertThat(looks).hasValue(0);
        assertThat(feed.state()).contains("\"version\":1").contains("\"self\":1");
    }

    @Test
    void clockThatIsSetBackDoesNotStopTheLooks() {
        feed.after("");
        clock.addAndGet(-3_600_000);

        feed.after("");

        assertThat(looks).hasValue(2);
    }

    private SortedMap<String, Object> changing(long nowMillis) {
        return new TreeMap<>(Map.of("self", looks.incrementAndGet()));
    }
}
