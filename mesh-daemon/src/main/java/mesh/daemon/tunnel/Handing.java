package mesh.daemon.tunnel;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiFunction;
import mesh.core.Sha256;
import mesh.core.id.NodeId;
import mesh.core.rpc.Conversation;
import org.jspecify.annotations.Nullable;

/**
 * A worker's part in payloads that go past the host, for one connection: answers are brought to the worker that the host
 * names, behind the host's own copy, and what another worker brought is used once it is what the host says it is. Waits
 * for it a moment, then asks the host. Owned by the loop of the connection.
 */
final class Handing {
    /** A stretch in which nothing came: more than the longest way of a split, less than anybody waits for. */
    private static final long TICK_MILLIS = 500;

    /** A link that needs longer for one payload is not worth waiting for, even if something comes. */
    private static final int TICKS_MAX = 6;

    /** The tensors between two workers are one or a few. */
    private static final int NAMES_MAX = 16;

    private final NodeId host;
    private final Intake intake;
    private final BiFunction<NodeId, Long, Bearer> bearers;
    private final Later later;
    private final MessageDigest sha256 = Sha256.fresh();
    private Carrier.@Nullable Owner owner;

    // What this worker brings.
    private final Map<String, Bringing> byName = new HashMap<>();
    private final Map<Long, Bringing> byPair = new HashMap<>();
    private @Nullable Bringing passing;
    private @Nullable ByteBuf copy;

    // What is brought to it.
    private final Map<Long, Intake.Shelf> shelves = new HashMap<>();
    private HandNote.@Nullable Brought waiting;
    private boolean hasAsked;

    /** How time passes where the connection lives. */
    interface Later {
        void run(long millis, Runnable what);
    }

    private static final class Bringing {
        final long pair;
        final Bearer bearer;
        int number;

        Bringing(long pair, Bearer bearer) {
            this.pair = pair;
            this.bearer = bearer;
        }
    }

    /** @param bearers to a node, for a pair */
    Handing(NodeId host, Intake intake, BiFunction<NodeId, Long, Bearer> bearers, Later later) {
        this.host = host;
        this.intake = intake;
        this.bearers = bearers;
        this.later = later;
    }

    void serve(Carrier.Owner tunnel) {
        owner = tunnel;
    }

    // Answers of our server.

    /** What to tell the host before the first byte of the answer that begins now; empty if nobody else gets it. */
    Optional<ByteBuf> answerBegins(Conversation.Read read) {
        passing = null;
        Bringing to = byName.get(read.name());
        if (to == null || !Handover.isWorthIt(read.bytes())) return Optional.empty();
        int bytes = (int) read.bytes();
        // Each batch brings one of each name.
        long names =
                byName.values().stream().filter(each -> each.pair == to.pair).count();
        if (!to.bearer.isReady((int) names)) return Optional.empty();
        passing = to;
        copy = ByteBufAllocator.DEFAULT.directBuffer(bytes, bytes);
        to.number++;
        return Optional.of(new HandNote.Numbered(to.pair, to.number).said(HandNote.BRINGING));
    }

    /** More of the answer. It is brought when the host's copy is on its way, which nothing may delay. */
    void answer(ByteBuf bytes, int at, int count) {
        Bringing to = passing;
        ByteBuf filling = copy;
        if (to == null || filling == null) return;
        filling.writeBytes(bytes, at, count);
        if (filling.isWritable()) return;
        passing = null;
        copy = null;
        to.bearer.bring(to.number, filling);
    }

    // What the host says.

    /** Does what a note says; false when it cannot be. */
    boolean heard(int kind, ByteBuf note) {
        return switch (kind) {
            case HandNote.EXPECT -> expect(HandNote.Expect.read(note));
            case HandNote.BRING -> bring(HandNote.Bring.read(note));
            default -> false;
        };
    }

    private boolean expect(HandNote.Expect asked) {
        Optional<Intake.Shelf> shelf = intake.expect(asked, host, this::arrived);
        shelf.ifPresent(fresh -> {
            shelves.put(asked.pair(), fresh);
            say(HandNote.GOT, asked.pair(), 0);
        });
        return shelf.isPresent();
    }

    private boolean bring(HandNote.Bring asked) {
        if (asked.name().isEmpty()) {
            byName.values().removeIf(each -> each.pair == asked.pair());
            return true;
        }
        if (byName.size() == NAMES_MAX || byPair.size() == NAMES_MAX) return false;
        Bringing bringing =
                byPair.computeIfAbsent(asked.pair(), pair -> new Bringing(pair, bearers.apply(asked.to(), pair)));
        byName.put(asked.name(), bringing);
        // So that the next answer finds the way open.
        bringing.bearer.isReady(1);
        return true;
    }

    // What the host names.

    /** Begins to wait for bytes; false when they cannot be meant. */
    boolean await(HandNote.Brought named) {
        boolean canBe = named.count() > 0
                && named.offset() >= 0
                && named.offset() <= Handover.PAYLOAD_BYTES_MAX - named.count()
                && shelves.containsKey(named.pair());
        if (!canBe) return false;
        waiting = named;
        hasAsked = false;
        return true;
    }

    /** Sees to it that what is waited for comes, from the host if need be. */
    void watch() {
        HandNote.Brought named = waiting;
        if (named == null) return;
        int here = shelf(named).hereBytes(named.number());
        later.run(TICK_MILLIS, () -> tick(named, here, 1));
    }

    boolean isWaiting() {
        return waiting != null;
    }

    /** What is waited for, once it is here and right; the caller's. */
    Optional<ByteBuf> take() {
        HandNote.Brought named = waiting;
        if (named == null) return Optional.empty();
        Intake.Shelf shelf = shelf(named);
        Optional<ByteBuf> piece = shelf.piece(named.number(), named.offset(), named.count());
        if (piece.isEmpty()) return Optional.empty();
        if (!Arrays.equals(named.check(), ShortNote.check(sha256, piece.get().nioBuffer()))) {
            piece.get().release();
            shelf.drop(named.number());
            want(named);
            return Optional.empty();
        }
        waiting = null;
        int end = named.offset() + named.count();
        if (shelf.isWhole(named.number(), end)) {
            shelf.done(named.number());
            say(HandNote.GOT, named.pair(), named.number());
        }
        return piece;
    }

    private Intake.Shelf shelf(HandNote.Brought named) {
        return Objects.requireNonNull(shelves.get(named.pair()), "looked for before");
    }

    private void arrived() {
        if (waiting != null && owner != null) owner.goOn();
    }

    private void tick(HandNote.Brought named, int hadBytes, int ticks) {
        if (!Objects.equals(waiting, named)) return;
        int here = shelf(named).hereBytes(named.number());
        boolean isStill = here == hadBytes && !hasAsked;
        if (isStill || ticks % TICKS_MAX == 0) want(named);
        later.run(TICK_MILLIS, () -> tick(named, here, ticks + 1));
    }

    private void want(HandNote.Brought named) {
        hasAsked = true;
        say(HandNote.WANT, named.pair(), named.number());
    }

    private void say(int kind, long pair, int number) {
        if (owner != null) owner.note(new HandNote.Numbered(pair, number).said(kind));
    }

    void release() {
        waiting = null;
        if (copy != null) copy.release();
        copy = null;
        byPair.values().forEach(each -> each.bearer.close());
        byPair.clear();
        byName.clear();
        shelves.values().forEach(Intake.Shelf::close);
        shelves.clear();
    }
}
