package mesh.daemon.feed;

import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import mesh.core.openai.ApiError;
import mesh.daemon.edge.Ask;
import mesh.daemon.edge.EventStream;
import mesh.daemon.edge.Exchange;
import mesh.daemon.edge.Refusal;
import mesh.daemon.edge.Reply;
import mesh.daemon.edge.RouteTable;
import mesh.daemon.feed.Board.Catching;
import mesh.daemon.feed.Board.Post;
import mesh.daemon.log.RecentLines;
import mesh.daemon.log.RecentLines.Line;
import org.slf4j.event.Level;

/**
 * The state of this node as one document and as a stream of its changes. Whoever reads first in a tick has a look at the
 * node, all others of that tick read what it found; while nobody reads nothing is looked at. Each reader is a virtual
 * thread of its own, which is held up by a slow client alone; the lock guards the board for the time of a look.
 */
public final class Feed {
    /** Four looks a second: no entity changes more often for its readers, and a person sees no delay. */
    static final long TICK_MILLIS = 250;

    /** A page whose line is silent for longer than two of these says so. */
    static final long BEAT_MILLIS = 5_000;

    /** A minute of ticks that all bring something: longer than a reconnect takes. */
    static final int DELTAS_MAX = 240;

    /** That minute in a mesh of a thousand would be more than a new start costs. */
    static final long CHARS_MAX = 4 << 20;

    /** What a page that asks for the log shows of the past; of a burst, what one tick brings. The rest is in the file. */
    private static final int LINES_MAX = 200;

    private final Source source;
    private final RecentLines lines;
    private final LongSupplier clockMillis;
    private final Board board;
    private long lookedAtMillis = Long.MIN_VALUE;

    /** What there is now, by key; called on readers' threads, one at a time. */
    public interface Source {
        SortedMap<String, Object> entities(long nowMillis);
    }

    /** @param boot tells this life of the node from its others */
    public Feed(Source source, RecentLines lines, String boot, LongSupplier clockMillis) {
        this.source = source;
        this.lines = lines;
        this.clockMillis = clockMillis;
        this.board = new Board(boot, DELTAS_MAX, CHARS_MAX);
    }

    /** Another one for each life of a node. */
    public static String boot() {
        return Long.toString(System.currentTimeMillis(), Character.MAX_RADIX);
    }

    public void addTo(RouteTable routes) {
        routes.waiting("GET", "/mesh/v1/state", ask -> new Reply(200, Exchange.JSON, state()));
        routes.events("/mesh/v1/events", this::stream);
        routes.waiting("GET", "/mesh/v1/logs", this::logged);
    }

    private Reply logged(Ask ask) throws Refusal {
        String said = ask.query("level").orElse("debug");
        Level least = Arrays.stream(Level.values())
                .filter(level -> level.name().equalsIgnoreCase(said))
                .findFirst()
                .orElseThrow(() -> new Refusal(
                        ApiError.invalid(400, "bad_value", "level " + said + ": expected error, warn, info or debug")));
        String after = ask.query("after").orElse("0");
        if (!after.matches("\\d{1,18}"))
            throw new Refusal(ApiError.invalid(400, "bad_value", "after " + after + ": expected a line's number"));
        List<Line> found = lines.after(Long.parseLong(after));
        long last = found.isEmpty() ? lines.last() : found.getLast().number();
        String wanted = found.stream()
                .filter(line -> line.level().toInt() >= least.toInt())
                .map(Line::json)
                .collect(Collectors.joining(","));
        return new Reply(200, Exchange.JSON, "{\"last\":" + last + ",\"lines\":[" + wanted + "]}");
    }

    synchronized String state() {
        look();
        return board.state().data();
    }

    /** What a reader who knows {@code known} has to be told now. */
    synchronized Catching after(String known) {
        look();
        return board.after(known);
    }

    private void look() {
        long now = clockMillis.getAsLong();
        boolean isClockSetBack = now < lookedAtMillis;
        if (lookedAtMillis != Long.MIN_VALUE && !isClockSetBack && now - lookedAtMillis < TICK_MILLIS) return;
        lookedAtMillis = now;
        board.show(source.entities(now), now);
    }

    private void stream(Ask ask, EventStream out) throws InterruptedException {
        boolean wantsLines = ask.query("log").filter("1"::equals).isPresent();
        String known = ask.header("last-event-id").orElse("");
        long told = wantsLines ? lines.last() - LINES_MAX : Long.MAX_VALUE;
        long lastBeatNanos = System.nanoTime();
        while (out.isOpen()) {
            switch (after(known)) {
                case Catching.Up(List<Post> deltas) -> {
                    for (Post delta : deltas) out.send(delta.id(), "delta", delta.data());
                    if (!deltas.isEmpty()) known = deltas.getLast().id();
                }
                case Catching.Anew(Post state) -> {
                    out.send(state.id(), "state", state.data());
                    known = state.id();
                }
            }
            if (wantsLines) told = tell(told, out);
            if (System.nanoTime() - lastBeatNanos >= TimeUnit.MILLISECONDS.toNanos(BEAT_MILLIS)) {
                out.beat();
                lastBeatNanos = System.nanoTime();
            }
            Thread.sleep(TICK_MILLIS);
        }
    }

    /** All of a tick are one write, so that a burst of lines costs a slow reader one place. */
    private long tell(long told, EventStream out) throws InterruptedException {
        List<Line> fresh = lines.after(told);
        if (fresh.isEmpty()) return told;
        int skipped = Math.max(0, fresh.size() - LINES_MAX);
        out.send("log", fresh.stream().skip(skipped).map(Line::json).toList());
        return fresh.getLast().number();
    }
}
