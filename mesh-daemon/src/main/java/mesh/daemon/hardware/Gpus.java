package mesh.daemon.hardware;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * The graphics processors of this machine, from what each maker's driver says of them: NVIDIA's tool, AMD's files in
 * {@code /sys}, Apple's system settings. What is missing, odd or late is passed over: no answer means no GPU. Stateless;
 * the tools take up to seconds.
 */
public final class Gpus {
    /** A sleeping driver wakes within that; a hung one is no help to anybody. */
    private static final long TOOL_SECONDS_MAX = 5;

    private static final int OUTPUT_BYTES_MAX = 64 << 10;
    private static final long MIB = 1L << 20;
    private static final String AMD = "0x1002";

    /** Of memory that a Mac's processors share, the part its GPU may use where nobody set another: two thirds up to 36 GB. */
    private static final long APPLE_SMALL_BYTES = 36L << 30;

    private Gpus() {}

    /**
     * One processor.
     *
     * @param freeBytes what nobody uses now
     * @param isUnified whether its memory is the machine's own
     */
    public record Gpu(String name, long totalBytes, long freeBytes, boolean isUnified) {}

    public static List<Gpu> probe() throws InterruptedException {
        var gpus = new ArrayList<Gpu>();
        gpus.addAll(nvidia(
                tool("nvidia-smi", "--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits")));
        gpus.addAll(amd(Path.of("/")));
        if (System.getProperty("os.name", "").startsWith("Mac"))
            gpus.addAll(apple(tool("sysctl", "hw.memsize", "iogpu.wired_limit_mb", "machdep.cpu.brand_string")));
        return List.copyOf(gpus);
    }

    /** A line each: name, total, free, in MiB. Boards that share the machine's memory say {@code [N/A]} for it. */
    static List<Gpu> nvidia(String csv) {
        var gpus = new ArrayList<Gpu>();
        for (String line : csv.lines().toList()) {
            String[] cells = line.split(",");
            if (cells.length < 3) continue;
            OptionalLong total = number(cells[cells.length - 2]);
            OptionalLong free = number(cells[cells.length - 1]);
            if (total.isEmpty() || free.isEmpty() || free.getAsLong() > total.getAsLong()) continue;
            String name = line.substring(0, line.lastIndexOf(',', line.lastIndexOf(',') - 1));
            gpus.add(new Gpu(name.strip(), total.getAsLong() * MIB, free.getAsLong() * MIB, false));
        }
        return gpus;
    }

    /** Each card has a folder with its maker and, where it has memory of its own, how much and how much of it is used. */
    static List<Gpu> amd(Path root) {
        var gpus = new ArrayList<Gpu>();
        try (DirectoryStream<Path> cards = Files.newDirectoryStream(root.resolve("sys/class/drm"), "card[0-9]*")) {
            for (Path card : cards) {
                Path device = card.resolve("device");
                if (card.getFileName().toString().contains("-")
                        || !word(device.resolve("vendor")).equals(AMD)) continue;
                OptionalLong total = number(word(device.resolve("mem_info_vram_total")));
                OptionalLong used = number(word(device.resolve("mem_info_vram_used")));
                if (total.isEmpty() || used.isEmpty() || used.getAsLong() > total.getAsLong()) continue;
                String name = word(device.resolve("product_name"));
                gpus.add(new Gpu(
                        name.isEmpty() ? "AMD " + card.getFileName() : name,
                        total.getAsLong(),
                        total.getAsLong() - used.getAsLong(),
                        false));
            }
        } catch (IOException noCards) {
            return List.of();
        }
        gpus.sort(java.util.Comparator.comparing(Gpu::name));
        return gpus;
    }

    /** {@code key: value} lines; a wired limit of 0 means the system's own share. */
    static List<Gpu> apple(String settings) {
        long memory = 0;
        long wiredMib = 0;
        String name = "";
        for (String line : settings.lines().toList()) {
            int colon = line.indexOf(':');
            if (colon < 0) continue;
            String value = line.substring(colon + 1).strip();
            switch (line.substring(0, colon)) {
                case "hw.memsize" -> memory = number(value).orElse(0);
                case "iogpu.wired_limit_mb" -> wiredMib = number(value).orElse(0);
                case "machdep.cpu.brand_string" -> name = value;
                default -> {}
            }
        }
        if (memory <= 0 || !name.toLowerCase(Locale.ROOT).startsWith("apple")) return List.of();
        long share = memory <= APPLE_SMALL_BYTES ? memory / 3 * 2 : memory / 4 * 3;
        long usable = wiredMib > 0 ? Math.min(memory, wiredMib * MIB) : share;
        return List.of(new Gpu(name, memory, usable, true));
    }

    private static OptionalLong number(String text) {
        try {
            long number = Long.parseLong(text.strip());
            return number < 0 ? OptionalLong.empty() : OptionalLong.of(number);
        } catch (NumberFormatException notANumber) {
            return OptionalLong.empty();
        }
    }

    private static String word(Path file) {
        List<String> lines = LinuxMemory.lines(file);
        return lines.isEmpty() ? "" : lines.getFirst().strip();
    }

    /** What a tool prints; nothing when it is not there, fails or takes too long. */
    private static String tool(String... command) throws InterruptedException {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            try {
                process.getOutputStream().close();
                var output = new StringBuilder();
                Thread reader = Thread.ofVirtual().name("tool-out").start(() -> read(process, output));
                if (!process.waitFor(TOOL_SECONDS_MAX, TimeUnit.SECONDS) || process.exitValue() != 0) return "";
                reader.join();
                return output.toString();
            } finally {
                process.destroyForcibly();
            }
        } catch (IOException notThere) {
            return "";
        }
    }

    private static void read(Process process, StringBuilder into) {
        try {
            into.append(new String(process.getInputStream().readNBytes(OUTPUT_BYTES_MAX), StandardCharsets.UTF_8));
        } catch (IOException gone) {
            // The tool was killed for taking too long, and says nothing.
        }
    }
}
