package mesh.testnet.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import mesh.daemon.fetch.Fetch;
import mesh.daemon.fetch.FetchReason;
import mesh.daemon.fetch.Fetched;
import mesh.daemon.fetch.Network;
import mesh.daemon.fetch.Order;
import mesh.daemon.fetch.Patience;
import mesh.daemon.fetch.Progress;
import mesh.testnet.fake.FakeHub;
import mesh.testnet.fake.FakeHub.Asset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every trouble of a line and a server ends in the right file, or in a reason with what came kept. */
class FetchTest {
    private static final byte[] CONTENT = random(1, 3 << 20);
    private static final Patience SHORT = new Patience(4, 5, 20, 500, 2_000);
    private static final String PATH = "/who/what/resolve/main/model.gguf";

    @TempDir
    Path folder;

    private FakeHub hub;

    @BeforeEach
    void start() throws IOException {
        hub = FakeHub.start().serve(PATH, new Asset(CONTENT));
    }

    @AfterEach
    void stop() throws IOException {
        hub.close();
    }

    @Test
    void fileComesWholeAndChecked() throws Exception {
        Fetched fetched = fetch(order(Optional.of(sha256(CONTENT))));

        assertThat(fetched).isEqualTo(new Fetched.Done(target(), CONTENT.length, sha256(CONTENT)));
        assertThat(target()).hasBinaryContent(CONTENT);
        assertThat(names()).containsExactly("model.gguf");
    }

    @Test
    void largeFileComesInSeveralPiecesAtOnce() throws Exception {
        byte[] large = random(2, 200 << 20);
        hub.serve(PATH, new Asset(large).atBytesPerSecond(400 << 20));

        Fetched fetched = fetch(order(Optional.of(sha256(large))));

        assertThat(fetched).isInstanceOf(Fetched.Done.class);
        assertThat(hub.asked()).hasSize(4);
    }

    @Test
    void resetLineIsTakenUpWhereItBroke() throws Exception {
        hub.script(PATH, FakeHub.first(3, number -> (asked, wire) -> {
            cut(wire, asked, number * 100_000);
            return true;
        }));

        assertThat(fetch(order(Optional.of(sha256(CONTENT))))).isInstanceOf(Fetched.Done.class);

        List<String> from = hub.asked().stream()
                .map(asked -> asked.header("range").replaceAll("-.*", ""))
                .toList();
        assertThat(from).hasSize(4).doesNotHaveDuplicates();
        assertThat(hub.asked().getLast().header("if-range")).isEqualTo("\"1\"");
    }

    @Test
    void lineThatNeverHoldsEndsWithAReasonAndThePart() throws Exception {
        hub.script(PATH, (asked, wire) -> {
            if (asked.number() == 1) cut(wire, asked, 1_000_000);
            else wire.reset();
            return true;
        });

        Fetched refused = fetch(order(Optional.empty()));

        assertThat(reason(refused)).isEqualTo(FetchReason.SERVER_FAILED);
        // Java asks once more by itself where a line broke before the answer began.
        assertThat(hub.asked()).hasSizeBetween(SHORT.tries(), 2 * SHORT.tries());
        assertThat(names()).containsExactly("model.gguf.part", "model.gguf.part.json");

        hub.script(PATH, (asked, wire) -> false);
        assertThat(fetch(order(Optional.empty()))).isInstanceOf(Fetched.Done.class);
        assertThat(hub.asked().getLast().header("range")).doesNotStartWith("bytes=0-");
        assertThat(target()).hasBinaryContent(CONTENT);
    }

    @Test
    void silentLineIsGivenUpAndTakenUpAgain() throws Exception {
        hub.script(PATH, FakeHub.first(1, number -> (asked, wire) -> {
            wire.head(
                    206,
                    Map.of(
                            "etag",
                            "\"1\"",
                            "content-length",
                            String.valueOf(CONTENT.length),
                            "content-range",
                            "bytes 0-" + (CONTENT.length - 1) + "/" + CONTENT.length));
            wire.body(FakeHub.bytes(CONTENT), 0, 500_000, 0);
            wire.stall();
            return true;
        }));

        assertThat(fetch(order(Optional.of(sha256(CONTENT))))).isInstanceOf(Fetched.Done.class);
        assertThat(hub.asked().getLast().header("range")).startsWith("bytes=500000-");
    }

