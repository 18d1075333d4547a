package mesh.daemon.edge;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.netty.util.ResourceLeakDetector;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/**
 * Stands by at every test class of the module, by way of JUnit's own discovery, and fails it when a leaked buffer has
 * been reported: its own, or one of a class before it that was not collected in time. {@link LeakWatch} tells which.
 */
public final class LeakReports implements BeforeAllCallback, AfterAllCallback {
    static final String PLANTED = "planted-";

    private static final List<String> REPORTS = new CopyOnWriteArrayList<>();

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
    }

    @Override
    public void afterAll(ExtensionContext context) {
        assertNone();
    }

    static boolean has(String hint) {
        return REPORTS.stream().anyMatch(report -> report.contains(hint));
    }

    static void assertNone() {
        assertThat(REPORTS).as("leak reports").allMatch(report -> report.contains(PLANTED));
    }
}
