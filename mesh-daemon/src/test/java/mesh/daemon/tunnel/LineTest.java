package mesh.daemon.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two ends of a line over streams that are cut wherever chance has it: what was said is heard once and in order. */
class LineTest {
    private static final int REPLAY_BYTES_MAX = 300_000;
    private static final long SEED = 4_711;

    private final End host = new End();
    private final End worker = new End();

    @AfterEach
    void release() {
        host.line.breakOff(LineEnd.RESET);
        worker.line.breakOff(LineEnd.RESET);
    }

    @Test
    void everyByteArrivesOnceHoweverOftenTheStreamIsCut() {
        long cuts = 0;
        for (int run = 0; run < 60; run++) {
            var random = new Random(SEED + run);
            var one = new End();
            var other = new End();
            Stream.begin(one, other);
            for (int step = 0; step < 400; step++) {
                switch (random.nextInt(8)) {
                    case 0, 1 -> one.say(random);
                    case 2 -> other.say(random);
                    case 3, 4 -> one.deliver(1 + random.nextInt(70_000));
                    case 5, 6 -> other.deliver(1 + random.nextInt(70_000));
                    default -> cuts += misfortune(random, one, other);
                }
                assertThat(other.isAtPrefixOf(one))
                        .as("seed=%s step=%s", SEED + run, step)
                        .isTrue();
                assertThat(one.isAtPrefixOf(other))
                        .as("seed=%s step=%s", SEED + run, step)
                        .isTrue();
            }
            one.line.end();
            other.line.end();

            calm(one, other);

            assertThat(other.heard.toByteArray()).as("seed=%s", SEED + run).isEqualTo(one.said.toByteArray());
            assertThat(one.heard.toByteArray()).as("seed=%s", SEED + run).isEqualTo(other.said.toByteArray());
            assertThat(one.hasEnded && other.hasEnded).as("seed=%s", SEED + run).isTrue();
            cut(one, other);
            assertThat(one.isOver && other.isOver).as("seed=%s", SEED + run).isTrue();
        }
        assertThat(cuts).isGreaterThan(500);
    }

    @Test
    void lineWithoutAStreamTakesSoMuchAndNoMoreUntilItIsHeard() {
        Stream.begin(host, worker);
        cut(host, worker);
        int said = 0;
        while (host.line.hasRoom()) {
            host.say(new byte[50_000]);
            said += 50_000;
        }

        assertThat(said).isBetween(REPLAY_BYTES_MAX, REPLAY_BYTES_MAX + 50_000);
        calm(host, worker);
        assertThat(host.line.hasRoom()).isTrue();
        assertThat(worker.heard.size()).isEqualTo(said);
    }

    @Test
    void readerWithoutRoomStopsTheStreamAndLosesNothing() {
        Stream.begin(host, worker);
        worker.hasRoom = false;
        host.say(new byte[100_000]);
        host.deliver(1_000);

        assertThat(worker.wire.isReading).isFalse();
        assertThat(worker.heard.size()).isZero();

        worker.hasRoom = true;
        worker.line.goOn();
        calm(host, worker);
        assertThat(worker.heard.size()).isEqualTo(100_000);
    }

    @Test
    void brokenOffSaysWhy() {
        Stream.begin(host, worker);

        worker.line.breakOff(LineEnd.VACANT);
        calm(host, worker);

        assertThat(host.line.why()).isEqualTo(LineEnd.VACANT);
        assertThat(host.isOver).isTrue();
    }

    @Test
    void nobodyConfirmsWhatWasNotSaidOrTakesBackWhatWasConfirmed() {
        Stream.begin(host, worker);
        host.say(new byte[400_000]);
        calm(host, worker);

        assertThat(host.line.resume(new FakeWire(), 400_001)).isFalse();
        assertThat(host.line.resume(new FakeWire(), 10)).isFalse();
    }

    @Test
    void answerThatDoesNotSayHowFarItHeardEndsTheLine() {
        Stream.begin(host, worker);
        cut(host, worker);
        var wire = new FakeWire();
        host.wire = wire;
        host.line.resume(wire);

        host.line.received(wire, Unpooled.buffer().writeMedium(3).writeBytes(new byte[3]));

        assertThat(host.isOver).isTrue();
        assertThat(host.line.why()).isEqualTo(LineEnd.FORBIDDEN);
    }

    /** Whatever a hostile end says, nothing but its own line breaks, and nothing is heard beyond what it framed. */
    @Test
    void noiseBreaksOnlyTheLineItCameOn() {
        for (int run = 0; run < 2_000; run++) {
            var random = new Random(SEED + run);
            var end = new End();
            var wire = new FakeWire();
            end.wire = wire;
            end.line.begin(wire);
            byte[] noise = new byte[random.nextInt(400)];
            random.nextBytes(noise);
            // Lengths and kinds that exist come up more often than chance would have it.
            for (int at = 0; at + 3 < noise.length; at += 20)
                Arrays.fill(noise, at, at + 2, (byte) random.nextInt(-1, 1));

            for (int at = 0; at < noise.length; ) {
                int count = Math.min(noise.length - at, 1 + random.nextInt(50));
                end.line.received(wire, Unpooled.copiedBuffer(noise, at, count));
                at += count;
            }

            assertThat(end.heard.size()).as("seed=%s", SEED + run).isLessThanOrEqualTo(noise.length);
            end.line.breakOff(LineEnd.RESET);
            assertThat(end.isOver).isTrue();
        }
    }