    @Test
    void changedFileIsFetchedAnew() throws Exception {
        byte[] other = random(3, 2 << 20);
        hub.script(PATH, (asked, wire) -> {
            if (asked.number() > 1) return false;
            cut(wire, asked, 1_000_000);
            hub.serve(PATH, new Asset(other).withEtag("\"2\""));
            return true;
        });

        assertThat(fetch(order(Optional.empty()))).isEqualTo(new Fetched.Done(target(), other.length, sha256(other)));
        assertThat(target()).hasBinaryContent(other);
    }

    @Test
    void changedFileIsNoticedWhereIfRangeIsNotUnderstood() throws Exception {
        byte[] other = random(4, CONTENT.length);
        hub.script(PATH, (asked, wire) -> {
            if (asked.number() == 1) cut(wire, asked, 1_000_000);
            else
                FakeHub.send(
                        new FakeHub.Asked("GET", PATH, Map.of("range", asked.header("range")), 0),
                        new Asset(other).withEtag("\"2\""),
                        wire);
            return true;
        });

        assertThat(fetch(order(Optional.empty()))).isEqualTo(new Fetched.Done(target(), other.length, sha256(other)));
    }

    @Test
    void fileThatChangesAllTheTimeIsGivenUp() throws Exception {
        hub.script(PATH, (asked, wire) -> {
            cut(wire, asked, 1_000_000, "\"" + asked.number() + "\"");
            return true;
        });

        assertThat(reason(fetch(order(Optional.empty())))).isEqualTo(FetchReason.CHANGED);
    }

    @Test
    void serverWithoutRangesSendsTheWhole() throws Exception {
        hub.serve(PATH, new Asset(CONTENT).withoutRanges());
        hub.script(PATH, FakeHub.first(1, number -> (asked, wire) -> {
            wire.head(200, Map.of("etag", "\"1\"", "content-length", String.valueOf(CONTENT.length)));
            wire.body(FakeHub.bytes(CONTENT), 0, 1_000_000, 0);
            return true;
        }));

        assertThat(fetch(order(Optional.of(sha256(CONTENT))))).isInstanceOf(Fetched.Done.class);
        assertThat(target()).hasBinaryContent(CONTENT);
    }

    @Test
    void serverThatSaysNoSizeIsBelieved() throws Exception {
        hub.script(PATH, (asked, wire) -> {
            wire.head(200, Map.of());
            wire.body(FakeHub.bytes(CONTENT), 0, CONTENT.length, 0);
            return true;
        });

        assertThat(fetch(order(Optional.of(sha256(CONTENT))))).isInstanceOf(Fetched.Done.class);
        assertThat(target()).hasBinaryContent(CONTENT);
    }

    @Test
    void wrongHashIsSaidAndTheNextTryStartsAnew() throws Exception {
        byte[] wrong = CONTENT.clone();
        wrong[1_234_567] ^= 1;
        hub.serve(PATH, new Asset(wrong));

        Fetched refused = fetch(order(Optional.of(sha256(CONTENT))));

        assertThat(reason(refused)).isEqualTo(FetchReason.WRONG_HASH);
        assertThat(names()).contains("model.gguf.part").doesNotContain("model.gguf");

        hub.serve(PATH, new Asset(CONTENT));
        assertThat(fetch(order(Optional.of(sha256(CONTENT))))).isInstanceOf(Fetched.Done.class);
    }

    @Test
    void hashThatTheHubPromisesIsChecked() throws Exception {
        byte[] wrong = CONTENT.clone();
        wrong[7] ^= 1;
        hub.serve("/cdn", new Asset(wrong));
        hub.script(PATH, (asked, wire) -> {
            wire.head(
                    302,
                    Map.of(
                            "location",
                            "/cdn?signature=secret",
                            "x-linked-etag",
                            "\"" + sha256(CONTENT) + "\"",
                            "content-length",
                            "0"));
            return true;
        });
        hub.script("/cdn?signature=secret", (asked, wire) -> {
            FakeHub.send(asked, new Asset(wrong), wire);
            return true;
        });

        Fetched refused = fetch(order(Optional.empty()));

        assertThat(reason(refused)).isEqualTo(FetchReason.WRONG_HASH);
    }

