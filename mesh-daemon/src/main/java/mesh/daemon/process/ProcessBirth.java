package mesh.daemon.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Tells one process from another that got the same id later, by when it was born. On Linux that is the kernel's own tick
 * count within this boot, which no change of the clock touches; elsewhere what the JDK knows.
 */
final class ProcessBirth {
    /** Field 22 of {@code /proc/PID/stat}, counted from the one behind the name in parentheses, which is field 3. */
    private static final int START_AFTER_NAME = 19;

    private ProcessBirth() {}

    /** A text equal for the same process only, or nothing when no such process runs. */
    static Optional<String> of(long pid) {
        Path stat = Path.of("/proc", Long.toString(pid), "stat");
        if (!Files.exists(Path.of("/proc/self/stat")))
            return ProcessHandle.of(pid)
                    .flatMap(handle -> handle.info().startInstant())
                    .map(start -> Long.toString(start.toEpochMilli()));
        try {
            String text = Files.readString(stat);
            String boot =
                    Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
            String[] fields = text.substring(text.lastIndexOf(')') + 2).split(" ");
            return Optional.of(boot + ":" + fields[START_AFTER_NAME]);
        } catch (IOException gone) {
            return Optional.empty();
        }
    }
}
