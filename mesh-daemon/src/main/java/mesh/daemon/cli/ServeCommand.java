package mesh.daemon.cli;

import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import mesh.daemon.Config;
import mesh.daemon.Daemon;
import mesh.daemon.Refusal;
import mesh.daemon.Setting;
import mesh.daemon.Settings;
import mesh.daemon.log.LogFormat;
import mesh.daemon.log.LogOutput;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** {@code mesh serve}: runs the node until it is told to stop. Its options are the table of settings. */
final class ServeCommand implements java.util.concurrent.Callable<Integer> {
    private static final int INTERRUPTED = 130;
    private static final String INTERRUPT = "interrupted";

    private final Map<String, String> environment;
    private final CommandSpec spec;

    private ServeCommand(Map<String, String> environment) {
        this.environment = environment;
        this.spec = CommandSpec.wrapWithoutInspection(this);
    }

    static CommandLine line(Map<String, String> environment) {
        var command = new ServeCommand(environment);
        command.spec.usageMessage().description("Runs this node until Ctrl-C or mesh stop.");
        for (Setting setting : Setting.values()) command.spec.addOption(option(setting));
        return new CommandLine(command.spec);
    }

    /** What the command line said, by setting. */
    static Map<Setting, List<String>> said(CommandLine.ParseResult parsed) {
        var said = new EnumMap<Setting, List<String>>(Setting.class);
        for (Setting setting : Setting.values()) {
            if (!parsed.hasMatchedOption(setting.flag())) continue;
            said.put(
                    setting,
                    switch (setting.kind()) {
                        case VALUE, LIST -> parsed.matchedOption(setting.flag()).stringValues();
                        case OPTIONAL -> optional(parsed.matchedOption(setting.flag()), setting);
                        case SWITCH -> List.of("true");
                    });
        }
        return said;
    }

    @Override
    public Integer call() throws Refusal, InterruptedException {
        Map<Setting, List<String>> said = said(spec.commandLine().getParseResult());
        said.computeIfPresent(
                Setting.JOIN,
                (join, tokens) -> tokens.stream().map(ServeCommand::token).toList());
        Config config = Config.of(Settings.resolve(said, environment));
        var terminal = Terminal.of(spec.commandLine().getOut(), config.log().format() == LogFormat.PRETTY, environment);
        try (Daemon daemon = Daemon.open(config, terminal, terminal.isLive());
                var _ = new StartLine(daemon::models, terminal)) {
            Signals.handle("TERM", () -> daemon.requestStop("terminated"));
            Signals.handle("INT", () -> interrupt(daemon));
            daemon.serve();
            return daemon.awaitStop().equals(INTERRUPT) ? INTERRUPTED : 0;
        }
    }

    /** An invite on standard input stands in no list of processes and no history. */
    private static String token(String word) {
        if (!word.equals("-")) return word;
        var line = new Scanner(System.in, StandardCharsets.UTF_8);
        return line.hasNextLine() ? line.nextLine().strip() : "";
    }

    /** The first Ctrl-C stops in order; the second one now. */
    private static void interrupt(Daemon daemon) {
        if (daemon.requestStop(INTERRUPT)) return;
        daemon.killChildren();
        LogOutput.close();
        Runtime.getRuntime().halt(INTERRUPTED);
    }

    private static List<String> optional(OptionSpec option, Setting setting) {
        List<String> words = option.stringValues();
        return words.isEmpty() || words.getLast().isEmpty() ? List.of(setting.preset()) : words;
    }

    private static OptionSpec option(Setting setting) {
        OptionSpec.Builder option = OptionSpec.builder(setting.flag()).description(description(setting));
        return switch (setting.kind()) {
            case SWITCH -> option.type(boolean.class).arity("0").build();
            case VALUE ->
                option.type(String.class)
                        .arity("1")
                        .paramLabel(setting.placeholder())
                        .build();
            case LIST ->
                option.type(List.class)
                        .auxiliaryTypes(String.class)
                        .arity("1")
                        .paramLabel(setting.placeholder())
                        .build();
            case OPTIONAL ->
                option.type(String.class)
                        .arity("0..1")
                        .fallbackValue("")
                        .paramLabel(setting.placeholder())
                        .build();
        };
    }

    private static String description(Setting setting) {
        String text = Character.toUpperCase(setting.meaning().charAt(0))
                + setting.meaning().substring(1);
        return switch (setting.kind()) {
            case SWITCH -> text + ".";
            case LIST -> text + ". May be repeated.";
            case VALUE, OPTIONAL -> text + (setting.preset().isEmpty() ? "." : ". Default: " + setting.preset() + ".");
        };
    }
}