    @Test
    void sizeOtherThanTheKnownOneIsRefusedBeforeTheBytesCome() throws Exception {
        var order = new Order(hub.uri(PATH), target(), OptionalLong.of(17), Optional.empty());

        assertThat(reason(fetch(order))).isEqualTo(FetchReason.WRONG_SIZE);
        assertThat(names()).isEmpty();
    }

    @Test
    void busyServerIsAskedAgainWhenItSaysSo() throws Exception {
        hub.script(PATH, FakeHub.first(2, number -> (asked, wire) -> {
            wire.head(number == 1 ? 429 : 503, Map.of("retry-after", "0", "content-length", "0"));
            return true;
        }));

        assertThat(fetch(order(Optional.empty()))).isInstanceOf(Fetched.Done.class);
    }

    @Test
    void serverThatAsksForAnHourIsLeftAlone() throws Exception {
        hub.script(PATH, (asked, wire) -> {
            wire.head(429, Map.of("retry-after", "3600", "content-length", "0"));
            return true;
        });

        Fetched refused = fetch(order(Optional.empty()));

        assertThat(reason(refused)).isEqualTo(FetchReason.RATE_LIMITED);
        assertThat(((Fetched.Refused) refused).message()).contains("3600 s");
        assertThat(hub.asked()).hasSize(1);
    }

    @Test
    void eachRefusalHasItsReason() throws Exception {
        assertThat(refusedWith(404, Map.of())).isEqualTo(FetchReason.NOT_FOUND);
        assertThat(refusedWith(401, Map.of())).isEqualTo(FetchReason.UNAUTHORIZED);
        assertThat(refusedWith(401, Map.of("x-error-code", "GatedRepo"))).isEqualTo(FetchReason.GATED);
        assertThat(refusedWith(401, Map.of("x-error-code", "RepoNotFound"))).isEqualTo(FetchReason.NOT_FOUND);
        assertThat(refusedWith(403, Map.of())).isEqualTo(FetchReason.GATED);
        assertThat(refusedWith(418, Map.of())).isEqualTo(FetchReason.HTTP_REFUSED);
        assertThat(refusedWith(500, Map.of())).isEqualTo(FetchReason.SERVER_FAILED);
        assertThat(refusedWith(302, Map.of("location", PATH))).isEqualTo(FetchReason.BAD_REDIRECT);
        assertThat(refusedWith(302, Map.of("location", "ftp://nowhere/"))).isEqualTo(FetchReason.BAD_REDIRECT);
        assertThat(names()).isEmpty();
    }

    @Test
    void nobodyListeningIsUnreachable() throws Exception {
        URI nowhere = hub.uri(PATH);
        hub.close();

        var order = new Order(nowhere, target(), OptionalLong.empty(), Optional.empty());

        assertThat(reason(fetch(order))).isEqualTo(FetchReason.UNREACHABLE);
    }

    @Test
    void tokenIsShownToTheHubAlone() throws Exception {
        try (FakeHub cdn = FakeHub.start().serve("/file", new Asset(CONTENT))) {
            // The same machine under another name is another host.
            String elsewhere = cdn.uri("/file").toString().replace("127.0.0.1", "localhost");
            hub.script(PATH, (asked, wire) -> {
                wire.head(302, Map.of("location", elsewhere, "content-length", "0"));
                return true;
            });

            assertThat(fetch(order(Optional.empty()), Map.of("HF_TOKEN", "hf_secret")))
                    .isInstanceOf(Fetched.Done.class);

            assertThat(hub.asked().getFirst().header("authorization")).isEqualTo("Bearer hf_secret");
            assertThat(cdn.asked())
                    .allMatch(asked -> asked.header("authorization").isEmpty());
        }
    }

    @Test
    void proxyOfTheEnvironmentIsUsed() throws Exception {
        URI proxy = hub.uri("");
        hub.serve("/model.gguf", new Asset(CONTENT));
        var order = new Order(
                URI.create("http://models.invalid/model.gguf"), target(), OptionalLong.empty(), Optional.empty());

        assertThat(fetch(order, Map.of("http_proxy", proxy.toString()))).isInstanceOf(Fetched.Done.class);
        assertThat(hub.asked().getFirst().header("host")).isEqualTo("models.invalid");
    }

