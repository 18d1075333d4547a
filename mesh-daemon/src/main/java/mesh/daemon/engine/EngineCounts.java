package mesh.daemon.engine;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
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
    private static final int WAIT_MILLIS = 1000;

    /** Several times what it prints. */
    private static final int ANSWER_BYTES_MAX = 64 << 10;

    private static final String PREFIX = "llamacpp:";

    /** Empty when it does not answer, or does not count. */
    public static Optional<EngineCounts> ask(InetSocketAddress address, String apiKey) {
        try (var socket = new Socket()) {
            socket.connect(address, WAIT_MILLIS);
            socket.setSoTimeout(WAIT_MILLIS);
            String request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + apiKey
                    + "\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return parse(new String(socket.getInputStream().readNBytes(ANSWER_BYTES_MAX), StandardCharsets.ISO_8859_1));
        } catch (IOException gone) {
            return Optional.empty();
        }
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
