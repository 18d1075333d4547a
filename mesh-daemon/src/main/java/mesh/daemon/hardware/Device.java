package mesh.daemon.hardware;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A processor with memory as llama.cpp lists it, other than the CPU.
 *
 * @param name as its flags want it, such as {@code CUDA0}
 */
public record Device(String name, String title, long totalBytes, long freeBytes) {
    private static final Pattern LINE =
            Pattern.compile("\\s+([\\w.-]+): (.+) \\((\\d{1,9}) MiB, (\\d{1,9}) MiB free\\)");

    /** What {@code --list-devices} prints; lines of another form are passed over. */
    public static List<Device> parse(String listing) {
        var devices = new ArrayList<Device>();
        for (String line : listing.lines().toList()) {
            Matcher matcher = LINE.matcher(line);
            if (!matcher.matches()) continue;
            devices.add(new Device(
                    matcher.group(1),
                    matcher.group(2),
                    Long.parseLong(matcher.group(3)) << 20,
                    Long.parseLong(matcher.group(4)) << 20));
        }
        return List.copyOf(devices);
    }

    /** Whether this is that card: drivers keep some of its memory from one count and not from the other. */
    boolean is(Gpus.Gpu card) {
        return Math.abs(card.totalBytes() - totalBytes) <= totalBytes / 8;
    }
}