    @Test
    void stoppedFetchKeepsWhatCame() throws Exception {
        hub.serve(PATH, new Asset(CONTENT).atBytesPerSecond(500_000));
        var started = new CountDownLatch(1);
        Progress progress = (phase, done, total) -> {
            if (done > 100_000) started.countDown();
        };
        var fetch = new Fetch(order(Optional.empty()), network(Map.of()), progress);
        var answers = new ArrayList<Fetched>();
        Thread thread = Thread.ofVirtual().start(() -> answers.add(fetch.run()));
        started.await();

        fetch.stop();
        thread.join();

        assertThat(reason(answers.getFirst())).isEqualTo(FetchReason.STOPPED);
        hub.serve(PATH, new Asset(CONTENT));
        assertThat(fetch(order(Optional.of(sha256(CONTENT))))).isInstanceOf(Fetched.Done.class);
        assertThat(hub.asked().getLast().header("range")).doesNotStartWith("bytes=0-");
    }

    @Test
    void secondFetchOfTheSameFileIsToldSo() throws Exception {
        hub.serve(PATH, new Asset(CONTENT).atBytesPerSecond(1_000_000));
        var started = new CountDownLatch(1);
        var first = new Fetch(order(Optional.empty()), network(Map.of()), (phase, done, total) -> started.countDown());
        Thread thread = Thread.ofVirtual().start(first::run);
        started.await();

        Fetched second = fetch(order(Optional.empty()));

        assertThat(reason(second)).isEqualTo(FetchReason.BUSY);
        first.stop();
        thread.join();
    }

    @Test
    void paceIsKept() throws Exception {
        var network = Network.of(Map.of(), hub.uri("/"), 6 << 20, SHORT);
        long started = System.nanoTime();

        new Fetch(order(Optional.empty()), network, Progress.silent()).run();

        assertThat(System.nanoTime() - started).isGreaterThan(400_000_000);
    }

    private FetchReason refusedWith(int status, Map<String, String> headers) {
        hub.script(PATH, (asked, wire) -> {
            var all = new java.util.HashMap<>(headers);
            all.put("content-length", "0");
            wire.head(status, all);
            return true;
        });
        return reason(fetch(order(Optional.empty())));
    }

    private static void cut(FakeHub.Wire wire, FakeHub.Asked asked, int bytes)
            throws IOException, InterruptedException {
        cut(wire, asked, bytes, "\"1\"");
    }

    /** Sends so much of what was asked for, then cuts the line. */
    private static void cut(FakeHub.Wire wire, FakeHub.Asked asked, int bytes, String etag)
            throws IOException, InterruptedException {
        long from = Long.parseLong(asked.header("range").replaceAll("bytes=(\\d+)-.*", "$1"));
        wire.head(
                206,
                Map.of(
                        "etag",
                        etag,
                        "content-length",
                        String.valueOf(CONTENT.length - from),
                        "content-range",
                        "bytes " + from + "-" + (CONTENT.length - 1) + "/" + CONTENT.length));
        wire.body(FakeHub.bytes(CONTENT), from, from + bytes, 0);
    }

    private Fetched fetch(Order order) {
        return fetch(order, Map.of());
    }

    private Fetched fetch(Order order, Map<String, String> environment) {
        return new Fetch(order, network(environment), Progress.silent()).run();
    }

    private Network network(Map<String, String> environment) {
        return Network.of(environment, hub.uri("/"), 0, SHORT);
    }

    private Order order(Optional<String> sha256) {
        return new Order(hub.uri(PATH), target(), OptionalLong.empty(), sha256);
    }

    private Path target() {
        return folder.resolve("model.gguf");
    }

    private List<String> names() throws IOException {
        try (var files = Files.list(folder)) {
            return files.map(file -> String.valueOf(file.getFileName()))
                    .sorted()
                    .toList();
        }
    }

    private static FetchReason reason(Fetched fetched) {
        assertThat(fetched).isInstanceOf(Fetched.Refused.class);
        return ((Fetched.Refused) fetched).reason();
    }

    private static byte[] random(long seed, int bytes) {
        var content = new byte[bytes];
        new Random(seed).nextBytes(content);
        return content;
    }

    private static String sha256(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (java.security.NoSuchAlgorithmException absent) {
            throw new AssertionError(absent);
        }
    }
}
