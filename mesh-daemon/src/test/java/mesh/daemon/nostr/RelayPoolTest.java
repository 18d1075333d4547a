package mesh.daemon.nostr;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import mesh.daemon.nostr.relay.EmbeddedRelay;
import mesh.daemon.nostr.relay.Relays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One good relay beside every kind of bad one: the good one's answer is there, the bad one's end is known and bounded. */
class RelayPoolTest {
    private static final int KIND = 31_990;
    private static final Duration ANSWER = Duration.ofSeconds(3);
    private static final RelayTiming QUICK = timing(Duration.ofSeconds(1), ANSWER);

    /** For relays that do answer, on a machine that is busy. */
    private static final RelayTiming PATIENT = timing(Duration.ofSeconds(20), Duration.ofSeconds(20));

    private final NostrKey key = NostrKey.fresh();
    private final List<AutoCloseable> open = new ArrayList<>();
    private EmbeddedRelay good;

    private static RelayTiming timing(Duration connect, Duration answer) {
        return new RelayTiming(
                connect,
                answer,
                Duration.ofMillis(200),
                Duration.ofMillis(50),
                Duration.ofMillis(200),
                Duration.ofSeconds(60));
    }

    @BeforeEach
    void openGoodRelay() throws IOException {
        good = kept(Relays.open(KIND));
    }

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable each : open.reversed()) each.close();
    }

    @Test
    void publishesToTwoAndNamesTheThirdThatRefusesTheConnection() throws Exception {
        EmbeddedRelay second = kept(Relays.open(KIND));
        URI refusing = URI.create("ws://127.0.0.1:" + closedPort());
        RelayPool pool = pool(good.url(), second.url(), refusing);
        Event event = listing("a", 0);

        Map<URI, Published> answers = pool.publish(event, pool.relays());

        assertThat(of(answers, good.url()).isAccepted()).isTrue();
        assertThat(of(answers, second.url()).isAccepted()).isTrue();
        assertThat(of(answers, refusing)).isEqualTo(new Published.Unheard("refused"));
        assertThat(found(pool, good.url())).containsExactly(event);
    }

    @Test
    void relayThatNeverAnswersTheUpgradeDelaysNobody() throws Exception {
        ServerSocket deaf = kept(new ServerSocket(0, 5, InetAddress.getLoopbackAddress()));

        assertBad(List.of(URI.create("ws://127.0.0.1:" + deaf.getLocalPort())), Answered.End.LOST, "timed_out");
    }

    /** All at once, since each takes its whole time. */
    @Test
    void silenceNoticesEndsOfOthersAndDropsAreNoAnswerAndLeftAtTheDeadline() throws Exception {
        assertBad(
                List.of(
                        evil((client, frame) -> {}),
                        evil((client, frame) -> client.say("[\"NOTICE\",\"hello\"]")),
                        evil((client, frame) -> client.say("[\"EOSE\",\"other\"]")),
                        evil((client, frame) -> client.drip("[", 20))),
                Answered.End.TIMED_OUT,
                "timed_out");
    }

    @Test
    void closedConnectionsEndTheQueryAtOnce() throws Exception {
        assertBad(List.of(evil((client, frame) -> client.close(4_000))), Answered.End.LOST, "closed_4000");
        assertThat(query(evil((client, frame) -> client.drop())).end()).isEqualTo(Answered.End.LOST);
    }

    @Test
    void refusedSubscriptionSaysWhy() throws Exception {
        var refusing = evil((client, frame) ->
                client.say("[\"CLOSED\",\"" + EvilRelay.name(frame) + "\",\"restricted: members only\"]"));

        assertThat(query(refusing).detail()).isEqualTo("restricted: members only");
    }

    @Test
    void frozenRelayIsNoticedByItsMissingPongs() throws Exception {
        var frozen = evil((client, frame) -> client.freeze());
        RelayPool pool = pool(frozen);

        pool.watch(List.of(Filter.ofKind(KIND)), event -> {});

        await(() -> "open".equals(pool.states().get(frozen)));
        await(() -> "backoff".equals(pool.states().get(frozen)));
    }

    @Test
    void framesBeyondAllBoundsEndTheConnection() throws Exception {
        String big = "[\"EVENT\",\"q0\",{\"content\":\"" + "x".repeat(8 << 20) + "\"}]";
        assertThat(query(evil((client, frame) -> client.say(big))).detail()).isEqualTo("frame_too_long");
        assertThat(query(evil((client, frame) -> client.sayBinary(10))).detail())
                .isEqualTo("binary_frame");
        assertThat(query(evil((client, frame) -> client.sayBytes(new byte[] {(byte) 0xC3, 0x28})))
                        .end())
                .isEqualTo(Answered.End.LOST);
    }

    @Test
    void frameWithoutEndIsCutOffAtTheBoundHoweverItIsParted() throws Exception {
        URI endless = evil((client, frame) -> client.sayWithoutEnd("x".repeat(1_024), 1_000));
        // A busy machine may need longer for all the parts than quick pings wait.
        RelayPool pool = kept(new RelayPool(List.of(endless), key, RelayTiming.DEFAULT));

        assertThat(query(pool, endless).detail()).isEqualTo("frame_too_long");
    }

    @Test
    void depthOfTenThousandIsNoEventAndHarmsNobody() throws Exception {
        String deep = "[".repeat(10_000) + "]".repeat(10_000);
        var relay = evil((client, frame) -> client.say("[\"EVENT\",\"" + EvilRelay.name(frame) + "\"," + deep + "]")
                .say("[\"EOSE\",\"" + EvilRelay.name(frame) + "\"]"));

        assertThat(query(relay).end()).isEqualTo(Answered.End.COMPLETE);
    }

    @Test
    void manyClientsOfARelayThatComesBackDoNotKnockAtOnce() {
        var random = new Random(16);
        var pauses = new ArrayList<Double>();
        for (int client = 0; client < 200; client++)
            pauses.add(RelayLink.pauseNanos(RelayTiming.DEFAULT, 7, random) / 1e9);
        Collections.sort(pauses);

        assertThat(pauses.getFirst()).isBetween(15.0, 17.0);
        assertThat(pauses.getLast()).isBetween(58.0, 60.0);
        for (int quarter = 0; quarter < 4; quarter++) {
            double from = 15 + quarter * 11.25;
            assertThat(pauses.stream().filter(each -> each >= from && each < from + 11.25))
                    .hasSizeBetween(30, 70);
        }
        assertThat(RelayLink.pauseNanos(RelayTiming.DEFAULT, 1, random)).isLessThanOrEqualTo(1_000_000_000L);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
                "[\"EVENT\",\"q0\",{\"tags\":[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]}]",
                "{}",
                "[]",
                "null",
                "[1,2,3]",
                "[\"EVENT\"]",
                "[\"OK\"]",
                "",
            })
    void rubbishIsNeitherAnswerNorEnd(String rubbish) throws Exception {
        var relay = evil((client, frame) -> client.say(rubbish).say("[\"EOSE\",\"" + EvilRelay.name(frame) + "\"]"));

        assertThat(query(relay).end()).isEqualTo(Answered.End.COMPLETE);
    }

    @Test
    void tooManyTagsMakeNoEvent() throws Exception {
        Event honest = listing("a", 0);
        String flooded = CanonicalJson.event(honest).replaceFirst("\\[\\[", "[" + "[\"a\"],".repeat(2_001) + "[");
        var relay = evil((client, frame) -> client.say("[\"EVENT\",\"" + EvilRelay.name(frame) + "\"," + flooded + "]")
                .say("[\"EOSE\",\"" + EvilRelay.name(frame) + "\"]"));

        assertThat(query(relay).malformed()).isEqualTo(1);
    }

    @Test
    void endlessStreamIsCutAndTheGoodRelayIsHeard() throws Exception {
        Event event = listing("a", 0);
        String given = CanonicalJson.event(event);
        var endless = evil((client, frame) -> {
            for (int i = 0; i < 3_000; i++) client.say("[\"EVENT\",\"" + EvilRelay.name(frame) + "\"," + given + "]");
        });

        Answered answer = query(endless);

        assertThat(answer.end()).isEqualTo(Answered.End.TOO_MANY);
        assertThat(answer.events()).isEqualTo(RelayLink.EVENTS_MAX);
    }

    @Test
    void eventsNobodyAskedForAreDroppedCountedAndEndTheLook() throws Exception {
        Event unasked = key.sign(new Event.Draft(1, 1, List.of(), "hello"));
        String given = CanonicalJson.event(unasked);
        var relay = evil((client, frame) -> {
            for (int i = 0; i < 20; i++) client.say("[\"EVENT\",\"" + EvilRelay.name(frame) + "\"," + given + "]");
        });

        Answered answer = query(relay);

        assertThat(answer.end()).isEqualTo(Answered.End.MISBEHAVED);
        assertThat(answer.unasked()).isEqualTo(RelayLink.INVALID_MAX);
    }

    @Test
    void provesItsKeyOnceWhenAskedAndRepeatsWhatWasRefused() throws Exception {
        var knowing = new EvilRelay[1];
        knowing[0] = kept(new EvilRelay((client, frame) -> {
            String name = EvilRelay.name(frame);
            if (frame.startsWith("[\"AUTH\"")) client.say("[\"OK\",\"" + id(frame) + "\",true,\"\"]");
            else if (knowing[0].heard("AUTH") > 0) client.say("[\"OK\",\"" + name + "\",true,\"\"]");
            else client.say("[\"AUTH\",\"who are you\"]").say("[\"OK\",\"" + name + "\",false,\"auth-required: who\"]");
        }));
        RelayPool pool = pool(knowing[0].url());

        Map<URI, Published> answers = pool.publish(listing("a", 0), pool.relays());

        assertThat(answers.values()).allMatch(Published::isAccepted);
        assertThat(knowing[0].heard("EVENT")).isEqualTo(2);
        assertThat(knowing[0].heard("AUTH")).isEqualTo(1);
        assertThat(knowing[0].heard())
                .anyMatch(frame -> frame.contains("\"kind\":22242") && frame.contains("who are you"));
    }

    @Test
    void queryThatWantsAProofIsRepeatedOnceAfterIt() throws Exception {
        var knowing = new EvilRelay[1];
        knowing[0] = kept(new EvilRelay((client, frame) -> {
            String name = EvilRelay.name(frame);
            if (frame.startsWith("[\"AUTH\"")) client.say("[\"OK\",\"" + id(frame) + "\",true,\"\"]");
            else if (knowing[0].heard("AUTH") > 0) client.say("[\"EOSE\",\"" + name + "\"]");
            else client.say("[\"AUTH\",\"who\"]").say("[\"CLOSED\",\"" + name + "\",\"auth-required: who\"]");
        }));

        assertThat(query(knowing[0].url()).end()).isEqualTo(Answered.End.COMPLETE);
        assertThat(knowing[0].heard("REQ")).isEqualTo(2);
        assertThat(knowing[0].heard("AUTH")).isEqualTo(1);
    }

    @Test
    void relayThatIsNeverContentWithTheProofIsNotAskedForEver() throws Exception {
        var never = new EvilRelay((client, frame) -> {
            if (frame.startsWith("[\"AUTH\"")) client.say("[\"OK\",\"" + id(frame) + "\",false,\"wrong challenge\"]");
            else
                client.say("[\"AUTH\",\"x\"]")
                        .say("[\"OK\",\"" + EvilRelay.name(frame) + "\",false,\"auth-required: who\"]");
        });
        kept(never);
        RelayPool pool = pool(never.url());

        Published answer = of(pool.publish(listing("a", 0), pool.relays()), never.url());

        assertThat(answer)
                .isInstanceOfSatisfying(
                        Published.Rejected.class,
                        rejected -> assertThat(rejected.prefix()).isEqualTo("auth-required"));
        assertThat(never.heard("AUTH")).isEqualTo(1);
    }

    @Test
    void answersToPublishingAreReadAsTheyAre() throws Exception {
        assertThat(told("true")).isInstanceOf(Published.Accepted.class);
        assertThat(told("false,\"duplicate: have it\"")).isInstanceOf(Published.Accepted.class);
        assertThat(((Published.Rejected) told("false,\"pow: 20 bits\"")).prefix())
                .isEqualTo("pow");
        assertThat(((Published.Rejected) told("false,\"no colon here\"")).prefix())
                .isEqualTo("error");
    }

    @Test
    void okForAnotherEventIsNoAnswer() throws Exception {
        var relay = evil((client, frame) -> client.say("[\"OK\",\"" + "0".repeat(64) + "\",true,\"\"]"));
        RelayPool pool = quick(relay);

        assertThat(pool.publish(listing("a", 0), pool.relays()))
                .containsEntry(relay, new Published.Unheard("timed_out"));
    }

    @Test
    void subscriptionSurvivesTheRelaysRestartAndTheOwnerHearsOfIt() throws Exception {
        EvilRelay.Deed answers = (client, frame) -> client.say("[\"EOSE\",\"" + EvilRelay.name(frame) + "\"]");
        var first = new EvilRelay(answers);
        RelayPool pool = pool(first.url());
        var reopened = new AtomicInteger();
        pool.onReopened(relay -> reopened.incrementAndGet());
        pool.watch(List.of(Filter.ofKind(KIND)), event -> {});
        await(() -> first.heard("REQ") == 1);

        first.close();
        EvilRelay second = kept(new EvilRelay(first.port(), answers));

        await(() -> second.heard("REQ") == 1);
        await(() -> reopened.get() == 1);
    }

    @Test
    void watchHearsWhatIsStoredAndWhatComes() throws Exception {
        RelayPool pool = pool(good.url());
        Event stored = listing("a", 0);
        pool.publish(stored, pool.relays());
        var heard = new CopyOnWriteArrayList<Event>();

        pool.watch(List.of(Filter.ofKind(KIND)), heard::add);
        await(() -> heard.contains(stored));
        Event fresh = listing("b", 0);
        pool.publish(fresh, pool.relays());

        await(() -> heard.contains(fresh));
    }

    /** Asked beside the good relay, the bad one ends like this and the good one gives what it has. */
    private void assertBad(List<URI> bad, Answered.End end, String detail) throws Exception {
        RelayPool pool =
                quick(Stream.concat(Stream.of(good.url()), bad.stream()).toArray(URI[]::new));
        Event event = listing("a", 0);
        RelayPool patient = pool(good.url());
        patient.publish(event, patient.relays());
        var nanos = new long[1];
        long begun = System.nanoTime();

        Map<URI, Answered> answers = pool.query(List.of(Filter.ofKind(KIND)), pool.relays(), relay -> given -> {
            nanos[0] = System.nanoTime() - begun;
            return true;
        });

        assertThat(of(answers, good.url()).end()).isEqualTo(Answered.End.COMPLETE);
        assertThat(bad).allSatisfy(each -> {
            assertThat(of(answers, each).end()).isEqualTo(end);
            assertThat(of(answers, each).detail()).isEqualTo(detail);
        });
        assertThat(Duration.ofNanos(nanos[0]))
                .as("the good one's answer came before the bad one's end")
                .isLessThan(ANSWER);
    }

    private Published told(String okEnd) throws Exception {
        var relay = evil((client, frame) -> client.say("[\"OK\",\"" + EvilRelay.name(frame) + "\"," + okEnd + "]"));
        RelayPool pool = pool(relay);
        return of(pool.publish(listing("a", 0), pool.relays()), relay);
    }

    private static <T> T of(Map<URI, T> answers, URI relay) {
        return Objects.requireNonNull(answers.get(relay));
    }

    private Answered query(URI relay) throws Exception {
        return query(pool(relay), relay);
    }

    private static Answered query(RelayPool pool, URI relay) throws Exception {
        return of(pool.query(List.of(Filter.ofKind(KIND)), pool.relays(), from -> event -> true), relay);
    }

    private List<Event> found(RelayPool pool, URI relay) throws Exception {
        var found = new CopyOnWriteArrayList<Event>();
        pool.query(List.of(Filter.ofKind(KIND)), List.of(relay), from -> found::add);
        return found;
    }

    private RelayPool pool(URI... relays) {
        return kept(new RelayPool(List.of(relays), key, PATIENT));
    }

    private RelayPool quick(URI... relays) {
        return kept(new RelayPool(List.of(relays), key, QUICK));
    }

    private URI evil(EvilRelay.Deed deed) {
        return kept(new EvilRelay(deed)).url();
    }

    private <T extends AutoCloseable> T kept(T part) {
        open.add(part);
        return part;
    }

    private Event listing(String mesh, long ago) {
        long now = System.currentTimeMillis() / 1_000;
        var tags = List.of(List.of("d", mesh), List.of("expiration", Long.toString(now + 100)));
        return key.sign(new Event.Draft(now - ago, KIND, tags, ""));
    }

    private static String id(String frame) {
        return frame.replaceFirst("(?s).*?\"id\":\"([0-9a-f]{64})\".*", "$1");
    }

    private static int closedPort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    static void await(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(deadline);
            Thread.sleep(10);
        }
    }
}
