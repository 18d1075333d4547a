package mesh.testnet.wan;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/**
 * A cable between two interfaces that takes its time, is only so wide and loses some of what it carries, in both directions: two threads
 * each, one that reads and one that waits until a packet is due. The kernels of test machines have no netem.
 */
final class Pump implements AutoCloseable {
    /** A second at 100 Mbit/s in packets of 1,400 bytes; what comes in faster is lost, as in any queue. */
    private static final int QUEUE_PACKETS = 9_000;

    private static final int PACKET_BYTES_MAX = 65_536;
    private static final int LOOK_MILLIS = 50;

    private final Weather weather;
    private final List<CompletableFuture<?>> threads = new ArrayList<>();
    private final List<Tun> ends = new ArrayList<>();
    private volatile boolean isOver;
    private volatile boolean isCut;
    private final LongAdder carriedBytes = new LongAdder();

    /**
     * What the link does to packets.
     *
     * @param delayMillis each way
     * @param lossPermille of the packets, each way
     * @param bitsPerSecond each way; 0 sets no limit
     */
    record Weather(double delayMillis, int lossPermille, long seed, long bitsPerSecond) {
        Weather(double delayMillis, int lossPermille, long seed) {
            this(delayMillis, lossPermille, seed, 0);
        }

        /** How long the link is busy with a packet. */
        long wireNanos(int bytes) {
            return bitsPerSecond == 0 ? 0 : bytes * 8L * 1_000_000_000L / bitsPerSecond;
        }
    }

    private static final class Packet {
        final byte[] bytes;
        final long dueNanos;

        Packet(byte[] bytes, long dueNanos) {
            this.bytes = bytes;
            this.dueNanos = dueNanos;
        }
    }

    private Pump(Weather weather) {
        this.weather = weather;
    }

    /** Makes two interfaces of these names, in this process's namespace, and the link between them. */
    static Pump between(String first, String second, Weather weather) throws IOException {
        var pump = new Pump(weather);
        Tun one = Tun.open(first);
        pump.ends.add(one);
        Tun two = Tun.open(second);
        pump.ends.add(two);
        pump.carry(one, two, new Random(weather.seed));
        pump.carry(two, one, new Random(~weather.seed));
        return pump;
    }

    /** Of both directions, headers included. */
    long carriedBytes() {
        return carriedBytes.sum();
    }

    /** Carries nothing at all, or goes on; both ends keep their interfaces and hear nothing of it. */
    void cut(boolean on) {
        isCut = on;
    }

    private void carry(Tun from, Tun to, Random chance) {
        var queue = new LinkedBlockingQueue<Packet>(QUEUE_PACKETS);
        start(() -> read(from, queue, chance));
        start(() -> write(queue, to));
    }

    private void start(Runnable work) {
        threads.add(CompletableFuture.runAsync(
                work, task -> Thread.ofPlatform().name("pump").daemon().start(task)));
    }

    private void read(Tun from, BlockingQueue<Packet> queue, Random chance) {
        try (var arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(PACKET_BYTES_MAX);
            long freeNanos = System.nanoTime();
            while (!isOver) {
                int length = from.read(buffer, LOOK_MILLIS);
                if (length == 0) continue;
                freeNanos = Math.max(freeNanos, System.nanoTime()) + weather.wireNanos(length);
                long dueNanos = freeNanos + (long) (weather.delayMillis * 1_000_000);
                carriedBytes.add(length);
                byte[] bytes = buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
                if (!isCut && chance.nextInt(1_000) >= weather.lossPermille) queue.offer(new Packet(bytes, dueNanos));
            }
        }
    }

    private void write(BlockingQueue<Packet> queue, Tun to) {
        try (var arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(PACKET_BYTES_MAX);
            while (!isOver) {
                Packet packet = queue.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
                if (packet == null) continue;
                for (long left = packet.dueNanos - System.nanoTime();
                        left > 0;
                        left = packet.dueNanos - System.nanoTime()) LockSupport.parkNanos(left);
                MemorySegment.copy(packet.bytes, 0, buffer, ValueLayout.JAVA_BYTE, 0, packet.bytes.length);
                to.write(buffer.asSlice(0, packet.bytes.length));
            }
        } catch (InterruptedException ending) {
            // Only the JVM's end interrupts this thread.
        }
    }

    @Override
    public void close() {
        isOver = true;
        for (CompletableFuture<?> each : threads) each.join();
        for (Tun each : ends) each.close();
    }
}
