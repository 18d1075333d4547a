package mesh.daemon.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import mesh.daemon.Refusal;
import mesh.daemon.Version;
import mesh.daemon.log.Log;
import mesh.daemon.log.LogOutput;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ScopeType;

/**
 * The program's entry. Without a command, options mean {@code serve}; without anything, help is shown and nothing is
 * bound. Every expected failure is one line on standard error and an exit code, never a stack trace.
 */
@Command(
        name = "mesh",
        description = "Serves every model of a mesh on one OpenAI-compatible port.",
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "",
            "Start with:  mesh --model demo",
            "Exit codes:  0 done, 1 failed, 2 usage, 11 to 23 invite refused, 69 something needed is missing, 130 interrupted"
        },
        versionProvider = Main.VersionLine.class,
        subcommands = {
            StatusCommand.class,
            ExplainCommand.class,
            LoadCommand.class,
            DropCommand.class,
            ModelsCommand.class,
            DownloadCommand.class,
            InviteCommand.class,
            JoinCommand.class,
            LeaveCommand.class,
            DiscoverCommand.class,
            RotateKeyCommand.class,
            RelayCommand.class,
            EngineCommand.class,
            DoctorCommand.class,
            StopCommand.class,
            LogsCommand.class,
        })
public final class Main implements Runnable {
    private static final Log log = Log.of(Main.class);

    @CommandLine.Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Show this help and leave.")
    boolean isHelpWanted;

    @CommandLine.Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Show the version and leave.")
    boolean isVersionWanted;

    @CommandLine.Spec
    CommandLine.Model.CommandSpec spec;

    private Main() {
        spec = CommandLine.Model.CommandSpec.create();
    }

    public static void main(String[] args) {
        int exitCode = commandLine(System.getenv()).execute(serveUnlessNamed(args));
        LogOutput.close();
        // Not System.exit: nothing but daemon threads and the exit code is left, and hooks are not ours to wait for.
        Runtime.getRuntime().halt(exitCode);
    }

    /** The whole command line, as tests and {@link #main} use it. */
    static CommandLine commandLine(java.util.Map<String, String> environment) {
        var main = new CommandLine(new Main());
        main.setCaseInsensitiveEnumValuesAllowed(true);
        main.addSubcommand("serve", ServeCommand.line(environment));
        main.setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8));
        main.setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8));
        main.setUsageHelpAutoWidth(true);
        main.setExecutionExceptionHandler(Main::failed);
        main.setParameterExceptionHandler(Main::misused);
        return main;
    }

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    /** {@code mesh --model demo} is {@code mesh serve --model demo}. */
    static String[] serveUnlessNamed(String[] args) {
        boolean isOption = args.length > 0 && args[0].startsWith("-");
        if (!isOption || List.of("-h", "--help", "-V", "--version").contains(args[0])) return args;
        var named = new ArrayList<String>(List.of(args));
        named.addFirst("serve");
        return named.toArray(String[]::new);
    }

    private static int failed(Exception thrown, CommandLine line, CommandLine.ParseResult parsed) {
        if (thrown instanceof Refusal refusal) {
            line.getErr().println("mesh: " + refusal.getMessage());
            return refusal.exitCode();
        }
        // Unexpected, so a bug: say it in one line, and where the rest is.
        line.getErr().println("mesh: internal error: " + thrown);
        log.debug("command.broke", "command", line.getCommandName(), thrown);
        return Refusal.FAILED;
    }

    private static int misused(CommandLine.ParameterException misuse, String[] args) {
        CommandLine line = misuse.getCommandLine();
        line.getErr().println("mesh: " + String.valueOf(misuse.getMessage()).replaceAll("\\s+", " "));
        CommandLine.UnmatchedArgumentException.printSuggestions(misuse, line.getErr());
        line.getErr().println("See: " + line.getCommandSpec().qualifiedName() + " --help");
        return Refusal.USAGE;
    }

    /** Reads the version the build wrote into the jar. */
    static final class VersionLine implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"mesh " + Version.text()};
        }
    }
}
