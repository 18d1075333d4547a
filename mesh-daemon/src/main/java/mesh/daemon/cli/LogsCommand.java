package mesh.daemon.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.concurrent.Callable;
import mesh.daemon.Refusal;
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

    private static long printEnd(Path file, PrintWriter out) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        var last = new ArrayDeque<String>();
        new String(bytes, StandardCharsets.UTF_8).lines().forEach(line -> {
            last.add(line);
            if (last.size() > LINES) last.remove();
        });
        last.forEach(out::println);
        return bytes.length;
    }

    /** A file shorter than what was read of it was rotated: begin it anew. */
    private static long printSince(Path file, long at, PrintWriter out) throws IOException {
        long size = Files.size(file);
        if (size == at) return at;
        try (var in = Files.newInputStream(file)) {
            in.skipNBytes(size < at ? 0 : at);
            out.print(new String(in.readAllBytes(), StandardCharsets.UTF_8));
            out.flush();
        }
        return size;
    }
}
