package mesh.daemon.tunnel;

import static mesh.daemon.tunnel.RpcFrames.TENSOR;
import static mesh.daemon.tunnel.RpcFrames.getTensor;
import static mesh.daemon.tunnel.RpcFrames.hello;
import static mesh.daemon.tunnel.RpcFrames.request;
import static mesh.daemon.tunnel.RpcFrames.setTensor;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import mesh.core.id.NodeId;
import mesh.core.rpc.Conversation;
import mesh.core.rpc.RpcLimits;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A host and two workers: what one answers the other is sent, whichever way it goes and whatever becomes of it there. */
class HandoverTest {
    private static final RpcLimits LIMITS = new RpcLimits(8, 1 << 26);
    private static final long SEED = 2_026;
    private static final NodeId HOST = id(1);
    private static final NodeId FIRST = id(2);
    private static final NodeId SECOND = id(3);

    private final List<Three> open = new ArrayList<>();

    @AfterEach
    void release() {
        open.forEach(Three::release);
    }

    @Test
    void answerThatIsHandedOnGoesFromWorkerToWorkerOnceThatIsKnown() {
        var three = three(new Random(SEED));
        three.handOn("l_out-3", 100_000);
        long before = three.toSecond.sentBytes;

        for (int i = 0; i < 5; i++) three.handOn("l_out-3", 100_000 + i);

        assertThat(three.toSecond.sentBytes - before).isLessThan(5 * (TENSOR + 200));
        assertThat(three.meter.read().directBytes()).isEqualTo(500_010);
        assertThat(three.meter.read().missed()).isZero();
        three.assertExact();
    }

    @Test
    void answersMayBeHandedOnInAnotherOrderThanTheyCame() {
        var three = three(new Random(SEED));
        three.handOn("l_out-3", 100_000);
        three.handOn("ffn_norm-4", 100_000);

        for (int i = 0; i < 5; i++) {
            byte[] one = three.ask("l_out-3", 90_000);
            byte[] other = three.ask("ffn_norm-4", 80_000);
            three.set(three.toSecond, "ffn_norm-4", other);
            three.set(three.toSecond, "l_out-3", one);
            three.set(three.toSecond, "l_out-3", one);
        }

        assertThat(three.meter.read().directBytes()).isEqualTo(5 * 170_000);
        three.assertExact();
    }

    /** Else the host would send their sum. */
    @Test
    void answersThatAreOnlyAddedGoFromWorkerToWorkerToo() {
        var three = three(new Random(SEED));
        var one = new RpcTensor("ffn_out-3", 1, 0, 25_000);
        var other = new RpcTensor("ffn_inp-3", 1, 25_000, 25_000);
        byte[] graph =
                RpcTensor.graph(1, List.of(new RpcTensor("l_out-3", 1, 0, 25_000).does(3, TinyServer.ADD, one, other)));

        for (int i = 0; i < 4; i++) {
            byte[] first = three.ask("ffn_out-3", 100_000);
            byte[] second = three.ask("ffn_inp-3", 100_000);
            three.toSecond.client(one.set(first));
            three.toSecond.client(other.set(second));
            three.toSecond.client(graph);
            three.turn();
        }

        assertThat(three.meter.read().directBytes()).isGreaterThan(200_000);
        three.assertExact();
    }

    /** Decoding one token is not worth a packet more. */
    @Test
    void smallAnswersGoThroughTheHost() {
        var three = three(new Random(SEED));

        for (int i = 0; i < 5; i++) three.handOn("l_out-3", 16_384);

        assertThat(three.meter.read().directBytes()).isZero();
        assertThat(three.brought).isZero();
        three.assertExact();
    }

    @Test
    void answerThatTheHostKeepsIsBroughtToNobody() {
        var three = three(new Random(SEED));
        three.handOn("l_out-3", 100_000);

        for (int i = 0; i < 5; i++) three.ask("cache_k_l0", 100_000);

        assertThat(three.brought).isZero();
    }

    @Test
    void withoutAWayBetweenTheWorkersEverythingGoesThroughTheHost() {
        var three = three(new Random(SEED));
        three.isWayOpen = false;

        for (int i = 0; i < 5; i++) three.handOn("l_out-3", 100_000);

        assertThat(three.meter.read().directBytes()).isZero();
        assertThat(three.toSecond.sentBytes).isGreaterThan(500_000);
        three.assertExact();
    }

