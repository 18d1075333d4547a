package mesh.daemon.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.filter.ThresholdFilter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.joran.spi.ConsoleTarget;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.util.FileSize;
import java.nio.file.Path;
import org.slf4j.LoggerFactory;

/**
 * Where events go, set up once at the start and in code, because reading a logging framework's own file would cost more
 * than the rest of the start. Pretty lines go to standard error, JSON lines to standard output; a file takes both kinds.
 */
public final class LogOutput {
    /** A week of an idle node; a busy one at debug level fills the window in hours, which is what debug is for. */
    private static final FileSize FILE_BYTES_MAX = FileSize.valueOf("8MB");

    private static final int FILES_MAX = 4;

    private LogOutput() {}

    /** What one-shot commands want, and everybody until {@link #open}. */
    static void warningsOnly(LoggerContext context) {
        root(context, Level.WARN).addAppender(console(context, LogFormat.PRETTY));
    }

    /**
     * Answers with what keeps the last lines, whatever becomes of the file.
     *
     * @param isWatched whether a person at a terminal is told of the start in other words, so that only warnings belong
     *     there, unless more than the usual was asked for
     */
    public static RecentLines open(LogFormat format, LogLevel level, Path folder, boolean isWatched) {
        LoggerContext context = reset();
        Logger root = root(context, Level.toLevel(level.name()));
        OutputStreamAppender<ILoggingEvent> console = console(context, format);
        if (isWatched && level != LogLevel.DEBUG) console.addFilter(warnings());
        root.addAppender(console);
        root.addAppender(file(context, format, folder.resolve("mesh.log")));
        var recent = new RecentLines();
        recent.setContext(context);
        recent.start();
        root.addAppender(recent);
        return recent;
    }

    /** Writes out what is buffered; the last call of a process. */
    public static void close() {
        context().stop();
    }

    private static LoggerContext context() {
        return (LoggerContext) LoggerFactory.getILoggerFactory();
    }

    private static LoggerContext reset() {
        LoggerContext context = context();
        context.reset();
        // Netty says at debug level what it found on the machine; that is its business, not an event of ours.
        context.getLogger("io.netty").setLevel(Level.WARN);
        return context;
    }

    private static Logger root(LoggerContext context, Level level) {
        Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.setLevel(level);
        return root;
    }

    private static OutputStreamAppender<ILoggingEvent> console(LoggerContext context, LogFormat format) {
        var appender = new ConsoleAppender<ILoggingEvent>();
        ConsoleTarget target = format == LogFormat.JSON ? ConsoleTarget.SystemOut : ConsoleTarget.SystemErr;
        appender.setTarget(target.getName());
        return started(appender, context, format);
    }

    private static ThresholdFilter warnings() {
        var filter = new ThresholdFilter();
        filter.setLevel(Level.WARN.levelStr);
        filter.start();
        return filter;
    }

    private static OutputStreamAppender<ILoggingEvent> file(LoggerContext context, LogFormat format, Path file) {
        var appender = new RollingFileAppender<ILoggingEvent>();
        appender.setFile(file.toString());
        var rolling = new FixedWindowRollingPolicy();
        rolling.setContext(context);
        rolling.setParent(appender);
        rolling.setFileNamePattern(file + ".%i");
        rolling.setMinIndex(1);
        rolling.setMaxIndex(FILES_MAX);
        rolling.start();
        var trigger = new SizeBasedTriggeringPolicy<ILoggingEvent>();
        trigger.setContext(context);
        trigger.setMaxFileSize(FILE_BYTES_MAX);
        trigger.start();
        appender.setRollingPolicy(rolling);
        appender.setTriggeringPolicy(trigger);
        return started(appender, context, format);
    }

    private static OutputStreamAppender<ILoggingEvent> started(
            OutputStreamAppender<ILoggingEvent> appender, LoggerContext context, LogFormat format) {
        var encoder = new LineEncoder(format);
        encoder.setContext(context);
        encoder.start();
        appender.setContext(context);
        appender.setEncoder(encoder);
        appender.start();
        return appender;
    }
}
