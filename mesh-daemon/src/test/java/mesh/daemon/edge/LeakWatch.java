package mesh.daemon.edge;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test class that leaked a buffer, and not one that comes after it. Netty reports leaks when it next allocates
 * after a collection; one buffer leaked here on purpose shows when that has happened, and that reports arrive at all.
 */
public final class LeakWatch implements AfterAllCallback {
    private static final long REPORT_MILLIS_MAX = 20_000;

    private static int planted;

    @Override
    public void afterAll(ExtensionContext context) {
        String own = LeakReports.PLANTED + ++planted;
        plant(own);
        long deadline = System.currentTimeMillis() + REPORT_MILLIS_MAX;
        while (!LeakReports.has(own) && System.currentTimeMillis() < deadline) {
            System.gc();
            ByteBufAllocator.DEFAULT.directBuffer(16).release();
        }

        assertThat(LeakReports.has(own)).as("a leak is reported").isTrue();
        LeakReports.assertNone();
    }

    private static void plant(String hint) {
        ByteBuf forgotten = ByteBufAllocator.DEFAULT.directBuffer(16);
        forgotten.touch(hint);
    }
}
