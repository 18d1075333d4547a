package mesh.testnet.clients;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
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

    private static final Duration PATIENCE = Duration.ofSeconds(20);

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

    /**
     * While {@code check} runs, the endless model has more callers than it takes, and whoever comes is refused. They have
     * all left when this returns, and it takes callers again.
     */
    static void whileFull(SetUp setUp, Check check) throws Exception {
        fill(setUp, check);
        HttpRequest one = ask(setUp, "\"max_tokens\":1");
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        int status;
        try (HttpClient client = HttpClient.newHttpClient()) {
            do {
                status =
                        client.send(one, HttpResponse.BodyHandlers.discarding()).statusCode();
            } while (status == 429 && System.nanoTime() < deadline);
        }
        assertThat(status).isEqualTo(200);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // What fails is missed at the latch.
    private static void fill(SetUp setUp, Check check) throws Exception {
        HttpRequest request = ask(setUp, "\"stream\":true");
        try (HttpClient callers =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
            var refused = new CountDownLatch(1);
            for (int i = 0; i < CALLERS; i++)
                callers.sendAsync(request, HttpResponse.BodyHandlers.ofInputStream())
                        .thenAccept(answer -> {
                            if (answer.statusCode() == 429) refused.countDown();
                        });
            try {
                assertThat(refused.await(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                        .isTrue();
                check.run();
            } finally {
                callers.shutdownNow();
            }
        }
    }

    private static HttpRequest ask(SetUp setUp, String how) {
        return HttpRequest.newBuilder(URI.create(setUp.endlessRoot() + "/v1/chat/completions"))
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"model\":\"%s\",%s,\"messages\":[%s]}"
                        .formatted(SetUp.ENDLESS, how, "{\"role\":\"user\",\"content\":\"recite\"}")))
                .build();
    }

    /** Reads a stream of what must not end well; the process that makes it dies when some of it has arrived. */
    static void readUntilDeath(Stream<?> stream, SetUp setUp) {
        int[] parts = {0};
        stream.forEach(part -> {
            if (++parts[0] == 5) ProcessHandle.of(setUp.victim()).ifPresent(ProcessHandle::destroyForcibly);
        });
    }
}
