package mesh.daemon.edge;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/**
 * Fails a test class that leaked a buffer. Netty reports leaks to its log when it next allocates after a collection; one
 * buffer leaked here on purpose shows when that has happened, and that reports arrive at all.
 */
public final class LeakWatch implements BeforeAllCallback, AfterAllCallback {
    private static final String PLANTED = "planted-";
    private static final long REPORT_MILLIS_MAX = 20_000;
    private static final List<String> REPORTS = new CopyOnWriteArrayList<>();

    private static int planted;

    static {
        var appender = new AppenderBase<ILoggingEvent>() {
            @Override
            protected void append(ILoggingEvent event) {
                if (event.getLevel() == Level.ERROR) REPORTS.add(event.getFormattedMessage());
            }
        };
        appender.start();
        var logger = (Logger) LoggerFactory.getLogger(ResourceLeakDetector.class);
        logger.setAdditive(false);
        logger.addAppender(appender);
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        assertThat(ResourceLeakDetector.getLevel()).isEqualTo(ResourceLeakDetector.Level.PARANOID);
        REPORTS.clear();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        String own = PLANTED + ++planted;
        plant(own);
        long deadline = System.currentTimeMillis() + REPORT_MILLIS_MAX;
        while (REPORTS.stream().noneMatch(report -> report.contains(own)) && System.currentTimeMillis() < deadline) {
            System.gc();
            ByteBufAllocator.DEFAULT.directBuffer(16).release();
        }

        assertThat(REPORTS).as("leak reports").anyMatch(report -> report.contains(own));
        assertThat(REPORTS).as("leak reports").allMatch(report -> report.contains(PLANTED));
    }

    private static void plant(String hint) {
        ByteBuf forgotten = ByteBufAllocator.DEFAULT.directBuffer(16);
        forgotten.touch(hint);
    }
}
