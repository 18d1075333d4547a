package mesh.daemon.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The file of the children that run now: id, birth, port and name, one line each. A daemon that starts finds in it what
 * a crashed one may have left. It names processes of this boot only, so it is renamed into place but not synced. The
 * lock guards the lines and the file's order of writing.
 */
final class Roster {
    private final Path file;
    private final Map<Long, Entry> entries = new LinkedHashMap<>();

    /** One child that was started. */
    record Entry(long pid, String birth, int port, String name) {}

    Roster(Path file) {
        this.file = file;
    }

    synchronized void add(Entry entry) throws IOException {
        entries.put(entry.pid, entry);
        write();
    }

    synchronized void remove(long pid) throws IOException {
        if (entries.remove(pid) != null) write();
    }

    /** What the file names from an earlier run; lines that cannot be read are skipped, they were cut by a full disk. */
    List<Entry> earlier() throws IOException {
        var found = new ArrayList<Entry>();
        try {
            for (String line : Files.readAllLines(file)) parse(line).ifPresent(found::add);
        } catch (NoSuchFileException first) {
            return List.of();
        }
        return found;
    }

    private static Optional<Entry> parse(String line) {
        String[] words = line.split(" ", 4);
        if (words.length < 4) return Optional.empty();
        try {
            return Optional.of(new Entry(Long.parseLong(words[0]), words[1], Integer.parseInt(words[2]), words[3]));
        } catch (NumberFormatException cut) {
            return Optional.empty();
        }
    }

    private void write() throws IOException {
        var text = new StringBuilder();
        for (Entry entry : entries.values())
            text.append(entry.pid)
                    .append(' ')
                    .append(entry.birth)
                    .append(' ')
                    .append(entry.port)
                    .append(' ')
                    .append(entry.name)
                    .append('\n');
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.writeString(fresh, text);
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
