package mesh.daemon.tunnel;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import mesh.core.rpc.Area;
import mesh.core.rpc.Command;
import mesh.core.rpc.Graph;
import mesh.core.rpc.Tensor;
import mesh.core.rpc.Terms;
import mesh.daemon.log.Log;
import org.jspecify.annotations.Nullable;

/**
 * Says two inputs that a worker would only add as their sum and -0.0, which adds up to the same bits and takes half the
 * link. A pair is learned from a graph that was sent, by name and by how its inputs followed each other, and what a graph
 * really does is looked at each time before it runs: one that sees more than the sum is told the truth first. All else
 * passes at once, as it is. Owned by the loop of the connection.
 */
final class Folding {
    /** A batch's activations of a large model. */
    static final int TERM_BYTES_MAX = 16 << 20;

    /** Twenty thousand tensors; the largest model's graphs have some thousand. */
    static final int GRAPH_BYTES_MAX = 8 << 20;

    /** A context has two or three in turns: for a batch, its rest, a token. */
    private static final int GRAPHS_MAX = 64;

    /** Inputs of a few graphs; a pair that is forgotten is learned again. */
    private static final int NAMES_MAX = 64;

    /** A record's length has three bytes, and what is worked on in one go stays in the processor's cache. */
    private static final int PIECE_BYTES = 256 << 10;

    private static final int FRAME_BYTES = 1 + Long.BYTES;
    private static final int SET_OFFSET_AT = Command.SET_TENSOR.headBytes() - Long.BYTES;
    private static final int GET_OFFSET_AT = Command.GET_TENSOR.headBytes() - 2 * Long.BYTES;

    private static final Log log = Log.of(Folding.class);

    /** Whether these data are an answer of another worker, and need not be said at all. */
    private final Predicate<ByteBuf> isHandedOn;

    private final Untold untold = new Untold();

