package mesh.testnet.fake;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a {@link FakeLlama} does wrong, and how fast it does the rest. Immutable; every knob left alone means no trouble.
 *
 * @param loadMillis {@code /health} and everything else say 503 for so long
 * @param firstTokenMillis pause before an answer begins
 * @param tokenMillis pause before each further token; 0 sends as fast as the reader takes it
 * @param tokens length of an answer; beyond 26 the alphabet begins again
 * @param tokenBytes length of one token, filled up with dots
 * @param dieAfterTokens ends the process in the middle of a stream; 0 does not
 * @param silent runs without ever listening
 * @param ignoreTerm SIGTERM has no effect
 * @param failWith last words, after which it exits without listening; empty does not
 * @param exitCode what it exits with after its last words
 */
public record Knobs(
        long loadMillis,
        long firstTokenMillis,
        long tokenMillis,
        int tokens,
        int tokenBytes,
        int dieAfterTokens,
        boolean silent,
        boolean ignoreTerm,
        String failWith,
        int exitCode) {

    public static final Knobs NONE = of("");

    /** Reads {@code name=value} pairs parted by semicolons; unknown names are an error. */
    public static Knobs of(String text) {
        var given = new LinkedHashMap<String, String>();
        for (String pair : text.split(";")) {
            int equals = pair.indexOf('=');
            if (equals > 0) given.put(pair.substring(0, equals).strip(), pair.substring(equals + 1));
        }
        var knobs = new Knobs(
                number(given, "loadMillis", 0),
                number(given, "firstTokenMillis", 0),
                number(given, "tokenMillis", 0),
                (int) number(given, "tokens", 26),
                (int) number(given, "tokenBytes", 1),
                (int) number(given, "dieAfterTokens", 0),
                number(given, "silent", 0) == 1,
                number(given, "ignoreTerm", 0) == 1,
                text(given, "failWith"),
                (int) number(given, "exitCode", 1));
        if (!given.isEmpty()) throw new IllegalArgumentException("no such knobs: " + given.keySet());
        return knobs;
    }

    private static long number(Map<String, String> given, String name, long otherwise) {
        String value = given.remove(name);
        return value == null ? otherwise : Long.parseLong(value);
    }

    private static String text(Map<String, String> given, String name) {
        String value = given.remove(name);
        return value == null ? "" : value;
    }
}
