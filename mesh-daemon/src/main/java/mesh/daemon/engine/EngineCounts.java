package mesh.daemon.engine;

import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What one llama-server has generated since it started, by its own count. {@link #ask} blocks for two seconds at most.
 *
 * @param seconds spent on the tokens, of all slots together
 * @param guessed tokens that its draft guessed
 * @param accepted how many of these were right
 */
public record EngineCounts(long tokens, double seconds, long guessed, long accepted) {
    /** Several times what it prints. */
    private static final int ANSWER_BYTES_MAX = 64 << 10;

    private static final String PREFIX = "llamacpp:";

    /** Empty when it does not answer, or does not count. */
    public static Optional<EngineCounts> ask(InetSocketAddress address, String apiKey) {
        return EngineQuestion.ask("/metrics", address, apiKey, ANSWER_BYTES_MAX).flatMap(EngineCounts::parse);
    }

    /** Builds that do not count guesses are taken to have made none. */
    static Optional<EngineCounts> parse(String answer) {
        Map<String, Double> counters = new HashMap<>();
        for (String line : answer.lines().toList()) {
            int space = line.indexOf(' ');
            if (!line.startsWith(PREFIX) || space < 0) continue;
            try {
                counters.put(line.substring(PREFIX.length(), space), Double.parseDouble(line.substring(space + 1)));
            } catch (NumberFormatException odd) {
                return Optional.empty();
            }
        }
        Double tokens = counters.get("tokens_predicted_total");
        Double seconds = counters.get("tokens_predicted_seconds_total");
        if (tokens == null || seconds == null) return Optional.empty();
        return Optional.of(new EngineCounts(
                tokens.longValue(),
                seconds,
                counters.getOrDefault("spec_decode_num_draft_tokens_total", 0.0).longValue(),
                counters.getOrDefault("spec_decode_num_accepted_tokens_total", 0.0)
                        .longValue()));
    }

    public long milliTokensPerSecond() {
        return seconds <= 0 ? 0 : Math.round(tokens * 1000 / seconds);
    }

    public int acceptedPercent() {
        return guessed == 0 ? 0 : (int) (accepted * 100 / guessed);
    }
}
