package mesh.daemon.tunnel;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import mesh.core.rpc.Area;
import mesh.core.rpc.Command;
import mesh.core.rpc.Graph;

/**
 * Where a server's memory holds other bytes than its client wrote, since two terms were said as their sum and nothing,
 * and what should stand there: told as soon as anything might see the difference, forgotten as soon as nothing can.
 * Owned by the loop of the connection.
 */
final class Untold {
    /** Two such sums of the largest size. Beyond it terms are said as they are. */
    private static final long BYTES_MAX = 64L << 20;

    private static final int HEAD_BYTES = 1 + Long.BYTES + Command.SET_TENSOR.headBytes();
    private static final int SIZE_AT = 1;
    private static final int OFFSET_AT = HEAD_BYTES - Long.BYTES;

    private final List<Fold> folds = new ArrayList<>();

    /** One tensor as its client wrote it: what stood before its data, where it stands, and the data. */
    static final class Term {
        private final byte[] head;
        private final String name;
        private final Area area;
        private final ByteBuf data;

        /** The parts that hold something else. */
        private List<Area> parts;

        /** Takes the data over. */
        Term(byte[] head, String name, Area area, ByteBuf data) {
            this.head = head;
            this.name = name;
            this.area = area;
            this.data = data;
            this.parts = List.of(area);
        }

        byte[] head() {
            return head;
        }

        String name() {
            return name;
        }

        Area area() {
            return area;
        }

        ByteBuf data() {
            return data;
        }

        private boolean isWhole() {
            return parts.size() == 1 && parts.getFirst().equals(area);
        }

        private void without(Area gone) {
            if (parts.stream().noneMatch(gone::overlaps)) return;
            var left = new ArrayList<Area>();
            for (Area part : parts) {
                if (!part.overlaps(gone)) {
                    left.add(part);
                    continue;
                }
                if (part.from() < gone.from()) left.add(new Area(part.buffer(), part.from(), gone.from()));
                if (gone.to() < part.to()) left.add(new Area(part.buffer(), gone.to(), part.to()));
            }
            parts = List.copyOf(left);
        }

        private void tell(Area part, Consumer<ByteBuf> said) {
            ByteBuf frame = Unpooled.copiedBuffer(head);
            frame.setLongLE(SIZE_AT, Command.SET_TENSOR.headBytes() + part.bytes());
            frame.setLongLE(OFFSET_AT, part.from() - area.from());
            said.accept(frame);
            Folding.inPieces(data.slice((int) (part.from() - area.from()), (int) part.bytes()), said);
        }
    }

    /** Two terms that were said as one. */
    private record Fold(Term first, Term second) {
        List<Term> terms() {
            return List.of(first, second);
        }

        private boolean isWhole() {
            return first.isWhole() && second.isWhole();
        }
    }

    boolean hasRoom(long bytes) {
        long held = 0;
        for (Fold fold : folds) held += fold.first.area.bytes() + fold.second.area.bytes();
        return bytes <= BYTES_MAX - held;
    }

    /** The server has just been sent both, as one. */
    void add(Term first, Term second) {
        overwritten(first.area);
        overwritten(second.area);
        folds.add(new Fold(first, second));
    }

    /** The server holds there what the client thinks it does. */
    void overwritten(Area area) {
        for (Fold fold : folds) for (Term term : fold.terms()) term.without(area);
        forgetTold();
    }

    /** All of a buffer is gone, or was overwritten. */
    void forget(long buffer) {
        for (Fold fold : folds) for (Term term : fold.terms()) if (term.area.buffer() == buffer) term.parts = List.of();
        forgetTold();
    }

    /** Something other than a graph is about to look there. */
    void tell(Area area, Consumer<ByteBuf> said) {
        for (Fold fold : folds)
            for (Term term : fold.terms()) for (Area part : term.parts) if (part.overlaps(area)) told(term, part, said);
        forgetTold();
    }

    void tellAll(Consumer<ByteBuf> said) {
        for (Fold fold : folds) for (Term term : fold.terms()) for (Area part : term.parts) told(term, part, said);
        forgetTold();
    }

    /** The graph is about to be computed; false when it would have seen a difference, which is told now. */
    boolean computes(Graph graph, Consumer<ByteBuf> said) {
        boolean isRight = true;
        for (Fold fold : folds) {
            if (fold.isWhole() && graph.adds(fold.first.area, fold.second.area)) continue;
            for (Term term : fold.terms())
                for (Area part : term.parts)
                    if (graph.reads(part)) {
                        told(term, part, said);
                        isRight = false;
                    }
        }
        graph.written().forEach(this::overwritten);
        forgetTold();
        return isRight;
    }

    private static void told(Term term, Area part, Consumer<ByteBuf> said) {
        term.tell(part, said);
        term.without(part);
    }

    private void forgetTold() {
        folds.removeIf(fold -> {
            if (!fold.first.parts.isEmpty() || !fold.second.parts.isEmpty()) return false;
            fold.terms().forEach(term -> term.data.release());
            return true;
        });
    }

    void release() {
        for (Fold fold : folds) fold.terms().forEach(term -> term.data.release());
        folds.clear();
    }
}
