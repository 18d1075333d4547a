package mesh.daemon.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import mesh.daemon.Config;
import mesh.daemon.Refusal;
import mesh.daemon.Setting;
import mesh.daemon.Settings;
import mesh.daemon.store.Whereabouts;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which node a command speaks to: the one whose data dir this is. */
final class NodeOption {
    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            description = "The node's data dir. Default: ~/.mesh, or what MESH_HOME says.")
    @Nullable
    String dataDir;

    /** What the command line said, as settings. */
    Map<Setting, List<String>> said() {
        return dataDir == null ? Map.of() : Map.of(Setting.DATA_DIR, List.of(dataDir));
    }

    Config config() throws Refusal {
        return Config.of(Settings.resolve(said(), System.getenv()));
    }

    Path dataDir() throws Refusal {
        return config().dataDir();
    }

    /** The running daemon's management API. */
    ManagementClient node() throws Refusal {
        Path folder = dataDir();
        Whereabouts where;
        try {
            where = Whereabouts.read(folder)
                    .orElseThrow(() -> new Refusal(
                            Refusal.MISSING,
                            "not_running",
                            "no node is running in " + folder + "; start one with: mesh --model demo"));
        } catch (IOException unreadable) {
            throw new Refusal(
                    Refusal.FAILED, "data_dir_unusable", "cannot read " + folder + ": " + unreadable.getMessage());
        }
        if (where.management().isEmpty())
            throw new Refusal(
                    Refusal.MISSING,
                    "no_management",
                    "the node with pid " + where.pid() + " runs with --no-console, so it cannot be asked");
        return new ManagementClient(where);
    }
}
