package mesh.daemon.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesh.daemon.Refusal;
import mesh.daemon.log.LogLevel;
import mesh.daemon.store.DataDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code mesh logs}: the end of the node's log, or of one model's llama.cpp, and with {@code -f} what follows. */
@Command(name = "logs", description = "Shows the end of the node's log.")
final class LogsCommand implements Callable<Integer> {
    private static final int LINES = 50;

    /** In both formats of a line, at its beginning, where no value can stand. */
    private static final Pattern LEVEL =
            Pattern.compile("^(?:time=\\S+ level=|\\{\"time\":\"[^\"]*\",\"level\":\")(error|warn|info|debug)\\b");

    /** Fast enough to feel live, slow enough to cost nothing. */
    private static final long POLL_MILLIS = 200;

    @Mixin
    final NodeOption node = new NodeOption();

    @Option(names = "--model", paramLabel = "MODEL", description = "Show what this model's llama.cpp said instead.")
    String model = "";

    @Option(
            names = {"-f", "--follow"},
            description = "Go on as lines arrive, until Ctrl-C.")
    boolean isFollowing;

    @Option(
            names = "--level",
            paramLabel = "LEVEL",
            description = "Only events at least as important: error, warn, info or debug. Default: debug.")
    LogLevel level = LogLevel.DEBUG;

    @Spec
    CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    @Override
    public Integer call() throws Refusal, InterruptedException {
        Path folder = DataDir.log(node.dataDir());
        Path file = folder.resolve((model.isEmpty() ? "mesh" : model.replaceAll("[^A-Za-z0-9._-]", "_")) + ".log");
        PrintWriter out = spec.commandLine().getOut();
        try {
            long at = printEnd(file, out);
            while (isFollowing) {
                Thread.sleep(POLL_MILLIS);
                at = printSince(file, at, out);
            }
        } catch (NoSuchFileException absent) {
            throw new Refusal(Refusal.MISSING, "no_log", "no log at " + file);
        } catch (IOException unreadable) {
            throw new Refusal(Refusal.FAILED, "log_unreadable", "cannot read " + file + ": " + unreadable.getMessage());
        }
        return 0;
    }

    /** What an engine said has no levels, and is shown whole. */
    private boolean isWanted(String line) {
        Matcher said = LEVEL.matcher(line);
        return !said.find()
                || LogLevel.valueOf(said.group(1).toUpperCase(Locale.ROOT)).compareTo(level) <= 0;
    }

    private long printEnd(Path file, PrintWriter out) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        var last = new ArrayDeque<String>();
        new String(bytes, StandardCharsets.UTF_8).lines().filter(this::isWanted).forEach(line -> {
            last.add(line);
            if (last.size() > LINES) last.remove();
        });
        last.forEach(out::println);
        return bytes.length;
    }

    /** A file shorter than what was read of it was rotated: begin it anew. */
    private long printSince(Path file, long at, PrintWriter out) throws IOException {
        long size = Files.size(file);
        if (size == at) return at;
        try (var in = Files.newInputStream(file)) {
            long start = size < at ? 0 : at;
            in.skipNBytes(start);
            byte[] fresh = in.readAllBytes();
            int whole = fresh.length;
            while (whole > 0 && fresh[whole - 1] != '\n') whole--;
            new String(fresh, 0, whole, StandardCharsets.UTF_8)
                    .lines()
                    .filter(this::isWanted)
                    .forEach(out::println);
            out.flush();
            return start + whole;
        }
    }
}
