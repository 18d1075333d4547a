package mesh.testnet.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Callers that ask one port the same again and again, each over its own kept connection, and remember how long the first
 * byte and the whole answer took. One caller is the calling thread itself; more are a virtual thread each.
 */
final class BenchCallers implements AutoCloseable {
    private static final OperatingSystemMXBean PROCESS =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    private final List<Caller> callers = new ArrayList<>();
    private final List<Long> wholeNanos = new ArrayList<>();
    private final List<Long> firstNanos = new ArrayList<>();
    private final List<Long> tokenNanos = new ArrayList<>();
    private long ranNanos;
    private long cpuNanos;

    BenchCallers(int port, String body, int count) throws IOException {
        for (int i = 0; i < count; i++) callers.add(new Caller(port, body));
    }

    void run(int millis) throws InterruptedException {
        long cpuStart = PROCESS.getProcessCpuTime();
        long start = System.nanoTime();
        long end = start + millis * 1_000_000L;
        if (callers.size() == 1) {
            callers.getFirst().askUntil(end);
        } else {
            List<Thread> threads = new ArrayList<>();
            for (Caller caller : callers)
                threads.add(Thread.ofVirtual().name("caller").start(() -> caller.askUntil(end)));
            for (Thread thread : threads) thread.join();
        }
        ranNanos += System.nanoTime() - start;
        cpuNanos += PROCESS.getProcessCpuTime() - cpuStart;
        for (Caller caller : callers) caller.moveTo(wholeNanos, firstNanos, tokenNanos);
    }

    void forget() {
        wholeNanos.clear();
        firstNanos.clear();
        tokenNanos.clear();
        ranNanos = 0;
        cpuNanos = 0;
    }

    long wholeMicros(int percentile) {
        return at(wholeNanos, percentile);
    }

    long firstMicros(int percentile) {
        return at(firstNanos, percentile);
    }

    /** Whether the engine wrote down when it wrote each token. */
    boolean hasTokens() {
        return !tokenNanos.isEmpty();
    }

    /** From the engine's write to the caller's read. */
    long tokenMicros(int percentile) {
        return at(tokenNanos, percentile);
    }

    long perSecond() {
        return wholeNanos.size() * 1_000_000_000L / ranNanos;
    }

    /** What this process spent per request: on callers, edge and engine together, whatever else the machine does. */
    long cpuMicros() {
        return cpuNanos / 1_000 / Math.max(1, wholeNanos.size());
    }

    @Override
    public void close() throws IOException {
        for (Caller caller : callers) caller.socket.close();
    }

    private static long at(List<Long> nanos, int percentile) {
        long[] sorted = nanos.stream().mapToLong(Long::longValue).toArray();
        Arrays.sort(sorted);
        return sorted[Math.min(sorted.length - 1, sorted.length * percentile / 100)] / 1_000;
    }

    private static final class Caller {
        private static final byte[] MARK = BenchEngine.STAMP.getBytes(StandardCharsets.US_ASCII);

        private final int port;
        private final byte[] request;
        private final byte[] buffer = new byte[1 << 16];
        private final List<Long> whole = new ArrayList<>();
        private final List<Long> first = new ArrayList<>();
        private final List<Long> tokens = new ArrayList<>();
        private Socket socket;

        Caller(int port, String body) throws IOException {
            this.port = port;
            this.socket = connected();
            request = ("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + EdgeBench.KEY
                            + "\r\nContent-Type: application/json\r\nContent-Length: " + body.length() + "\r\n\r\n"
                            + body)
                    .getBytes(StandardCharsets.UTF_8);
        }

        private Socket connected() throws IOException {
            var fresh = new Socket(InetAddress.getLoopbackAddress(), port);
            fresh.setTcpNoDelay(true);
            return fresh;
        }

        void askUntil(long endNanos) {
            try {
                while (System.nanoTime() < endNanos) ask();
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }

        void moveTo(List<Long> allWhole, List<Long> allFirst, List<Long> allTokens) {
            allWhole.addAll(whole);
            allFirst.addAll(first);
            allTokens.addAll(tokens);
            whole.clear();
            first.clear();
            tokens.clear();
        }

        /** Reads until the framing ends: by length, or by the last chunk, which no JSON text can imitate. */
        private void ask() throws IOException {
            long start = System.nanoTime();
            InputStream in = socket.getInputStream();
            socket.getOutputStream().write(request);
            int length = in.read(buffer);
            if (length < 0) {
                // A real server ends a kept connection after so many requests; that turn does not count.
                socket.close();
                socket = connected();
                return;
            }
            first.add(System.nanoTime() - start);
            int looked = stamps(0, length);
            while (!isWhole(length)) {
                int more = in.read(buffer, length, buffer.length - length);
                if (more < 0)
                    throw new IOException("cut answer: " + new String(buffer, 0, length, StandardCharsets.UTF_8));
                length += more;
                looked = stamps(looked, length);
            }
            whole.add(System.nanoTime() - start);
        }

        /** Notes how old the tokens in what has just arrived are; answers from where to look next time. */
        private int stamps(int from, int length) {
            long now = System.nanoTime();
            int at = from;
            for (int i = from; i + MARK.length + BenchEngine.STAMP_DIGITS <= length; i++) {
                if (buffer[i] != MARK[0] || !Arrays.equals(buffer, i, i + MARK.length, MARK, 0, MARK.length)) continue;
                long written = 0;
                at = i + MARK.length + BenchEngine.STAMP_DIGITS;
                for (int digit = i + MARK.length; digit < at; digit++) written = written * 10 + buffer[digit] - '0';
                if (written > 0) tokens.add(now - written);
            }
            return at;
        }

        private boolean isWhole(int length) throws IOException {
            if (length < 16) return false;
            if (buffer[9] != '2') throw new IOException(new String(buffer, 0, length, StandardCharsets.UTF_8));
            if (endsWith(length, "\r\n0\r\n\r\n")) return true;
            String head = new String(buffer, 0, Math.min(length, 1_024), StandardCharsets.ISO_8859_1);
            int end = head.indexOf("\r\n\r\n");
            int field = head.toLowerCase(java.util.Locale.ROOT).indexOf("content-length: ");
            if (end < 0 || field < 0) return false;
            int announced = Integer.parseInt(head.substring(field + 16, head.indexOf("\r\n", field)));
            return length >= end + 4 + announced;
        }

        private boolean endsWith(int length, String text) {
            for (int i = 0; i < text.length(); i++)
                if (buffer[length - text.length() + i] != text.charAt(i)) return false;
            return true;
        }
    }
}
