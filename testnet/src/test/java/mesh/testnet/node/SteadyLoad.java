package mesh.testnet.node;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Streamed chats at a steady rate, each over a connection of its own, and what became of each. A request is judged by the
 * wire: whole with {@code [DONE]} and a last chunk, or ended by an error event and no last chunk, or neither.
 */
final class SteadyLoad {
    private static final String BODY = Ask.question("demo-tiny", true);
    private static final int STUCK_MILLIS = 30_000;

    /** What is asked half a second before a kill may still wait for its first byte. */
    private static final long AROUND_NANOS = 500_000_000;

    private final int port;
    private final long gapNanos;
    private final Thread pace = Thread.ofVirtual().name("pace").unstarted(this::run);
    private final List<Thread> asking = Collections.synchronizedList(new ArrayList<>());
    private final List<String> unbegun = Collections.synchronizedList(new ArrayList<>());
    private final List<String> silent = Collections.synchronizedList(new ArrayList<>());
    private final List<Beginning> beginnings = Collections.synchronizedList(new ArrayList<>());
    private final List<Long> kills = Collections.synchronizedList(new ArrayList<>());
    private final AtomicInteger whole = new AtomicInteger();
    private final AtomicInteger told = new AtomicInteger();
    private final AtomicInteger stuck = new AtomicInteger();

    /** Not asked, because too many were under way. */
    private final AtomicInteger heldBack = new AtomicInteger();

    private final Semaphore inFlight;
    private volatile boolean isOver;

    /** A request that began to be answered: when it was sent, and how long the first byte took. */
    private record Beginning(long askedNanos, long firstMillis) {}

    /** {@code inFlightMax}: a machine that cannot keep the rate gets less, rather than a queue that proves nothing. */
    SteadyLoad(String api, int perSecond, int inFlightMax) {
        this.inFlight = new Semaphore(inFlightMax);
        this.port = URI.create(api).getPort();
        this.gapNanos = TimeUnit.SECONDS.toNanos(1) / perSecond;
    }

    void start() {
        pace.start();
    }

    /** A host is killed now. */
    void killed() {
        kills.add(System.nanoTime());
    }

    /** Waits for the requests under way. */
    void stop() throws InterruptedException {
        isOver = true;
        pace.join();
        for (Thread each : List.copyOf(asking)) each.join();
    }

    List<String> unbegunFailures() {
        return List.copyOf(unbegun);
    }

    List<String> silentlyCut() {
        return List.copyOf(silent);
    }

    int stuck() {
        return stuck.get();
    }

    int whole() {
        return whole.get();
    }

    /** In one line: counts, how long the first byte took, and of those asked around each kill the longest: the gap. */
    String figures() {
        List<Long> firsts = new ArrayList<>();
        for (Beginning each : List.copyOf(beginnings)) firsts.add(each.firstMillis);
        Collections.sort(firsts);
        List<Long> gaps = gapsMillis();
        return String.format(
                Locale.ROOT,
                "whole=%d toldOfDeath=%d failedUnbegun=%d silentlyCut=%d stuck=%d heldBack=%d"
                        + " firstByteMillis p50=%d p99=%d max=%d kills=%d gapMillis p50=%d max=%d",
                whole.get(),
                told.get(),
                unbegun.size(),
                silent.size(),
                stuck.get(),
                heldBack.get(),
                at(firsts, 50),
                at(firsts, 99),
                at(firsts, 100),
                gaps.size(),
                at(gaps, 50),
                at(gaps, 100));
    }

    private List<Long> gapsMillis() {
        List<Long> gaps = new ArrayList<>();
        for (long kill : List.copyOf(kills)) {
            long gap = 0;
            for (Beginning each : List.copyOf(beginnings)) {
                long sinceKill = each.askedNanos - kill;
                if (sinceKill > -AROUND_NANOS && sinceKill < 2 * AROUND_NANOS) gap = Math.max(gap, each.firstMillis);
            }
            gaps.add(gap);
        }
        Collections.sort(gaps);
        return gaps;
    }

    private static long at(List<Long> sorted, int percentile) {
        return sorted.isEmpty() ? -1 : sorted.get(Math.min(sorted.size() - 1, sorted.size() * percentile / 100));
    }

    private void run() {
        long next = System.nanoTime();
        while (!isOver) {
            if (inFlight.tryAcquire())
                asking.add(Thread.ofVirtual().name("asking").start(this::ask));
            else heldBack.incrementAndGet();
            next += gapNanos;
            java.util.concurrent.locks.LockSupport.parkNanos(next - System.nanoTime());
        }
    }

    private void ask() {
        long start = System.nanoTime();
        var text = new StringBuilder();
        try (var socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(STUCK_MILLIS);
            socket.getOutputStream()
                    .write(("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                                    + "Content-Length: " + BODY.length() + "\r\n\r\n" + BODY)
                            .getBytes(StandardCharsets.UTF_8));
            InputStream in = new BufferedInputStream(socket.getInputStream());
            for (int b = in.read(); b >= 0; b = in.read()) {
                if (text.isEmpty()) beginnings.add(new Beginning(start, (System.nanoTime() - start) / 1_000_000));
                text.append((char) b);
            }
            judge(text.toString());
        } catch (java.net.SocketTimeoutException never) {
            stuck.incrementAndGet();
        } catch (IOException reset) {
            judge(text.toString());
        } finally {
            inFlight.release();
        }
    }

    private void judge(String text) {
        boolean hasBegun = text.startsWith("HTTP/1.1 200");
        // An event may lie in two chunks, so what frames them is taken out first.
        boolean isDone = text.replaceAll("\r\n[0-9a-f]+\r\n", "").contains("data: [DONE]");
        boolean isWhole = isDone && text.endsWith("0\r\n\r\n");
        if (!hasBegun) unbegun.add(text.isEmpty() ? "nothing" : text.substring(0, Math.min(600, text.length())));
        else if (isWhole) whole.incrementAndGet();
        else if (text.contains("\"error\":{") && !text.endsWith("0\r\n\r\n")) told.incrementAndGet();
        else silent.add(text.substring(Math.max(0, text.length() - 300)));
    }
}
