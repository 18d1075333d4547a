package mesh.daemon.log;

import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * The one way to log: an event name and key-value pairs, never a sentence. {@code log.info("peer.joined", "peer", id)}
 * becomes {@code event=peer.joined peer=7f3a}. Names are listed in {@code docs/events.md}, and a test compares that list
 * with the source. Usable from any thread.
 */
public final class Log {
    private final org.slf4j.Logger logger;

    private Log(org.slf4j.Logger logger) {
        this.logger = logger;
    }

    public static Log of(Class<?> owner) {
        return new Log(LoggerFactory.getLogger(owner));
    }

    /** A person must act. */
    public void error(String event, @Nullable Object... pairs) {
        write(Level.ERROR, event, pairs);
    }

    /** We coped; somebody should hear if it repeats. */
    public void warn(String event, @Nullable Object... pairs) {
        write(Level.WARN, event, pairs);
    }

    /** A change of state. */
    public void info(String event, @Nullable Object... pairs) {
        write(Level.INFO, event, pairs);
    }

    /** Per request. */
    public void debug(String event, @Nullable Object... pairs) {
        write(Level.DEBUG, event, pairs);
    }

    private void write(Level level, String event, @Nullable Object... pairs) {
        if (!logger.isEnabledForLevel(level)) return;
        LoggingEventBuilder line = logger.atLevel(level).setMessage(event);
        for (int i = 0; i + 1 < pairs.length; i += 2) line = line.addKeyValue(String.valueOf(pairs[i]), pairs[i + 1]);
        if (pairs.length % 2 == 1 && pairs[pairs.length - 1] instanceof Throwable cause) line = line.setCause(cause);
        line.log();
    }
}
