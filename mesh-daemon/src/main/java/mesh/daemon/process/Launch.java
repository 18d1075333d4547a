package mesh.daemon.process;

import java.time.Duration;
import mesh.core.Check;

/**
 * What a supervisor keeps running.
 *
 * @param name unique among the daemon's children; names threads and the log file
 * @param commands makes the command once the port and the key of a start are known
 * @param readiness when it counts as ready
 * @param modelBytes what it loads, for the progress; 0 where that is not known
 * @param silenceMax how long it may run without listening; loading itself has no limit
 */
public record Launch(
        String name,
        Commands commands,
        Readiness readiness,
        long modelBytes,
        Duration silenceMax,
        RestartPolicy restarts) {
    /** Arguments and backends take milliseconds, a cold GPU driver tens of seconds; a hung RPC endpoint takes for ever. */
    public static final Duration SILENCE_MAX = Duration.ofSeconds(60);

    public Launch {
        Check.that(name.matches("[A-Za-z0-9._-]{1,120}"), "a child's name can name a file", name);
        Check.that(modelBytes >= 0, "sizes are not negative", modelBytes);
    }

    /** A llama-server: ready by {@code /health}, restarted by the default policy. */
    public static Launch server(String name, long modelBytes, Commands commands) {
        return new Launch(name, commands, Readiness.health(), modelBytes, SILENCE_MAX, RestartPolicy.DEFAULT);
    }

    /** Builds the command of one start. Called on the supervisor's thread. */
    public interface Commands {
        Command with(int port, String apiKey);
    }
}
