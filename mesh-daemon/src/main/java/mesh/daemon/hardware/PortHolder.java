package mesh.daemon.hardware;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Finds which process listens on a TCP port, from Linux's own tables, so that "port taken" can say by whom. Other
 * users' processes stay unknown, as does everything on other systems. Blocking; called only when a bind failed.
 */
public final class PortHolder {
    /** State of a listening socket in the kernel's table. */
    private static final String LISTEN = "0A";

    private PortHolder() {}

    /** A process by what a person would look for: its command and pid. */
    public record Holder(long pid, String command) {
        @Override
        public String toString() {
            return command + " (pid " + pid + ")";
        }
    }

    public static Optional<Holder> of(int port) {
        return of(port, Path.of("/proc"));
    }

    static Optional<Holder> of(int port, Path proc) {
        try {
            var sockets = new HashSet<String>();
            for (String table : new String[] {"net/tcp", "net/tcp6"}) listeners(proc.resolve(table), port, sockets);
            return sockets.isEmpty() ? Optional.empty() : owner(proc, sockets);
        } catch (IOException unknown) {
            return Optional.empty();
        }
    }

    /** A row reads {@code sl local remote state … uid timeout inode}, the local port in hex after a colon. */
    private static void listeners(Path table, int port, Set<String> sockets) throws IOException {
        if (!Files.isReadable(table)) return;
        String wanted = String.format(Locale.ROOT, ":%04X", port);
        List<String> rows = Files.readAllLines(table);
        for (String row : rows.subList(Math.min(1, rows.size()), rows.size())) {
            String[] columns = row.strip().split("\\s+");
            if (columns.length > 9 && columns[1].endsWith(wanted) && columns[3].equals(LISTEN))
                sockets.add("socket:[" + columns[9] + "]");
        }
    }

    private static Optional<Holder> owner(Path proc, Set<String> sockets) throws IOException {
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, "[0-9]*")) {
            for (Path process : processes) {
                if (!holds(process, sockets)) continue;
                String command = Files.readString(process.resolve("comm")).strip();
                return Optional.of(new Holder(Long.parseLong(String.valueOf(process.getFileName())), command));
            }
        }
        return Optional.empty();
    }

    private static boolean holds(Path process, Set<String> sockets) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(process.resolve("fd"))) {
            for (Path file : files)
                if (sockets.contains(Files.readSymbolicLink(file).toString())) return true;
        } catch (IOException notOursOrGone) {
            return false;
        }
        return false;
    }
}
