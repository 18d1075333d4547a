package mesh.daemon.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import mesh.daemon.log.Log;

/**
 * Runs a program that others could take over with less than its user may do: the user's home and the daemon's data are
 * empty folders to it but for what it is shown, which it can only read; it has no capabilities and can gain none, no
 * variables that may be secrets of others, and leaves no core. Linux has the means for everybody, by a namespace of users
 * and mounts; where they are missing or forbidden, or the program does not start under them, it runs as any child. It
 * keeps the network, since its callers come over loopback. Safe on any thread.
 */
public final class Confinement {
    private static final Log log = Log.of(Confinement.class);

    /**
     * Takes each folder to hide with what shows through it, as source, target and options, then {@code --}; after a second
     * {@code --} what must be there in the end, and after a third the program. A source stands relative to the folder
     * that hides it, in which the shell still is: from there the old content can be reached.
     */
    private static final String SCRIPT = """
            while [ "$1" != -- ]; do
              cd "$1" && mount -t tmpfs -o size=64m,mode=755,nosuid,nodev none "$1" || exit 126
              shift
              while [ "$1" != -- ]; do
                if [ ! -e "$2" ]; then
                  if [ -d "$1" ]; then mkdir -p "$2"; else mkdir -p "${2%/*}" && : > "$2"; fi
                  mount --no-canonicalize -o "$3" "$1" "$2" || exit 126
                fi
                shift 3
              done
              shift
            done
            shift
            while [ "$1" != -- ]; do
              [ -r "$1" ] || { echo "confined: $1 is out of sight" >&2; exit 126; }
              shift
            done
            shift; cd /; ulimit -c 0
            exec setpriv --no-new-privs --ambient-caps=-all --inh-caps=-all --bounding-set=-all -- "$@"
            """;

    private static final List<String> NAMESPACES = List.of(
            "unshare", "--user", "--map-current-user", "--keep-caps", "--mount", "--ipc", "--propagation", "private");

    /** What drivers of graphics cards and the loader read. */
    private static final List<String> KEPT = List.of(
            "PATH", "HOME", "LANG", "TMPDIR", "GGML_", "CUDA_", "NVIDIA_", "HIP_", "HSA_", "ROCR_", "ROCM_", "VK_");

    /** Where drivers look for the folder in which they keep what they compiled for a card; without it each start does it anew. */
    private static final List<String> COMPILED = List.of("XDG_CACHE_HOME", "CUDA_CACHE_PATH");

    /**
     * Options of the mounts. What the system's own mount forbids, as home folders often do, must not be allowed by ours, or
     * the kernel refuses it; a folder of programs is useless where nothing may be run.
     */
    private static final String FILE = "bind,ro,nosuid,nodev,noexec";

    private static final String FOLDER = "bind,ro,nosuid,nodev";
    private static final String WRITABLE = "bind";
    private static final String END = "--";

    /** Libraries of drivers are large, and come off a cold disk. */
    private static final long TRIAL_SECONDS = 20;

    private final List<Path> hidden;
    private final Path data;
    private final Path compiled;
    private final Map<Trial, Boolean> works = new ConcurrentHashMap<>();

    private record Trial(Path program, Command.Sight sight) {}

    private record Shown(Path source, Path target, String options) {}

    /** @param dataDir of the daemon; hidden with the user's home, in which it usually lies */
    public Confinement(Path dataDir) {
        Path home = real(Path.of(System.getProperty("user.home")));
        this.data = real(dataDir);
        this.compiled = data.resolve("state").resolve("compiled");
        var folders = new ArrayList<Path>();
        if (Files.isDirectory(home) && home.getNameCount() > 0) folders.add(home);
        if (!data.startsWith(home) || folders.isEmpty()) folders.add(data);
        this.hidden = List.copyOf(folders);
    }

