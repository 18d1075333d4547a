package mesh.testnet.clients;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What a Java library is asked to do with a set-up: named checks, each of which asserts content. */
final class Checks {
    static final String OK = "ok";
    static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz";

    /** Longer than any context: the engine says so. */
    static final String TOO_LONG = "x".repeat(300_000);

    private final Map<String, Check> checks = new LinkedHashMap<>();

    /** One of them. */
    interface Check {
        void run() throws Exception;
    }

    Checks add(String name, Check check) {
        checks.put(name, check);
        return this;
    }

    /** Check by check: "ok", or what went wrong. */
    Map<String, String> run(List<String> skip) {
        Map<String, String> results = new TreeMap<>();
        checks.forEach((name, check) -> {
            if (skip.contains(name)) return;
            try {
                check.run();
                results.put(name, OK);
            } catch (Exception | AssertionError failed) {
                results.put(name, failed.toString());
            }
        });
        return results;
    }

    /** Reads a stream of what must not end well; the process that makes it dies when some of it has arrived. */
    static void readUntilDeath(Stream<?> stream, SetUp setUp) {
        int[] parts = {0};
        stream.forEach(part -> {
            if (++parts[0] == 5) ProcessHandle.of(setUp.victim()).ifPresent(ProcessHandle::destroyForcibly);
        });
    }
}