    private static int misfortune(Random random, End one, End other) {
        if (random.nextBoolean()) {
            other.hasRoom ^= true;
            other.line.goOn();
            return 0;
        }
        // The worker often does not know that the stream is gone when the next one comes.
        if (one.line.hasWire()) {
            if (random.nextBoolean()) cut(one, other);
            else one.line.gone(one.wire);
            return 1;
        }
        Stream.resume(one, other);
        return 0;
    }

    private static void cut(End one, End other) {
        one.line.gone(one.wire);
        other.line.gone(other.wire);
    }

    private static void calm(End one, End other) {
        one.hasRoom = true;
        other.hasRoom = true;
        one.line.goOn();
        other.line.goOn();
        if (!one.line.hasWire() && !one.isOver) Stream.resume(one, other);
        for (int quiet = 0; quiet < 3; ) {
            boolean isSaid = one.deliver(1 << 20);
            boolean isAnswered = other.deliver(1 << 20);
            quiet = isSaid || isAnswered ? 0 : quiet + 1;
        }
    }

    /** Both ends of one stream. */
    private static final class Stream {
        static void begin(End one, End other) {
            connect(one, other);
            one.line.begin(one.wire);
            other.line.begin(other.wire);
        }

        static void resume(End one, End other) {
            long heard = one.line.heardBytes();
            connect(one, other);
            one.line.resume(one.wire);
            assertThat(other.line.resume(other.wire, heard)).isTrue();
        }

        private static void connect(End one, End other) {
            one.wire = new FakeWire();
            other.wire = new FakeWire();
            one.to = other;
            other.to = one;
        }
    }

    private static final class FakeWire implements Line.Wire {
        final ByteBuf queue = Unpooled.buffer();
        boolean isReading = true;

        @Override
        public void write(ByteBuf frame) {
            queue.writeBytes(frame);
            frame.release();
        }

        @Override
        public void flush() {}

        @Override
        public void end(ByteBuf frame) {
            write(frame);
        }

        @Override
        public boolean isWritable() {
            return true;
        }

        @Override
        public void reading(boolean on) {
            isReading = on;
        }

        @Override
        public void leave(ByteBuf frame) {
            write(frame);
            isReading = true;
        }
    }

    /** One end, what it said and what it heard. */
    private static final class End implements Line.Reader {
        final Line line = new Line(UnpooledByteBufAllocator.DEFAULT, this, REPLAY_BYTES_MAX);
        final ByteArrayOutputStream said = new ByteArrayOutputStream();
        final ByteArrayOutputStream heard = new ByteArrayOutputStream();
        FakeWire wire = new FakeWire();

        @Nullable
        End to;

        boolean hasRoom = true;
        boolean hasEnded;
        boolean isOver;
        int checked;

        void say(Random random) {
            if (!line.hasRoom()) return;
            byte[] bytes = new byte[1 + random.nextInt(random.nextInt(4) == 0 ? 90_000 : 200)];
            random.nextBytes(bytes);
            say(bytes);
        }

        void say(byte[] bytes) {
            said.writeBytes(bytes);
            line.say(Unpooled.copiedBuffer(bytes));
            line.flush();
        }

        /** Hands over what this end wrote, as far as the other reads. */
        boolean deliver(int bytesMax) {
            End there = to;
            if (there == null || !there.wire.isReading || !wire.queue.isReadable()) return false;
            int count = Math.min(bytesMax, wire.queue.readableBytes());
            there.line.received(there.wire, wire.queue.readBytes(count));
            return true;
        }

        boolean isAtPrefixOf(End other) {
            byte[] all = other.said.toByteArray();
            byte[] mine = heard.toByteArray();
            boolean isPrefix =
                    mine.length <= all.length && Arrays.equals(mine, checked, mine.length, all, checked, mine.length);
            checked = mine.length;
            return isPrefix;
        }

        @Override
        public boolean hasRoom() {
            return hasRoom;
        }

        @Override
        public void heard(ByteBuf bytes) {
            byte[] some = new byte[Math.min(bytes.readableBytes(), 7_000)];
            bytes.readBytes(some);
            heard.writeBytes(some);
        }

        @Override
        public void heardAll() {}

        @Override
        public void ended() {
            hasEnded = true;
        }

        @Override
        public void writable() {}

        @Override
        public void lost() {}

        @Override
        public void resumed(long replayedBytes) {}

        @Override
        public void over() {
            isOver = true;
        }
    }
}
