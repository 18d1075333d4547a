package mesh.daemon.hardware;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads what Linux says of memory below a root folder: {@code proc/meminfo} and control groups of both versions. What
 * is missing or odd is passed over, since a machine without groups is the usual case. Stateless.
 */
final class LinuxMemory {
    private static final Pattern LINE = Pattern.compile("(\\w+)[: ]+(\\d+).*");

    private LinuxMemory() {}

    record Room(long totalBytes, long availableBytes) {}

    record Group(Path path, Room room) {}

    /** How one version of control groups names its files. */
    private enum Version {
        ONE("sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        TWO("sys/fs/cgroup", "memory.max", "memory.current", "inactive_file");

        final String mount;
        final String limit;
        final String used;
        final String reclaimable;

        Version(String mount, String limit, String used, String reclaimable) {
            this.mount = mount;
            this.limit = limit;
            this.used = used;
            this.reclaimable = reclaimable;
        }
    }

    static Optional<Room> ram(Path root) {
        List<String> meminfo = lines(root.resolve("proc/meminfo"));
        OptionalLong total = value(meminfo, "MemTotal");
        OptionalLong available = value(meminfo, "MemAvailable");
        if (total.isEmpty() || available.isEmpty()) return Optional.empty();
        return Optional.of(new Room(total.getAsLong() << 10, available.getAsLong() << 10));
    }

    /** Of this process's group and all above it, the limited one with the least room. */
    static Optional<Group> tightestGroup(Path root) {
        var groups = new ArrayList<Group>();
        for (String line : lines(root.resolve("proc/self/cgroup"))) {
            String[] parts = line.split(":", 3);
            if (parts.length < 3) continue;
            if (parts[1].isEmpty()) collect(root, Version.TWO, parts[2], groups);
            if (List.of(parts[1].split(",")).contains("memory")) collect(root, Version.ONE, parts[2], groups);
        }
        return groups.stream()
                .min(Comparator.comparingLong(group -> group.room().availableBytes()));
    }

    /** Inside a container the path may be that outside; its folders are then missing, and the mount is our group. */
    private static void collect(Path root, Version version, String path, List<Group> groups) {
        Path mount = root.resolve(version.mount);
        Path group = mount.resolve(path.replaceFirst("^/+", "")).normalize();
        for (@Nullable Path at = group; at != null && at.startsWith(mount); at = at.getParent()) {
            OptionalLong limit = number(at.resolve(version.limit));
            OptionalLong used = number(at.resolve(version.used));
            if (limit.isEmpty() || used.isEmpty()) continue;
            long reclaimable =
                    value(lines(at.resolve("memory.stat")), version.reclaimable).orElse(0);
            long room = Math.max(0, limit.getAsLong() - used.getAsLong() + reclaimable);
            groups.add(new Group(at, new Room(limit.getAsLong(), Math.min(room, limit.getAsLong()))));
        }
    }

    private static OptionalLong value(List<String> lines, String key) {
        for (String line : lines) {
            Matcher matcher = LINE.matcher(line);
            if (matcher.matches() && matcher.group(1).equals(key)) return number(matcher.group(2));
        }
        return OptionalLong.empty();
    }

    /** Empty for {@code max}, which is no limit. */
    private static OptionalLong number(Path file) {
        List<String> lines = lines(file);
        return lines.isEmpty() ? OptionalLong.empty() : number(lines.getFirst().strip());
    }

    private static OptionalLong number(String text) {
        try {
            return OptionalLong.of(Long.parseLong(text));
        } catch (NumberFormatException noNumber) {
            return OptionalLong.empty();
        }
    }

    static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file, StandardCharsets.ISO_8859_1);
        } catch (IOException missing) {
            return List.of();
        }
    }
}