    /**
     * The command confined to what it is to see, or as it is where that does not work. The first call for a program and
     * its files tries it.
     */
    Command of(Command command) {
        if (command.sight().isEmpty()) return command;
        Command.Sight sight = command.sight().get();
        // With a file gone it only says so, in words that are understood; and that says nothing of the next time.
        if (!sight.files().stream().allMatch(Files::isReadable)) return command;
        Path program = Path.of(command.words().getFirst()).toAbsolutePath();
        var files = new LinkedHashSet<>(sight.files());
        for (String word : command.words().subList(1, command.words().size()))
            if (word.startsWith("/") && Files.isRegularFile(Path.of(word))) files.add(Path.of(word));
        var trial = new Trial(program, new Command.Sight(List.copyOf(files), sight.keepsCompiled()));
        return isPossible(trial) ? new Command(confined(trial, command), command.variables()) : command;
    }

    private boolean isPossible(Trial trial) {
        Boolean known = works.get(trial);
        if (known != null) return known;
        try {
            var help = new Command(List.of(trial.program().toString(), "--help"), Map.of());
            boolean isPossible = succeeds(confined(trial, help));
            if (!isPossible) log.warn("child.unconfined", "program", trial.program());
            works.put(trial, isPossible);
            return isPossible;
        } catch (InterruptedException stopped) {
            // Whoever is told so starts nothing any more, and it says nothing of the next time.
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private List<String> confined(Trial trial, Command command) {
        var line = new ArrayList<String>(List.of("env"));
        // Taken out by name: what is put in by name anybody could read off the command line.
        for (String name : new TreeSet<>(System.getenv().keySet()))
            if (KEPT.stream().noneMatch(name::startsWith)
                    && !command.variables().containsKey(name)) line.addAll(List.of("-u", name));
        if (trial.sight().keepsCompiled()) for (String name : COMPILED) line.add(name + "=" + compiled);
        line.addAll(NAMESPACES);
        line.addAll(List.of("sh", "-c", SCRIPT, "mesh-confined"));
        Set<Shown> shown = shown(trial);
        for (Path folder : hidden) {
            line.add(folder.toString());
            for (Shown each : shown)
                if (each.target().startsWith(folder))
                    line.addAll(
                            List.of(seen(each.source(), folder), each.target().toString(), each.options()));
            line.add(END);
        }
        line.add(END);
        for (Path file : trial.sight().files()) line.add(file.toAbsolutePath().toString());
        line.add(END);
        line.addAll(command.words());
        return line;
    }

    /** From within a folder that is just being hidden; what lies elsewhere is where it is. */
    private static String seen(Path source, Path folder) {
        return source.startsWith(folder) ? "./" + folder.relativize(source) : source.toString();
    }

    private Set<Shown> shown(Trial trial) {
        var shown = new LinkedHashSet<Shown>();
        if (trial.sight().keepsCompiled() && isMade(compiled)) show(compiled, WRITABLE, shown);
        for (Path file : List.of(trial.program(), real(trial.program())))
            if (file.getParent() != null) show(file.getParent(), FOLDER, shown);
        for (Path file : trial.sight().files()) show(file, FILE, shown);
        return shown;
    }

    private static boolean isMade(Path folder) {
        try {
            Files.createDirectories(folder);
            return true;
        } catch (IOException full) {
            return false;
        }
    }

    /**
     * Under its name and, since links lead there, under the one it has in the end. A folder within which something hidden
     * lies would show that, so it stays hidden.
     */
    private void show(Path named, String options, Set<Shown> shown) {
        Path file = named.toAbsolutePath().normalize();
        Path source = real(file);
        if (hidden.stream().anyMatch(folder -> folder.startsWith(source)) || data.startsWith(source)) return;
        Path parent = file.getParent();
        if (parent != null) shown.add(new Shown(source, real(parent).resolve(file.getFileName()), options));
        shown.add(new Shown(source, source, options));
    }

    /** Without links, as far as it is there. */
    private static Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException notThere) {
            return path.toAbsolutePath().normalize();
        }
    }

    private static boolean succeeds(List<String> words) throws InterruptedException {
        try {
            Process trial = new ProcessBuilder(words)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            try {
                return trial.waitFor(TRIAL_SECONDS, TimeUnit.SECONDS) && trial.exitValue() == 0;
            } finally {
                trial.destroyForcibly();
            }
        } catch (IOException missing) {
            return false;
        }
    }
}
