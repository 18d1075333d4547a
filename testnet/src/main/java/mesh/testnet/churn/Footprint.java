package mesh.testnet.churn;

import com.sun.management.UnixOperatingSystemMXBean;
import io.netty.util.internal.PlatformDependent;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * What this process holds at one moment, after collection. Immutable.
 *
 * @param directKib buffers outside the heap, the JVM's own and Netty's
 * @param nativeKib what native code holds, QUIC's connections among it
 * @param residentKib everything, as the kernel counts it
 */
record Footprint(long heapKib, long directKib, long nativeKib, long residentKib, long files, int threads) {
    /**
     * Weak references and cleaners let go in the collection after the one that found them, and the serial collector
     * leaves gaps in all but every fourth.
     */
    private static final int COLLECTIONS = 5;

    static Footprint now() throws IOException {
        for (int i = 0; i < COLLECTIONS; i++) System.gc();
        var memory = ManagementFactory.getMemoryMXBean();
        long direct = Math.max(0, PlatformDependent.usedDirectMemory());
        for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class))
            direct += pool.getMemoryUsed();
        var system = ManagementFactory.getPlatformMXBean(UnixOperatingSystemMXBean.class);
        return new Footprint(
                memory.getHeapMemoryUsage().getUsed() >> 10,
                direct >> 10,
                Malloc.bytesInUse() >> 10,
                resident(),
                system.getOpenFileDescriptorCount(),
                ManagementFactory.getThreadMXBean().getThreadCount());
    }

    private static long resident() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status")))
            if (line.startsWith("VmRSS")) return Long.parseLong(line.replaceAll("\\D", ""));
        throw new IOException("no VmRSS in the process's status");
    }

    String row(long lives, long seconds) {
        return String.format(
                Locale.ROOT,
                "| %d | %d | %.1f | %.1f | %.1f | %.0f | %d | %d |",
                lives,
                seconds,
                heapKib / 1_024.0,
                directKib / 1_024.0,
                nativeKib / 1_024.0,
                residentKib / 1_024.0,
                files,
                threads);
    }
}