    private final Map<Graph.Name, Graph> graphs = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Graph.Name, Graph> eldest) {
            return size() > GRAPHS_MAX;
        }
    };

    /** Which input was written directly behind which since the last graph. */
    private final Map<String, String> followers = new LinkedHashMap<>();

    /** By the name of the term that comes first, the other one's. */
    private final Map<String, String> seconds = new LinkedHashMap<>();

    /** Empty when the last frame was something else. */
    private String lastSet = "";

    private Stage stage = Stage.HEAD;

    /** What is still to come of the frame at this stage. */
    private long left;

    private final byte[] head = new byte[FRAME_BYTES + headBytesMax()];
    private int headBytes;
    private int wantedBytes = FRAME_BYTES;

    /** As many bytes of the head came with an earlier call. */
    private int carriedBytes;

    /** Where in the bytes of this call the head begins, or its rest. */
    private int headFrom;

    private @Nullable ByteBuf graph;
    private Untold.@Nullable Term first;
    private Untold.@Nullable Term second;
    private int foldedBytes;
    private boolean hasFolded;

    private enum Stage {
        HEAD,
        PASSING,
        GRAPH,
        FIRST,
        SECOND,

        /** Something came that is no frame: it will be refused, by whom it comes to next. */
        LOST
    }

    Folding(Predicate<ByteBuf> isHandedOn) {
        this.isHandedOn = isHandedOn;
    }

    private static int headBytesMax() {
        return Arrays.stream(Command.values())
                .mapToInt(Command::headBytes)
                .max()
                .orElseThrow();
    }

    /** What goes on of the bytes of one call. */
    private static final class Way {
        final ByteBuf bytes;
        final Predicate<ByteBuf> next;
        int from;
        boolean isOpen = true;

        Way(ByteBuf bytes, Predicate<ByteBuf> next) {
            this.bytes = bytes;
            this.next = next;
            this.from = bytes.readerIndex();
        }

        /** They pass as they are, up to there. */
        void upTo(int at) {
            if (at > from) give(bytes.retainedSlice(from, at - from));
            from = at;
        }

        void give(ByteBuf piece) {
            if (isOpen) isOpen = next.test(piece);
            piece.release();
        }
    }

    /** Hands on what is to be said for these bytes, which stay the caller's; false when some of it must not pass. */
    boolean say(ByteBuf bytes, Predicate<ByteBuf> next) {
        var way = new Way(bytes, next);
        int at = bytes.readerIndex();
        int end = bytes.writerIndex();
        headFrom = at;
        while (at < end && way.isOpen) {
            if (stage == Stage.HEAD) {
                at += readHead(way, at, end - at);
                continue;
            }
            int count = (int) Math.min(left, end - at);
            at += count;
            left -= count;
            switch (stage) {
                case GRAPH -> collect(way, at, count);
                case FIRST -> hold(way, at, count);
                case SECOND -> fold(way, at, count);
                case HEAD, PASSING, LOST -> {}
            }
            if (left == 0) stage = Stage.HEAD;
        }
        boolean isInHead = stage == Stage.HEAD && headBytes > 0;
        way.upTo(isInHead ? headFrom : end);
        carriedBytes = isInHead ? headBytes : 0;
        return way.isOpen;
    }

    private int readHead(Way way, int at, int most) {
        if (headBytes == 0) headFrom = at;
        int count = Math.min(most, wantedBytes - headBytes);
        way.bytes.getBytes(at, head, headBytes, count);
        headBytes += count;
        if (headBytes < wantedBytes) return count;
        Optional<Command> command = Command.of(head[0] & 0xFF);
        long payloadBytes = payload(1).getLong(0);
        if (command.isEmpty() || payloadBytes < command.get().headBytes()) {
            lose(way);
            return count;
        }
        wantedBytes = FRAME_BYTES + command.get().headBytes();
        if (headBytes < wantedBytes) return count;
        stage = Stage.PASSING;
        left = payloadBytes - command.get().headBytes();
        begin(way, command.get(), at + count);
        if (left == 0) stage = Stage.HEAD;
        headBytes = 0;
        wantedBytes = FRAME_BYTES;
        return count;
    }

    private ByteBuffer payload(int from) {
        return ByteBuffer.wrap(head, from, headBytes - from).slice().order(ByteOrder.LITTLE_ENDIAN);
    }

    private void lose(Way way) {
        unfold(way);
        untold.tellAll(told -> insert(way, told));
        pass(way);
        stage = Stage.LOST;
        left = Long.MAX_VALUE;
        headBytes = 0;
    }

    /** A frame's head is there, and its data begin at {@code at}. */
    private void begin(Way way, Command command, int at) {
        ByteBuffer payload = payload(FRAME_BYTES);
        if (command == Command.SET_TENSOR) {
            set(way, payload, at);
            return;
        }
        lastSet = "";
        unfold(way);
        switch (command) {
            case GRAPH_COMPUTE -> {
                if (left <= GRAPH_BYTES_MAX) {
                    take(way, at);
                    graph = fresh(headBytes + (int) left).writeBytes(head, 0, headBytes);
                    stage = Stage.GRAPH;
                    if (left == 0) collect(way, at, 0);
                    return;
                }
                graphs.remove(Graph.Name.of(payload));
                untold.tellAll(told -> insert(way, told));
            }
            case GRAPH_RECOMPUTE -> compute(way, graphs.get(Graph.Name.of(payload)));
            case GET_TENSOR -> {
                Area area = Tensor.at(payload, 0)
                        .area(payload.getLong(GET_OFFSET_AT), payload.getLong(GET_OFFSET_AT + Long.BYTES));
                untold.tell(area, told -> insert(way, told));
            }
            case INIT_TENSOR -> untold.tell(Tensor.at(payload, 0).area(), told -> insert(way, told));
            case FREE_BUFFER, BUFFER_CLEAR -> untold.forget(payload.getLong(0));
            case HELLO,
                    DEVICE_COUNT,
                    GET_DEVICE_MEMORY,
                    GET_ALIGNMENT,
                    GET_MAX_SIZE,
                    GET_ALLOC_SIZE,
                    ALLOC_BUFFER,
                    BUFFER_GET_BASE -> {}
            case SET_TENSOR, SET_TENSOR_HASH, COPY_TENSOR, MEMSET_TENSOR, SET_TENSOR_2D, GET_TENSOR_2D ->
                untold.tellAll(told -> insert(way, told));
        }
        pass(way);
    }

    /** The frame goes on as it is. */
    private void pass(Way way) {
        if (carriedBytes > 0) insert(way, Unpooled.copiedBuffer(head, 0, carriedBytes));
        carriedBytes = 0;
    }

    /** The frame's head does not go on now, which ends at {@code at}. */
    private void take(Way way, int at) {
        way.upTo(headFrom);
        way.from = at;
        carriedBytes = 0;
    }

    /** Says something before the frame that begins. */
    private void insert(Way way, ByteBuf said) {
        way.upTo(headFrom);
        way.give(said);
    }

    private static ByteBuf fresh(int bytes) {
        return ByteBufAllocator.DEFAULT.directBuffer(bytes, bytes);
    }

    // Inputs.

    private void set(Way way, ByteBuffer payload, int at) {
        Tensor tensor = Tensor.at(payload, 0);
        long bytes = left;
        Area area = tensor.area(payload.getLong(SET_OFFSET_AT), bytes);
        boolean isInput = bytes > 0 && tensor.isPlainF32() && tensor.area().equals(area);
        String name = isInput ? tensor.name() : "";
        follow(name);
        Untold.Term held = first;
        if (held != null && isSecond(held, name, area)) {
            second = term(way, name, area, at);
            stage = Stage.SECOND;
            foldedBytes = 0;
            way.give(Unpooled.copiedBuffer(held.head()));
            return;
        }
        unfold(way);
        if (seconds.containsKey(name) && isWorthIt(bytes)) {
            first = term(way, name, area, at);
            stage = Stage.FIRST;
            return;
        }
        if (area.bytes() == bytes && area.buffer() != 0) untold.overwritten(area);
        else untold.tellAll(told -> insert(way, told));
        pass(way);
    }

    private void follow(String name) {
        if (!name.isEmpty() && !lastSet.isEmpty()) {
            if (followers.size() == NAMES_MAX) followers.clear();
            followers.put(lastSet, name);
        }
        lastSet = name;
    }

    private boolean isSecond(Untold.Term held, String name, Area area) {
        return name.equals(seconds.get(held.name()))
                && area.bytes() == held.area().bytes()
                && !area.overlaps(held.area())
                && isWorthIt(area.bytes());
    }

    private boolean isWorthIt(long bytes) {
        return bytes <= TERM_BYTES_MAX && untold.hasRoom(2 * bytes);
    }

    private Untold.Term term(Way way, String name, Area area, int at) {
        take(way, at);
        return new Untold.Term(Arrays.copyOf(head, headBytes), name, area, fresh((int) area.bytes()));
    }

    private void hold(Way way, int at, int count) {
        Untold.Term term = Objects.requireNonNull(first, "its data come");
        term.data().writeBytes(way.bytes, at - count, count);
        way.from = at;
        headFrom = at;
        if (left == 0 && isHandedOn.test(term.data())) unfold(way);
    }

    /** What was held goes on as it was said: it was not followed by what it is added to. */
    private void unfold(Way way) {
        Untold.Term term = first;
        if (term == null) return;
        first = null;
        seconds.remove(term.name());
        untold.overwritten(term.area());
        insert(way, Unpooled.copiedBuffer(term.head()));
        inPieces(term.data(), piece -> insert(way, piece));
        term.data().release();
    }

    /** More of the second term: the sum goes on as far as it is known, and at the end what is left to add to it. */
    private void fold(Way way, int at, int count) {
        Untold.Term one = Objects.requireNonNull(first, "it was held");
        Untold.Term other = Objects.requireNonNull(second, "its data come");
        other.data().writeBytes(way.bytes, at - count, count);
        way.from = at;
        int known = other.data().writerIndex() / Float.BYTES * Float.BYTES;
        while (foldedBytes < known) {
            int bytes = Math.min(known - foldedBytes, PIECE_BYTES);
            way.give(said(one, other, foldedBytes, bytes, Terms::first));
            foldedBytes += bytes;
        }
        if (left > 0) return;
        way.give(Unpooled.copiedBuffer(other.head()));
        for (int from = 0; from < known; from += PIECE_BYTES)
            way.give(said(one, other, from, Math.min(known - from, PIECE_BYTES), Terms::second));
        untold.add(one, other);
        if (!hasFolded) log.debug("rpc.folded", "first", one.name(), "second", other.name(), "bytes", known);
        hasFolded = true;
        first = null;
        second = null;
    }

    private interface Folder {
        void fold(ByteBuffer one, ByteBuffer other, ByteBuffer said);
    }

    private static ByteBuf said(Untold.Term one, Untold.Term other, int from, int bytes, Folder folder) {
        ByteBuf said = fresh(bytes).writerIndex(bytes);
        folder.fold(one.data().nioBuffer(from, bytes), other.data().nioBuffer(from, bytes), said.nioBuffer(0, bytes));
        return said;
    }

    /** In what fits into records; the data stay the caller's, the pieces do not. */
    static void inPieces(ByteBuf data, Consumer<ByteBuf> pieces) {
        for (int from = 0; from < data.writerIndex(); from += PIECE_BYTES)
            pieces.accept(data.retainedSlice(from, Math.min(data.writerIndex() - from, PIECE_BYTES)));
    }

    // Graphs.

    private void collect(Way way, int at, int count) {
        ByteBuf frame = Objects.requireNonNull(graph, "its bytes come");
        frame.writeBytes(way.bytes, at - count, count);
        way.from = at;
        if (left > 0) return;
        graph = null;
        ByteBuffer payload = frame.nioBuffer(FRAME_BYTES, frame.readableBytes() - FRAME_BYTES);
        Graph read = Graph.read(payload).orElse(null);
        if (read == null) graphs.remove(Graph.Name.of(payload));
        else graphs.put(Graph.Name.of(payload), read);
        headFrom = at;
        compute(way, read);
        way.give(frame);
    }

    /** Null for a graph of which nothing is known. */
    private void compute(Way way, @Nullable Graph known) {
        if (known == null) untold.tellAll(told -> insert(way, told));
        else {
            // A pair that was not one this time is learned anew where it is.
            if (!untold.computes(known, told -> insert(way, told))) seconds.clear();
            known.sums().forEach(this::learn);
        }
        followers.clear();
    }

    private void learn(Graph.Sum sum) {
        String one = sum.first().name();
        String other = sum.second().name();
        if (other.equals(followers.get(one))) learn(one, other);
        else if (one.equals(followers.get(other))) learn(other, one);
    }

    private void learn(String before, String after) {
        if (seconds.size() == NAMES_MAX) seconds.clear();
        seconds.put(before, after);
    }

    /** Nothing follows: what waited for more goes out as it was said, up to where it ends. */
    void end(Predicate<ByteBuf> next) {
        var way = new Way(Unpooled.EMPTY_BUFFER, next);
        headFrom = 0;
        if (second == null) unfold(way);
        if (graph != null) way.give(graph);
        graph = null;
        pass(way);
    }

    /** What is held goes with the connection: its server forgets all that it was told. */
    void release() {
        if (graph != null) graph.release();
        if (first != null) first.data().release();
        if (second != null) second.data().release();
        untold.release();
    }
}
