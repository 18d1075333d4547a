package mesh.daemon.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import mesh.daemon.log.Log;

/**
 * Runs a program whose callers may take it over with less than its user may do: the user's home and the daemon's data are
 * empty folders to it, it has no capabilities and can gain none, no variables that may be secrets, and leaves no core. Linux
 * has the means for everybody, by a namespace of users and mounts; where they are missing or forbidden, or the program does
 * not start under them, it runs as any child. It keeps the network, since its callers come over loopback. Safe on any
 * thread.
 */
public final class Confinement {
    private static final Log log = Log.of(Confinement.class);

    /** Takes the program's folder, what to hide, then {@code --} and the program; the folder shows through what is hidden. */
    private static final String SCRIPT = """
            folder=$1; shift; cd "$folder" || exit 126
            while [ "$1" != -- ]; do
              mount -t tmpfs -o size=64m,mode=755,nosuid,nodev none "$1" || exit 126
              shift
            done
            shift
            if [ ! -e "$folder" ]; then mkdir -p "$folder" && mount --no-canonicalize --bind . "$folder" || exit 126; fi
            cd /; ulimit -c 0
            exec setpriv --no-new-privs --ambient-caps=-all --inh-caps=-all --bounding-set=-all -- "$@"
            """;

    private static final List<String> NAMESPACES = List.of(
            "unshare", "--user", "--map-current-user", "--keep-caps", "--mount", "--ipc", "--propagation", "private");

    /** What drivers of graphics cards and the loader read. */
    private static final List<String> KEPT = List.of(
            "PATH", "HOME", "LANG", "TMPDIR", "GGML_", "CUDA_", "NVIDIA_", "HIP_", "HSA_", "ROCR_", "ROCM_", "VK_");

    private static final long TRIAL_SECONDS = 5;

    private final List<Path> hidden;
    private final Map<Path, Boolean> works = new ConcurrentHashMap<>();

    /** @param dataDir of the daemon; hidden with the user's home, in which it usually lies */
    public Confinement(Path dataDir) {
        Path home = Path.of(System.getProperty("user.home")).toAbsolutePath().normalize();
        Path data = dataDir.toAbsolutePath().normalize();
        var folders = new ArrayList<Path>();
        if (Files.isDirectory(home) && home.getNameCount() > 0) folders.add(home);
        if (!data.startsWith(home)) folders.add(data);
        this.hidden = List.copyOf(folders);
    }

    /** The command confined, or as it is where that does not work. The first call for a program tries it. */
    public Command of(Command command) {
        Path program = Path.of(command.words().getFirst());
        boolean isPossible = works.computeIfAbsent(program, this::isPossible);
        return isPossible ? new Command(confined(command.words()), command.variables()) : command;
    }

    private boolean isPossible(Path program) {
        boolean isPossible = succeeds(confined(List.of(program.toString(), "--help")));
        if (!isPossible) log.warn("child.unconfined", "program", program);
        return isPossible;
    }

    private List<String> confined(List<String> words) {
        var line = new ArrayList<>(List.of("env", "-i"));
        System.getenv().forEach((name, value) -> {
            if (KEPT.stream().anyMatch(name::startsWith)) line.add(name + "=" + value);
        });
        line.addAll(NAMESPACES);
        line.addAll(List.of("sh", "-c", SCRIPT, "mesh-confined"));
        line.add(String.valueOf(Path.of(words.getFirst()).toAbsolutePath().getParent()));
        for (Path each : hidden) line.add(each.toString());
        line.add("--");
        line.addAll(words);
        return line;
    }

    private static boolean succeeds(List<String> words) {
        try {
            Process trial = new ProcessBuilder(words)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (trial.waitFor(TRIAL_SECONDS, TimeUnit.SECONDS)) return trial.exitValue() == 0;
            trial.destroyForcibly();
            return false;
        } catch (IOException missing) {
            return false;
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
