package mesh.daemon.tunnel;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import mesh.core.id.NodeId;
import mesh.core.rpc.Conversation;
import mesh.daemon.log.Log;
import org.jspecify.annotations.Nullable;

/**
 * A host's part in payloads that go from one worker of a split to the next: it learns which answers are only handed on,
 * has the one worker bring them to the other, and names them instead of sending them. It keeps a copy of what it named
 * until that was used, so that whatever does not arrive it can bring itself. Owned by the loop.
 */
public final class Handover {
    /** What a link of 100 Mbit/s needs 5 ms for; below it a name saves nothing that anybody notices. */
    static final int PAYLOAD_BYTES_MIN = 64 << 10;

    /** A batch's activations of a large model; beyond it are weights and caches. */
    static final int PAYLOAD_BYTES_MAX = 16 << 20;

    /** Four such batches: as many as llama-server has under way. Beyond it answers are handed on through the host. */
    private static final int KEPT_BYTES_MAX = 64 << 20;

    /** So often in a row a worker may have to ask, before the pair rests. */
    private static final int MISSES_MAX = 3;

    /** Of the payloads of a pair, these last ones may still be named, in any order and each once. */
    static final int WINDOW = 64;

    private static final long REST_MILLIS = 60_000;

    /** The tensors between two workers are one or a few. */
    private static final int NAMES_MAX = 8;

    private static final Log log = Log.of(Handover.class);

    private final Rooms rooms;
    private final List<Answer> answers = new ArrayList<>();
    private final Map<Between, Pair> pairs = new LinkedHashMap<>();
    private long keptBytes;

    /** What a handover is made with. */
    interface Rooms {
        /** A number that nobody can guess. */
        long draw();

        void later(long millis, Runnable what);
    }

    Handover(Rooms rooms) {
        this.rooms = rooms;
    }

    static boolean isWorthIt(long bytes) {
        return bytes >= PAYLOAD_BYTES_MIN && bytes <= PAYLOAD_BYTES_MAX;
    }

    /** One answer of a worker, as llama-server was given it. */
    static final class Answer {
        private final End from;
        private final String name;
        private final ByteBuf bytes;
        private Optional<HandNote.Numbered> brought = Optional.empty();

        /** Named, and not known to have been used. */
        private boolean isNamed;

        /** Named to its end, so that the worker has no use for it any more. */
        private boolean isSpent;

        /** Held against data that comes now. */
        private boolean isBusy;

        Answer(End from, Conversation.Read read) {
            this.from = from;
            this.name = read.name();
            this.bytes = ByteBufAllocator.DEFAULT.directBuffer((int) read.bytes(), (int) read.bytes());
        }

        ByteBuffer piece(long at, int count) {
            return bytes.nioBuffer((int) at, count);
        }

        int size() {
            return bytes.capacity();
        }

        private boolean isWhole() {
            return !bytes.isWritable();
        }
    }

    private record Between(End from, End to) {}

    /** Two connections of a split, of which one's answers are the other's data. */
    private static final class Pair {
        final long number;
        final Between ends;
        final Bearer bearer;
        final Set<String> names = new LinkedHashSet<>();
        boolean isExpected;
        boolean isResting;
        int wanted;
        int namedMax;
        int misses;

        Pair(long number, Between ends, Bearer bearer) {
            this.number = number;
            this.ends = ends;
            this.bearer = bearer;
        }
    }

    /** Makes what brings payloads to an end's worker, for a pair. */
    interface Bearers {
        Bearer of(long pair);
    }

    /** A new connection of the split. */
    End end(NodeId worker, Meter meter, Bearers bearers) {
        return new End(worker, meter, bearers);
    }

    private void drop(Answer answer) {
        if (!answers.remove(answer)) return;
        keptBytes -= answer.size();
        answer.bytes.release();
    }

    private Optional<Pair> pair(long number) {
        return pairs.values().stream().filter(each -> each.number == number).findFirst();
    }

    private void learn(Answer answer, End to) {
        if (answer.name.isEmpty() || answer.from.isOver) return;
        var between = new Between(answer.from, to);
        Pair pair = pairs.get(between);
        if (pair == null) {
            long number = rooms.draw();
            pair = new Pair(number, between, to.bearers.of(number));
            pairs.put(between, pair);
            to.say(new HandNote.Expect(number, answer.from.worker).said());
        }
        if (pair.names.size() < NAMES_MAX && pair.names.add(answer.name) && pair.isExpected && !pair.isResting)
            bring(pair, answer.name);
    }

    private static void bring(Pair pair, String name) {
        pair.ends.from.say(new HandNote.Bring(pair.number, pair.ends.to.worker, name).said());
    }

    private void missed(Pair pair) {
        pair.ends.to.meter.missed();
        if (++pair.misses < MISSES_MAX || pair.isResting) return;
        pair.isResting = true;
        log.warn("handover.rests", "from", pair.ends.from.worker, "to", pair.ends.to.worker, "restMillis", REST_MILLIS);
        bring(pair, "");
        rooms.later(REST_MILLIS, () -> {
            if (!pairs.containsValue(pair)) return;
            pair.isResting = false;
            pair.misses = 0;
            pair.names.forEach(name -> bring(pair, name));
        });
    }

    /** One connection to a worker, with what it answers and what it is sent. */
    final class End {
        private final NodeId worker;
        private final Meter meter;
        private final Bearers bearers;
        private Carrier.@Nullable Owner owner;
        private @Nullable Answer filling;
        private @Nullable Answer busy;
        private @Nullable Answer likely;
        private int equalBytes;
        private boolean isOver;

        private End(NodeId worker, Meter meter, Bearers bearers) {
            this.worker = worker;
            this.meter = meter;
            this.bearers = bearers;
        }

