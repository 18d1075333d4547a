package mesh.daemon.process;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Ties a child's life to ours without native code. The child leads a process group of its own; beside it in that group
 * sits a shell that reads from a pipe whose other end only this JVM holds. However the JVM dies, the pipe ends, and the
 * shell kills its group. The shell is there before the child's program is, so there is no moment without it.
 *
 * <p>The shell kills {@code 0}, its own group, and never a number: as its member it keeps the group's number from being
 * used again. The group also keeps a terminal's Ctrl-C from the child, whose end is ours to order. SIGPIPE is ignored,
 * since an rpc-server whose client closes early dies of it. Our end of the pipe is the process' standard input, which must
 * therefore stay open and unused. Stateless.
 */
public final class Leash {
    private static final String SCRIPT = """
            trap '' PIPE
            exec 3<&0
            { trap '' HUP INT TERM; while read -r line; do :; done; kill -KILL 0; } <&3 3<&- >/dev/null 2>&1 &
            exec "$@" </dev/null 3<&-
            """;

    private static final List<String> FOLDERS = List.of("/usr/bin", "/bin", "/usr/local/bin", "/opt/homebrew/bin");

    private Leash() {}

    /** The words that run {@code command} on a leash in the same process id, or nothing where this system has no way. */
    public static Optional<List<String>> on(List<String> command) {
        Optional<List<String>> group = ownGroup();
        if (group.isEmpty()) return Optional.empty();
        var words = new ArrayList<>(group.get());
        words.addAll(List.of("/bin/sh", "-c", SCRIPT, "mesh-child"));
        words.addAll(command);
        return Optional.of(words);
    }

    /** Linux has the command; macOS has perl. */
    private static Optional<List<String>> ownGroup() {
        Optional<List<String>> setsid = program("setsid").map(path -> List.of(path.toString()));
        return setsid.isPresent()
                ? setsid
                : program("perl").map(path -> List.of(path.toString(), "-MPOSIX", "-e", "setsid(); exec @ARGV", "--"));
    }

    private static Optional<Path> program(String name) {
        var folders = new ArrayList<>(FOLDERS);
        String path = System.getenv("PATH");
        if (path != null) folders.addAll(List.of(path.split(File.pathSeparator)));
        for (String folder : folders) {
            if (folder.isEmpty()) continue;
            Path file = Path.of(folder, name);
            if (Files.isExecutable(file)) return Optional.of(file);
        }
        return Optional.empty();
    }
}