    @Test
    void payloadThatDoesNotArriveIsAskedForAndAfterThreeThePairRests() {
        var three = three(new Random(SEED));
        three.handOn("l_out-3", 100_000);
        three.fate = Fate.LOST;

        for (int i = 0; i < 6; i++) three.handOn("l_out-3", 100_000);

        assertThat(three.meter.read().missed()).isEqualTo(3);
        assertThat(three.meter.read().directBytes()).isEqualTo(300_000);
        three.assertExact();

        three.fate = Fate.ARRIVES;
        three.rested();
        for (int i = 0; i < 2; i++) three.handOn("l_out-3", 100_000);
        assertThat(three.meter.read().directBytes()).isEqualTo(500_000);
        three.assertExact();
    }

    @Test
    void bytesThatAreNotWhatTheHostSaysAreNeverUsed() {
        var three = three(new Random(SEED));
        three.handOn("l_out-3", 100_000);
        three.fate = Fate.DAMAGED;

        three.handOn("l_out-3", 100_000);

        assertThat(three.meter.read().missed()).isEqualTo(1);
        three.assertExact();
    }

    @Test
    void everyHandOverIsExactWhateverHappensOnTheWay() {
        long direct = 0;
        long missed = 0;
        for (int run = 0; run < 25; run++) {
            var random = new Random(SEED + run);
            var three = three(random);
            for (int step = 0; step < 12; step++) {
                three.fate = Fate.values()[random.nextInt(Fate.values().length)];
                three.isWayOpen = random.nextInt(5) > 0;
                String name = "l_out-" + random.nextInt(2);
                int bytes = 60_000 + random.nextInt(60_000);
                switch (random.nextInt(7)) {
                    case 0 -> three.ask(name, bytes);
                    case 1 -> three.set(three.toSecond, "input", three.random(bytes));
                    case 2 -> {
                        byte[] nearly = three.ask(name, bytes);
                        nearly[random.nextInt(bytes)]++;
                        three.set(three.toSecond, name, nearly);
                    }
                    case 3 -> {
                        byte[] one = three.ask(name, bytes);
                        byte[] other = three.ask("l_out-2", bytes + 1);
                        three.set(three.toSecond, "l_out-2", other);
                        three.set(three.toSecond, name, one);
                    }
                    case 4 -> {
                        byte[] data = three.ask(name, bytes);
                        three.set(three.toSecond, name, data);
                        three.set(three.toSecond, "again", data);
                    }
                    default -> three.handOn(name, bytes);
                }
            }

            assertThat(three.toSecond.heard()).as("seed=%s", SEED + run).isEqualTo(three.toSecond.said());
            assertThat(three.toFirst.answered()).as("seed=%s", SEED + run).isEqualTo(three.toFirst.replied());
            direct += three.meter.read().directBytes();
            missed += three.meter.read().missed();
            three.release();
            assertThat(three.second.heldBytes()).as("seed=%s", SEED + run).isZero();
        }
        assertThat(direct).isPositive();
        assertThat(missed).isPositive();
    }

    @Test
    void whatNobodyAnnouncedIsNotTaken() {
        var three = three(new Random(SEED));
        three.handOn("l_out-3", 100_000);

        assertThat(three.second.of(three.pair + 1, FIRST)).isEmpty();
        assertThat(three.second.of(three.pair, id(9))).isEmpty();
        assertThat(three.second.of(three.pair, FIRST)).isPresent();
    }

    /** A worker that floods another fills no more than its shelf. */
    @Test
    void whatIsBroughtAndNeverNamedIsBounded() {
        var three = three(new Random(SEED));
        three.handOn("l_out-3", 100_000);
        Intake.Shelf shelf = three.second.of(three.pair, FIRST).orElseThrow();

        for (int i = 0; i < 100; i++)
            if (shelf.begin(FIRST, 1_000 + i, 1 << 20))
                shelf.add(FIRST, 1_000 + i, Unpooled.wrappedBuffer(new byte[9]));

        assertThat(three.second.heldBytes()).isLessThanOrEqualTo(Intake.BYTES_MAX);
        three.handOn("l_out-3", 100_000);
        three.assertExact();
    }

    @Test
    void hostThatAnnouncesWithoutEndOrNamesWhatNobodyBringsIsRefused() {
        var three = three(new Random(SEED));
        RpcCarrier worker = three.toSecond.worker;
        int passed = 0;
        while (passed < 100 && three.toSecond.tell(new HandNote.Expect(passed, FIRST).said())) passed++;

        assertThat(passed).isLessThan(100);

        var other = three(new Random(SEED));
        other.toSecond.client(setTensorHead("x", 1_000));
        var named = new HandNote.Brought(77, 1, 0, 1_000, new byte[16]);
        assertThat(other.toSecond.tell(named.said())).isFalse();
        assertThat(worker.fault()).isPresent();
    }

    private Three three(Random random) {
        var three = new Three(random);
        open.add(three);
        return three;
    }

