package mesh.daemon.hardware;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import mesh.core.model.Fit;

/**
 * The memory that models may take on this machine, and how that figure came about: the same everywhere it is shown.
 * It is a look at one moment, to be taken before engines start, because their memory counts as taken. Immutable.
 *
 * @param totalBytes what the machine, or the group this process is confined to, has
 * @param usableBytes what models may take of it
 * @param how the arithmetic, in one line
 * @param machineBytes what models may take of the machine's own memory, before any cap
 * @param cards whose memory is counted beside the machine's
 */
public record Memory(
        long totalBytes, long usableBytes, Source source, String how, long machineBytes, List<Card> cards) {
    /**
     * What models must leave: a tenth of the total, for the system, this daemon and what the engines take beside the
     * estimate; never less than half a GB, and no more than 4 GB, however large the machine.
     */
    private static final long HEAD_ROOM_PARTS = 10;

    private static final long HEAD_ROOM_BYTES_MIN = 512L << 20;
    private static final long HEAD_ROOM_BYTES_MAX = 4L << 30;

    /** Where nobody says what is available, a third of the memory is taken to be in use by others. */
    private static final long IN_USE_PARTS = 3;

    /** llama.cpp's own margin beside a model, for buffers nobody counts. */
    private static final long CARD_HEAD_ROOM_BYTES = 1L << 30;

    public Memory {
        cards = List.copyOf(cards);
    }

    /** A processor with memory of its own, under llama.cpp's name. */
    public record Card(String device, String title, long usableBytes) {}

    /** Where the memory is. */
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

        /** The machine's memory, wherever its figure is from, and that of cards. */
        record Cards(Source machine) implements Source {
            @Override
            public String word() {
                return machine.word() + "+gpu";
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
        return new Memory(totalBytes, usable, source, how, usable, List.of());
    }

    /**
     * With the memory of cards that llama.cpp can use and the system knows: a device that is nobody's card shares the
     * machine's memory, which is counted already.
     */
    public Memory with(List<Device> devices, List<Gpus.Gpu> known) {
        var left = new ArrayList<>(known);
        var counted = new ArrayList<Card>();
        long total = totalBytes;
        long usable = usableBytes;
        var words = new StringBuilder(how);
        for (Device device : devices) {
            var card = left.stream()
                    .filter(gpu -> !gpu.isUnified() && device.is(gpu))
                    .findFirst();
            if (card.isEmpty()) continue;
            left.remove(card.get());
            long free = Math.min(device.freeBytes(), card.get().freeBytes());
            long room = Math.max(0, free - CARD_HEAD_ROOM_BYTES);
            counted.add(new Card(device.name(), device.title(), room));
            total += device.totalBytes();
            usable += room;
            words.append("; %s %s: %s free of %s, less %s head-room"
                    .formatted(
                            device.name(),
                            device.title(),
                            Fit.gigabytes(free),
                            Fit.gigabytes(device.totalBytes()),
                            Fit.gigabytes(CARD_HEAD_ROOM_BYTES)));
        }
        if (counted.isEmpty()) return this;
        return new Memory(total, usable, new Source.Cards(source), words.toString(), machineBytes, counted);
    }

    /** What this machine puts to a split: one card, the largest, for a share stands in one place; empty: its own memory. */
    public Optional<Card> forSplits() {
        return cards.stream().max(Comparator.comparingLong(Card::usableBytes));
    }

    /** The same memory, of which models may take no more than {@code bytes}: {@code --max-vram}. */
    public Memory cappedAt(long bytes) {
        if (bytes >= usableBytes) return this;
        return new Memory(totalBytes, bytes, source, how + ", capped at " + Fit.gigabytes(bytes), machineBytes, cards);
    }
}
