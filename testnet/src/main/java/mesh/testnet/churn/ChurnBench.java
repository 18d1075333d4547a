package mesh.testnet.churn;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import mesh.daemon.log.LogFormat;
import mesh.daemon.log.LogLevel;
import mesh.daemon.log.LogOutput;

/**
 * A day of joins and leaves on real sockets, as fast as the machine goes, and what the process holds on its way:
 * {@code ChurnBench LIVES [SECONDS [MACHINES]]}. Samples are taken while no guest is there; the first third warms up, and
 * the rest must not grow. Prints the table of {@code docs/benchmarks.md} and ends with 1 when something grew.
 */
public final class ChurnBench {
    /** A household's machines, each of which comes and goes all day. */
    static final int MACHINES = 20;

    private static final int AT_ONCE = 4;
    private static final int SAMPLES = 15;

    /** Compilers, caches and pools settle within these bounds; what stays of each life shows in the count of objects. */
    private static final long HEAP_KIB_MAX = 4 << 10;

    private static final long DIRECT_KIB_MAX = 4 << 10;

    /** The JVM's compilers are in it, which take tens of megabytes for a moment. */
    private static final long NATIVE_KIB_MAX = 24 << 10;

    /** Heap and native memory that were in use once, and are kept, are in it. */
    private static final long RESIDENT_KIB_MAX = 96 << 10;

    private static final int FILES_MAX = 4;
    private static final int THREADS_MAX = 4;

    /** A handshake that nobody ended is given up after ten seconds, a connection that fell silent after fifteen. */
    private static final long SETTLED_NANOS = TimeUnit.SECONDS.toNanos(30);

    private static final long LOOK_MILLIS = 250;

    private static final PrintStream OUT = new PrintStream(new FileOutputStream(FileDescriptor.out), true);

    private ChurnBench() {}

    public static void main(String[] args) throws Exception {
        int lives = Integer.parseInt(args[0]);
        long seconds = args.length > 1 ? Long.parseLong(args[1]) : 0;
        int machines = args.length > 2 ? Integer.parseInt(args[2]) : MACHINES;
        Path folder = Files.createTempDirectory("churn");
        LogOutput.open(LogFormat.PRETTY, LogLevel.ERROR, folder, false);
        List<String> grown = run(folder, lives, seconds, machines);
        for (String each : grown) OUT.println("grew: " + each);
        System.exit(grown.isEmpty() ? 0 : 1);
    }

    /** At least so many lives and so long; answers what grew. */
    static List<String> run(Path folder, int lives, long seconds, int machines)
            throws IOException, InterruptedException {
        var samples = new ArrayList<Footprint>();
        var churn = new Churn(folder, AT_ONCE);
        int warmUpLives = 0;
        // Connections of whatever ran in this process before would hide those that stay.
        Census begun = settled(0);
        Census warm = begun;
        int lived = 0;
        try {
            OUT.println("| lives | s | heap MiB | direct MiB | native MiB | resident MiB | descriptors | threads |");
            OUT.println("|---|---|---|---|---|---|---|---|");
            long begin = System.nanoTime();
            for (int sample = 1; ; sample++) {
                int batch = Math.max(1, lives / SAMPLES);
                churn.live(batch, machines);
                lived += batch;
                long elapsed = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin);
                var now = Footprint.now();
                samples.add(now);
                OUT.println(now.row(lived, elapsed));
                if (sample == SAMPLES / 3) {
                    warm = settled(begun.connections());
                    warmUpLives = lived;
                }
                if (sample >= SAMPLES && elapsed >= seconds) break;
            }
            OUT.println();
            OUT.println("refused: " + churn.refused());
            List<String> grown = grown(samples);
            grown.addAll(settled(begun.connections()).grownSince(warm, lived - warmUpLives));
            return grown;
        } finally {
            churn.end();
        }
    }

    /** Taken once there are only a few connections more than {@code lasting}, or at last. */
    private static Census settled(long lasting) throws InterruptedException {
        long deadline = System.nanoTime() + SETTLED_NANOS;
        Census now = Census.now();
        while (now.connections() > lasting + AT_ONCE && System.nanoTime() - deadline < 0) {
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
            now = Census.now();
        }
        return now;
    }

    /** The least of the last third against the least of the middle one, so that no single moment decides. */
    private static List<String> grown(List<Footprint> samples) {
        int third = samples.size() / 3;
        Footprint before = least(samples.subList(third, 2 * third));
        Footprint after = least(samples.subList(2 * third, samples.size()));
        var grown = new ArrayList<String>();
        check(grown, "heap KiB", before.heapKib(), after.heapKib(), HEAP_KIB_MAX);
        check(grown, "direct KiB", before.directKib(), after.directKib(), DIRECT_KIB_MAX);
        check(grown, "native KiB", before.nativeKib(), after.nativeKib(), NATIVE_KIB_MAX);
        check(grown, "resident KiB", before.residentKib(), after.residentKib(), RESIDENT_KIB_MAX);
        check(grown, "file descriptors", before.files(), after.files(), FILES_MAX);
        check(grown, "threads", before.threads(), after.threads(), THREADS_MAX);
        return grown;
    }

    private static void check(List<String> grown, String what, long before, long after, long max) {
        if (after - before > max) grown.add(what + " from " + before + " to " + after);
    }

    private static Footprint least(List<Footprint> samples) {
        return new Footprint(
                samples.stream().mapToLong(Footprint::heapKib).min().orElseThrow(),
                samples.stream().mapToLong(Footprint::directKib).min().orElseThrow(),
                samples.stream().mapToLong(Footprint::nativeKib).min().orElseThrow(),
                samples.stream().mapToLong(Footprint::residentKib).min().orElseThrow(),
                samples.stream().mapToLong(Footprint::files).min().orElseThrow(),
                samples.stream().mapToInt(Footprint::threads).min().orElseThrow());
    }
}