    private static NodeId id(int number) {
        byte[] key = new byte[NodeId.BYTES];
        key[0] = (byte) number;
        return NodeId.of(key);
    }

    /** What becomes of a payload between the workers. */
    private enum Fate {
        ARRIVES,
        LATE,
        CUT,
        DAMAGED,
        LOST
    }

    /** The host and its two workers, whose links and clock stand still until they are turned. */
    private static final class Three {
        final Handover handover;
        final Link toFirst;
        final Link toSecond;
        final Intake second = new Intake();
        final Meter meter = new Meter();
        final Random random;
        final Deque<Runnable> clock = new ArrayDeque<>();
        final List<Runnable> late = new ArrayList<>();
        Optional<Runnable> rest = Optional.empty();
        boolean isWayOpen = true;
        Fate fate = Fate.ARRIVES;
        long pair;
        int brought;

        Three(Random random) {
            this.random = random;
            handover = new Handover(new Handover.Rooms() {
                @Override
                public long draw() {
                    pair = random.nextLong(1, Long.MAX_VALUE);
                    return pair;
                }

                @Override
                public void later(long millis, Runnable what) {
                    rest = Optional.of(what);
                }
            });
            toFirst = link(FIRST, new Meter(), new Intake());
            toSecond = link(SECOND, meter, second);
            for (Link each : List.of(toFirst, toSecond)) {
                each.client(request(14, new byte[24]));
                each.server(hello());
            }
        }

        private Link link(NodeId worker, Meter counted, Intake intake) {
            Handover.End end = handover.end(worker, counted, number -> new Way(number, HOST));
            var part = new Handing(
                    HOST, intake, (to, number) -> new Way(number, FIRST), (millis, what) -> clock.add(what));
            return new Link(
                    RpcCarrier.host(new Conversation(LIMITS), Optional.empty(), Optional.of(end)),
                    RpcCarrier.worker(new Conversation(LIMITS), Optional.empty(), part),
                    random);
        }

        byte[] random(int bytes) {
            byte[] data = new byte[bytes];
            random.nextBytes(data);
            return data;
        }

        /** llama-server fetches a tensor from the first worker. */
        byte[] ask(String name, int bytes) {
            toFirst.client(getTensor(name, bytes));
            byte[] data = random(bytes);
            toFirst.server(ByteBuffer.allocate(8 + bytes)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(bytes)
                    .put(data)
                    .array());
            turn();
            return data;
        }

        void handOn(String name, int bytes) {
            set(toSecond, name, ask(name, bytes));
        }

        void set(Link link, String name, byte[] data) {
            link.client(setTensor(name, 0, data));
            turn();
        }

        /** Everything that is under way arrives, and time passes as long as somebody waits. */
        private void turn() {
            toFirst.carry();
            toSecond.carry();
            toFirst.carry();
            for (int i = 0; toSecond.worker.isWaiting(); i++) {
                assertThat(i).as("turns of the clock").isLessThan(50);
                for (Runnable each : List.copyOf(clock)) {
                    clock.remove(each);
                    each.run();
                }
                toSecond.carry();
                if (i == 1) arriveLate();
                toSecond.carry();
            }
            arriveLate();
            clock.clear();
            toSecond.carry();
            toFirst.carry();
        }

        private void arriveLate() {
            late.forEach(Runnable::run);
            late.clear();
        }

        void rested() {
            rest.orElseThrow().run();
            turn();
        }

        void assertExact() {
            assertThat(toSecond.heard()).isEqualTo(toSecond.said());
            assertThat(toFirst.answered()).isEqualTo(toFirst.replied());
        }

        void release() {
            toFirst.release();
            toSecond.release();
        }

        /** Between two nodes, for one pair. */
        private final class Way implements Bearer {
            private final long number;
            private final NodeId from;

            Way(long number, NodeId from) {
                this.number = number;
                this.from = from;
            }

            @Override
            public boolean isReady(int payloadsMax) {
                return isWayOpen;
            }

            @Override
            public void bring(int payload, ByteBuf bytes) {
                byte[] plain = new byte[bytes.readableBytes()];
                bytes.readBytes(plain);
                bytes.release();
                if (from.equals(HOST)) {
                    arrive(payload, plain, plain.length);
                    return;
                }
                brought++;
                switch (fate) {
                    case ARRIVES -> arrive(payload, plain, plain.length);
                    case LATE -> late.add(() -> arrive(payload, plain, plain.length));
                    case CUT -> arrive(payload, plain, random.nextInt(plain.length));
                    case DAMAGED -> {
                        plain[random.nextInt(plain.length)]++;
                        arrive(payload, plain, plain.length);
                    }
                    case LOST -> {}
                }
            }