        void serve(Carrier.Owner tunnel) {
            owner = tunnel;
        }

        private void say(ByteBuf note) {
            if (owner == null || isOver) note.release();
            else owner.note(note);
        }

        // What the worker answers.

        void answerBegins(Conversation.Read read) {
            filling = null;
            if (!isWorthIt(read.bytes())) return;
            dropOld(read.name());
            if (keptBytes + read.bytes() > KEPT_BYTES_MAX) return;
            var answer = new Answer(this, read);
            keptBytes += answer.size();
            answers.add(answer);
            filling = answer;
        }

        /** What was not handed on while the next one came will not be; the last may wait behind other data still. */
        private void dropOld(String name) {
            Answer last = null;
            for (Answer each : List.copyOf(answers)) {
                if (each.from != this || !each.name.equals(name) || each.isNamed) continue;
                if (last != null && !last.isBusy) drop(last);
                last = each;
            }
        }

        void answer(ByteBuf bytes, int at, int count) {
            if (filling != null) filling.bytes.writeBytes(bytes, at, count);
        }

        // What it is sent.

        /** The answer of another worker that the data which begins now may be; empty when it was not brought here. */
        Optional<Answer> dataBegins(long bytes) {
            if (busy != null) busy.isBusy = false;
            busy = null;
            likely = null;
            equalBytes = 0;
            if (!isWorthIt(bytes)) return Optional.empty();
            for (Answer each : answers)
                if (each.size() == bytes && each.isWhole() && !each.from.worker.equals(worker)) busy = each;
            if (busy == null) return Optional.empty();
            busy.isBusy = true;
            if (isBrought(busy)) return Optional.of(busy);
            likely = busy;
            return Optional.empty();
        }

        /** Whether these data are what another worker answered. */
        boolean isAnswer(ByteBuf data) {
            return answers.stream()
                    .anyMatch(each -> !each.from.worker.equals(worker) && each.isWhole() && each.bytes.equals(data));
        }

        private boolean isBrought(Answer answer) {
            Pair pair = pairs.get(new Between(answer.from, this));
            return pair != null
                    && !pair.isResting
                    && !answer.isSpent
                    && answer.brought
                            .filter(note ->
                                    note.pair() == pair.number && note.number() > Math.max(0, pair.namedMax - WINDOW))
                            .isPresent();
        }

        /** More of the data: if it is an answer from beginning to end, the next such answer need not come here. */
        void data(ByteBuf bytes, int at, int count) {
            Answer answer = likely;
            if (answer == null) return;
            if (bytes.nioBuffer(at, count).equals(answer.piece(equalBytes, count))) equalBytes += count;
            else likely = null;
            if (equalBytes < answer.size()) return;
            likely = null;
            learn(answer, this);
        }

        /** Says what a stretch of the data is. */
        ByteBuf name(Answer answer, long at, int count, byte[] check) {
            answer.isNamed = true;
            answer.isSpent = at + count == answer.size();
            meter.direct(count);
            HandNote.Numbered brought = answer.brought.orElseThrow();
            pair(brought.pair()).ifPresent(pair -> pair.namedMax = Math.max(pair.namedMax, brought.number()));
            return new HandNote.Brought(brought.pair(), brought.number(), (int) at, count, check).said();
        }

        // What the worker says.

        /** Does what a note says; false when it cannot be. */
        boolean heard(int kind, ByteBuf note) {
            HandNote.Numbered said = HandNote.Numbered.read(note);
            return switch (kind) {
                case HandNote.BRINGING -> {
                    // It stands behind the answer's head and before its first byte.
                    if (filling != null && filling.bytes.writerIndex() == 0) filling.brought = Optional.of(said);
                    yield true;
                }
                case HandNote.GOT -> got(said);
                case HandNote.WANT -> want(said);
                default -> false;
            };
        }

        private boolean got(HandNote.Numbered said) {
            Optional<Pair> pair = pair(said.pair()).filter(each -> each.ends.to == this);
            if (pair.isEmpty()) return false;
            if (said.number() == 0 && !pair.get().isExpected) {
                pair.get().isExpected = true;
                pair.get().names.forEach(name -> bring(pair.get(), name));
            } else if (said.number() != pair.get().wanted) pair.get().misses = 0;
            for (Answer each : named(said.pair())) {
                int number = each.brought.orElseThrow().number();
                if (number == said.number() || number <= said.number() - WINDOW) drop(each);
            }
            return true;
        }

        private boolean want(HandNote.Numbered said) {
            Optional<Pair> pair = pair(said.pair()).filter(each -> each.ends.to == this);
            Optional<Answer> answer = named(said.pair()).stream()
                    .filter(each -> each.brought.orElseThrow().number() == said.number())
                    .findFirst();
            if (pair.isEmpty() || answer.isEmpty()) return false;
            log.debug("handover.missed", "to", worker, "number", said.number());
            pair.get().wanted = said.number();
            missed(pair.get());
            pair.get().bearer.bring(said.number(), answer.get().bytes.retainedDuplicate());
            return true;
        }

        private List<Answer> named(long pair) {
            return answers.stream()
                    .filter(each -> each.isNamed && each.brought.orElseThrow().pair() == pair)
                    .toList();
        }

        /** The connection is over, and with it all that was to come from it or to it. */
        void release() {
            isOver = true;
            if (busy != null) busy.isBusy = false;
            for (Answer each : List.copyOf(answers)) if (each.from.isOver && !each.isBusy) drop(each);
            for (Iterator<Pair> each = pairs.values().iterator(); each.hasNext(); ) {
                Pair pair = each.next();
                if (pair.ends.from != this && pair.ends.to != this) continue;
                each.remove();
                pair.bearer.close();
                for (Answer answer : named(pair.number)) drop(answer);
            }
        }
    }
}
