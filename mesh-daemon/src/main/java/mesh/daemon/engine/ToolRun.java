package mesh.daemon.engine;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import mesh.daemon.process.Leash;

/**
 * Runs a program that ends by itself and hands over what it wrote, both streams together. It is killed when it takes too
 * long or when its caller is interrupted. Blocks its caller.
 */
final class ToolRun {
    /** A cold GPU driver needs seconds before {@code --help}. */
    private static final Duration WAIT = Duration.ofSeconds(30);

    /** Help is 60 KB; anything far above is not a program we know. */
    private static final int OUTPUT_BYTES_MAX = 4 << 20;

    record Result(int exitCode, String output) {
        Stream<String> lines() {
            return output.lines();
        }

        String lastLine() {
            List<String> lines = lines().filter(line -> !line.isBlank()).toList();
            return lines.isEmpty()
                    ? "it said nothing, exit code " + exitCode
                    : lines.getLast().strip();
        }
    }

    private ToolRun() {}

    static Result of(List<String> words) throws IOException, InterruptedException {
        return in(Path.of("."), words, Map.of(), WAIT);
    }

    static Result in(Path folder, List<String> words, Map<String, String> variables, Duration wait)
            throws IOException, InterruptedException {
        List<String> leashed = Leash.on(words).orElseThrow(() -> new IOException("neither setsid nor perl found"));
        var builder = new ProcessBuilder(leashed).directory(folder.toFile()).redirectErrorStream(true);
        builder.environment().remove("LD_LIBRARY_PATH");
        // What we read is matched as text, so it must not come in the user's language.
        builder.environment().put("LC_ALL", "C");
        builder.environment().putAll(variables);
        Process process = builder.start();
        try {
            var output = new StringBuilder();
            Thread reader = Thread.ofVirtual().name("tool-out").start(() -> read(process.getInputStream(), output));
            if (!process.waitFor(wait.toMillis(), TimeUnit.MILLISECONDS))
                throw new IOException("did not end within " + wait.toSeconds() + " s program=" + words.getFirst());
            reader.join();
            return new Result(process.exitValue(), output.toString());
        } finally {
            process.destroyForcibly();
            process.getOutputStream().close();
        }
    }

    private static void read(InputStream in, StringBuilder into) {
        try {
            into.append(new String(in.readNBytes(OUTPUT_BYTES_MAX), StandardCharsets.UTF_8));
        } catch (IOException gone) {
            // The program was killed for taking too long, which its caller reports.
        }
    }
}
