package mesh.testnet.clients;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** What a Java library is asked to do with a set-up: named checks, each of which asserts content. */
final class Checks {
    static final String OK = "ok";
    static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz";

    /** Longer than any context: the engine says so. */
    static final String TOO_LONG = "x".repeat(300_000);

    /** One slot and a queue of eight, and a few more. */
    private static final int CALLERS = 12;

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

    /** While {@code check} runs, the endless model has more callers than it takes, and whoever comes is refused. */
    @SuppressWarnings("FutureReturnValueIgnored") // What fails is missed at the latch.
    static void whileFull(SetUp setUp, Check check) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(setUp.endlessRoot() + "/v1/chat/completions"))
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"model\":\"" + SetUp.ENDLESS
                        + "\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"recite\"}]}"))
                .build();
        try (HttpClient callers =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
            var refused = new CountDownLatch(1);
            for (int i = 0; i < CALLERS; i++)
                callers.sendAsync(request, HttpResponse.BodyHandlers.ofInputStream())
                        .thenAccept(answer -> {
                            if (answer.statusCode() == 429) refused.countDown();
                        });
            try {
                assertThat(refused.await(20, TimeUnit.SECONDS)).isTrue();
                check.run();
            } finally {
                callers.shutdownNow();
            }
        }
    }

    /** Reads a stream of what must not end well; the process that makes it dies when some of it has arrived. */
    static void readUntilDeath(Stream<?> stream, SetUp setUp) {
        int[] parts = {0};
        stream.forEach(part -> {
            if (++parts[0] == 5) ProcessHandle.of(setUp.victim()).ifPresent(ProcessHandle::destroyForcibly);
        });
    }
}
