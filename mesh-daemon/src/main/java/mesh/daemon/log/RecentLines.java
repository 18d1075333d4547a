package mesh.daemon.log;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.event.Level;

/**
 * The last events of the log, numbered from 1, for the console: what is older makes room and is in the file. Written by
 * whoever logs, read on any thread; the appender's lock guards the list for a moment. The text of an invite is left out:
 * here it would only end up in pictures of screens.
 */
public final class RecentLines extends AppenderBase<ILoggingEvent> {
    public static final int LINES_MAX = 1_000;

    private static final String SECRET = "token";

    private final ArrayDeque<Line> lines = new ArrayDeque<>();
    private long last;

    /** One event; {@code json} is an object with {@code number}, {@code atMillis}, {@code level}, {@code event}, keys. */
    public record Line(long number, Level level, String json) {}

    @Override
    protected synchronized void append(ILoggingEvent event) {
        last++;
        var level = Level.valueOf(event.getLevel().toString());
        lines.addLast(new Line(last, level, LineEncoder.numbered(last, event, SECRET)));
        if (lines.size() > LINES_MAX) lines.removeFirst();
    }

    /** The number of the newest line; 0 before the first. */
    public synchronized long last() {
        return last;
    }

    /** Oldest first. */
    public synchronized List<Line> after(long number) {
        if (number >= last) return List.of();
        var later = new ArrayList<Line>();
        for (Line line : lines) if (line.number() > number) later.add(line);
        return later;
    }
}