            private void arrive(int payload, byte[] bytes, int upTo) {
                Intake.Shelf shelf = second.of(number, from).orElse(null);
                if (shelf == null || !shelf.begin(from, payload, bytes.length)) return;
                for (int at = 0; at < upTo; ) {
                    int count = Math.min(upTo - at, 1 + random.nextInt(90_000));
                    if (!shelf.add(from, payload, Unpooled.wrappedBuffer(bytes, at, count))) return;
                    at += count;
                }
            }

            @Override
            public void close() {}
        }
    }

    /** One connection: both its ends with the programs beside them and the records between them. */
    private static final class Link {
        final RpcCarrier host;
        final RpcCarrier worker;
        private final Random random;
        private final Deque<ByteBuf> toWorker = new ArrayDeque<>();
        private final Deque<ByteBuf> toHost = new ArrayDeque<>();
        private final ByteArrayOutputStream said = new ByteArrayOutputStream();
        private final ByteArrayOutputStream heard = new ByteArrayOutputStream();
        private final ByteArrayOutputStream replied = new ByteArrayOutputStream();
        private final ByteArrayOutputStream answered = new ByteArrayOutputStream();
        long sentBytes;
        private boolean isReleased;

        Link(RpcCarrier host, RpcCarrier worker, Random random) {
            this.host = host;
            this.worker = worker;
            this.random = random;
            host.serve(owner(toWorker, host));
            worker.serve(owner(toHost, worker));
        }

        private static Carrier.Owner owner(Deque<ByteBuf> records, RpcCarrier carrier) {
            return new Carrier.Owner() {
                @Override
                public void note(ByteBuf note) {
                    records.add(note);
                }

                @Override
                public void goOn() {
                    if (carrier.isWaiting()) assertThat(carrier.goOn()).isTrue();
                }
            };
        }

        void client(byte[] bytes) {
            said.writeBytes(bytes);
            cut(
                    bytes,
                    piece -> assertThat(host.out(piece, toWorker::add))
                            .as("fault %s", host.fault())
                            .isTrue());
            carry();
        }

        void server(byte[] bytes) {
            replied.writeBytes(bytes);
            cut(
                    bytes,
                    piece -> assertThat(worker.out(piece, toHost::add))
                            .as("fault %s", worker.fault())
                            .isTrue());
            carry();
        }

        private void cut(byte[] bytes, java.util.function.Consumer<ByteBuf> taker) {
            for (int at = 0; at < bytes.length; ) {
                int count = Math.min(bytes.length - at, 1 + random.nextInt(80_000));
                taker.accept(Unpooled.copiedBuffer(bytes, at, count));
                at += count;
            }
        }

        void carry() {
            while (!toHost.isEmpty() || (!toWorker.isEmpty() && !worker.isWaiting())) {
                while (!toHost.isEmpty())
                    assertThat(pass(toHost.remove(), host, answered))
                            .as("fault %s", host.fault())
                            .isTrue();
                if (toWorker.isEmpty() || worker.isWaiting()) continue;
                ByteBuf record = toWorker.remove();
                sentBytes += record.readableBytes();
                assertThat(pass(record, worker, heard))
                        .as("fault %s", worker.fault())
                        .isTrue();
            }
        }

        /** As of a host that says what it likes. */
        boolean tell(ByteBuf note) {
            return pass(note, worker, heard);
        }

        private static boolean pass(ByteBuf record, RpcCarrier to, ByteArrayOutputStream program) {
            int kind = record.readUnsignedMedium();
            if (kind < Carrier.NOTES_FROM) {
                boolean passes = to.in(record, bytes -> write(bytes, program));
                record.release();
                return passes;
            }
            assertThat(to.noteBytes(kind)).contains(record.readableBytes());
            boolean passes = to.note(kind, record, bytes -> write(bytes, program));
            record.release();
            return passes;
        }

        private static void write(ByteBuf bytes, ByteArrayOutputStream program) {
            byte[] plain = new byte[bytes.readableBytes()];
            bytes.readBytes(plain);
            bytes.release();
            program.writeBytes(plain);
        }

        byte[] said() {
            return said.toByteArray();
        }

        byte[] heard() {
            return heard.toByteArray();
        }

        byte[] replied() {
            return replied.toByteArray();
        }

        byte[] answered() {
            return answered.toByteArray();
        }

        void release() {
            if (isReleased) return;
            isReleased = true;
            host.release();
            worker.release();
        }
    }

    /** All but the data. */
    private static byte[] setTensorHead(String name, int dataBytes) {
        byte[] whole = setTensor(name, 0, new byte[dataBytes]);
        return Arrays.copyOf(whole, whole.length - dataBytes);
    }
}
