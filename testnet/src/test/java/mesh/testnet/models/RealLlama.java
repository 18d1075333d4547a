package mesh.testnet.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import mesh.testnet.engine.RealEngine;

/**
 * The programs of the real llama.cpp, run by hand rather than by our supervisor, to be compared with what we say. Each
 * test runs its own and ends them by handle.
 */
final class RealLlama {
    /** A loaded machine takes seconds for what an idle one does in one. */
    private static final long RUN_SECONDS_MAX = 60;

    private final Path folder;

    private RealLlama(Path folder) {
        this.folder = folder;
    }

    static RealLlama orSkip() throws IOException, InterruptedException {
        return new RealLlama(RealEngine.orSkip().folder());
    }

    /** Starts a program; the caller ends it. Its output goes to {@code log}. */
    Process start(Path log, String program, List<String> arguments) throws IOException {
        var command = new ArrayList<String>();
        command.add(folder.resolve(program).toString());
        command.addAll(arguments);
        var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment()
                .keySet()
                .removeIf(name -> name.startsWith("LLAMA_ARG_") || name.equals("LD_LIBRARY_PATH"));
        return builder.start();
    }

    /** Runs a program to its end and answers with what it printed. */
    String run(Path log, String program, String... arguments) throws IOException, InterruptedException {
        Process process = start(log, program, List.of(arguments));
        try {
            if (!process.waitFor(RUN_SECONDS_MAX, TimeUnit.SECONDS)) throw new AssertionError(program + " hangs");
            String printed = Files.readString(log);
            if (process.exitValue() != 0) throw new AssertionError(program + " failed: " + printed);
            return printed;
        } finally {
            process.destroyForcibly();
        }
    }
}
