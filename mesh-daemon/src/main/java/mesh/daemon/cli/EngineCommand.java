package mesh.daemon.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import mesh.daemon.Refusal;
import mesh.daemon.engine.Engine;
import mesh.daemon.engine.EngineFinder;
import mesh.daemon.engine.EngineInstaller;
import mesh.daemon.engine.EngineShelf;
import mesh.daemon.engine.EngineSource;
import mesh.daemon.engine.InstallProgress;
import mesh.daemon.store.DataDir;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code mesh engine}: the llama.cpp that serves the models. */
@Command(
        name = "engine",
        description = "Installs, lists and checks the llama.cpp that serves the models.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {EngineCommand.Install.class, EngineCommand.Listing.class, EngineCommand.Check.class})
final class EngineCommand implements Runnable {
    @Spec
    CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    /** {@code mesh engine install}. */
    @Command(
            name = "install",
            description = {
                "Installs llama.cpp into the data dir, without root.",
                "By default it takes upstream's release where one is pinned for this platform, else Debian's packages,"
                        + " through this machine's apt-get and checked with its keyring."
            })
    static final class Install implements Callable<Integer> {
        @Mixin
        final NodeOption node = new NodeOption();

        @Option(names = "--suite", paramLabel = "SUITE", description = "Take Debian's packages, from this suite.")
        @Nullable
        String suite;

        @Option(
                names = "--archive",
                paramLabel = "FILE|URL",
                description = "Take this .tar.gz or .zip of llama.cpp instead; a URL needs --sha256.")
        @Nullable
        String archive;

        @Option(names = "--sha256", paramLabel = "HEX", description = "The SHA-256 of the archive behind the URL.")
        String sha256 = "";

        @Option(names = "--offline", description = "Refuse whatever needs the network.")
        boolean isOffline;

        @Spec
        CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

        @Override
        public Integer call() throws Refusal, InterruptedException {
            PrintWriter out = spec.commandLine().getOut();
            var installer = new EngineInstaller(shelf(node), isOffline, System.getenv(), new Progress(out));
            return switch (installer.install(source())) {
                case EngineInstaller.Outcome.Installed(Engine engine, boolean isFresh) -> {
                    out.println(
                            (isFresh ? "installed " : "already there: ") + engine.version() + " in " + engine.folder());
                    yield 0;
                }
                case EngineInstaller.Outcome.Refused(var reason, String message) ->
                    throw new Refusal(Refusal.FAILED, reason.code(), reason.code() + ": " + message);
            };
        }

        private EngineSource source() throws Refusal {
            if (archive == null) return suite == null ? EngineSource.preferred() : new EngineSource.Debian(suite);
            if (!archive.matches("(?i)https?://.*")) return new EngineSource.Local(Path.of(archive));
            try {
                return new EngineSource.Remote(new URI(archive), sha256);
            } catch (URISyntaxException malformed) {
                throw new Refusal(Refusal.USAGE, "bad_value", "--archive " + archive + ": not a URL");
            }
        }
    }

    /** {@code mesh engine list}. */
    @Command(name = "list", description = "Lists the managed installs; the one in use has a star.")
    static final class Listing implements Callable<Integer> {
        @Mixin
        final NodeOption node = new NodeOption();

        @Spec
        CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

        @Override
        public Integer call() throws Refusal {
            EngineShelf shelf = shelf(node);
            PrintWriter out = spec.commandLine().getOut();
            try {
                var current = shelf.current();
                for (Path install : shelf.installs())
                    out.println((current.equals(java.util.Optional.of(install.toRealPath())) ? "* " : "  ") + install);
                if (shelf.installs().isEmpty()) out.println("none; get one with: mesh engine install");
                return 0;
            } catch (IOException unreadable) {
                throw new Refusal(
                        Refusal.FAILED, "data_dir_unusable", "cannot read " + shelf.folder() + ": " + unreadable);
            }
        }
    }

    /** {@code mesh engine check}. */
    @Command(name = "check", description = "Runs the llama.cpp a node would use, and says what it is.")
    static final class Check implements Callable<Integer> {
        @Mixin
        final NodeOption node = new NodeOption();

        @Option(names = "--bin-dir", paramLabel = "DIR", description = "Look here only.")
        @Nullable
        Path binDir;

        @Spec
        CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

        @Override
        public Integer call() throws Refusal, InterruptedException {
            PrintWriter out = spec.commandLine().getOut();
            return switch (EngineFinder.find(binDir, shelf(node))) {
                case EngineFinder.Search.Found(Engine engine) -> {
                    new Table()
                            .row("folder", engine.folder().toString())
                            .row("version", engine.version())
                            .row(
                                    "splits",
                                    engine.worker()
                                            .map(w -> "RPC " + w.version())
                                            .orElse("no rpc-server: cannot lend or use memory"))
                            .print(out);
                    yield 0;
                }
                case EngineFinder.Search.NotFound(var looked) -> {
                    for (var place : looked) out.println(place.folder() + ": " + place.verdict());
                    throw new Refusal(
                            Refusal.MISSING, "engine_missing", "no llama.cpp found; get one with: mesh engine install");
                }
            };
        }
    }

    private static EngineShelf shelf(NodeOption node) throws Refusal {
        return new EngineShelf(DataDir.engine(node.dataDir()));
    }

    /** One line per step; a download says how far it is at every tenth. */
    private static final class Progress implements InstallProgress {
        private final PrintWriter out;
        private @Nullable Step step;
        private long tenths;

        Progress(PrintWriter out) {
            this.out = out;
        }

        @Override
        public void at(Step now, long done, long total) {
            if (now != step) {
                step = now;
                tenths = 0;
                out.println(now.name().toLowerCase(Locale.ROOT));
            }
            if (total <= 0 || done * 10 / total <= tenths) return;
            tenths = done * 10 / total;
            out.println("  " + tenths * 10 + " %");
        }
    }
}
