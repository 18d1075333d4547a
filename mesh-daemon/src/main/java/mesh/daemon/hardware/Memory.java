package mesh.daemon.hardware;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Optional;
import mesh.core.model.Fit;

/**
 * The memory that models may take on this machine, and how that figure came about: the same everywhere it is shown.
 * It is a look at one moment, to be taken before engines start, because their memory counts as taken. Immutable.
 *
 * @param totalBytes what the machine, or the group this process is confined to, has
 * @param usableBytes what models may take of it
 * @param how the arithmetic, in one line
 */
public record Memory(long totalBytes, long usableBytes, Source source, String how) {
    /**
     * What models must leave: a tenth of the total, for the system, this daemon and what the engines take beside the
     * estimate; never less than half a GB, and no more than 4 GB, however large the machine.
     */
    private static final long HEAD_ROOM_PARTS = 10;

    private static final long HEAD_ROOM_BYTES_MIN = 512L << 20;
    private static final long HEAD_ROOM_BYTES_MAX = 4L << 30;

    /** Where nobody says what is available, a third of the memory is taken to be in use by others. */
    private static final long IN_USE_PARTS = 3;

    /** Where the memory is. GPUs will be cases of their own. */
    public sealed interface Source {
        /** The short word for status and log. */
        String word();

        /** The machine's RAM. */
        record Ram() implements Source {
            @Override
            public String word() {
                return "ram";
            }
        }

        /** RAM up to the limit of a control group, as in a container. */
        record Cgroup(Path group) implements Source {
            @Override
            public String word() {
                return "cgroup";
            }
        }

        /** RAM as the Java runtime knows it: systems that are not Linux. */
        record Jvm() implements Source {
            @Override
            public String word() {
                return "jvm";
            }
        }
    }

    public static Memory probe() {
        return probe(Path.of("/"));
    }

    static Memory probe(Path root) {
        Optional<LinuxMemory.Room> ram = LinuxMemory.ram(root);
        if (ram.isEmpty()) return ofJvm();
        Optional<LinuxMemory.Group> group = LinuxMemory.tightestGroup(root);
        long total = ram.get().totalBytes();
        long available = ram.get().availableBytes();
        if (group.isEmpty() || group.get().room().totalBytes() >= total) return of(total, available, new Source.Ram());
        LinuxMemory.Room room = group.get().room();
        return of(
                room.totalBytes(),
                Math.min(available, room.availableBytes()),
                new Source.Cgroup(group.get().path()));
    }

    private static Memory ofJvm() {
        if (!(ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system))
            return of(0, 0, new Source.Jvm());
        long total = system.getTotalMemorySize();
        return of(total, total - total / IN_USE_PARTS, new Source.Jvm());
    }

    private static Memory of(long totalBytes, long availableBytes, Source source) {
        long headRoom = Math.clamp(totalBytes / HEAD_ROOM_PARTS, HEAD_ROOM_BYTES_MIN, HEAD_ROOM_BYTES_MAX);
        long usable = Math.max(0, availableBytes - headRoom);
        String how = "%s: %s available of %s, less %s head-room"
                .formatted(
                        source.word(),
                        Fit.gigabytes(availableBytes),
                        Fit.gigabytes(totalBytes),
                        Fit.gigabytes(headRoom));
        return new Memory(totalBytes, usable, source, how);
    }

    /** The same memory, of which models may take no more than {@code bytes}: {@code --max-vram}. */
    public Memory cappedAt(long bytes) {
        if (bytes >= usableBytes) return this;
        return new Memory(totalBytes, bytes, source, how + ", capped at " + Fit.gigabytes(bytes));
    }
}
