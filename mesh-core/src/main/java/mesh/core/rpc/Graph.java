package mesh.core.rpc;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mesh.core.rpc.Command.Sizes;

/**
 * What a graph does with its server's memory: where it reads what stood there before, where its results stand afterwards,
 * and which pairs of its inputs it uses for nothing but their sum. Whatever is not plain counts as read, so that a pair is
 * one only beyond doubt. Immutable.
 */
public final class Graph {
    private static final int NODES_AT = Integer.BYTES + Long.BYTES + Integer.BYTES;

    private final List<Area> read;
    private final List<Area> written;
    private final List<Sum> sums;

    /** By what a graph is known to its server, which computes it again when that is said. */
    public record Name(int device, long uid) {
        /** Of GRAPH_COMPUTE or GRAPH_RECOMPUTE, both of which begin with it. */
        public static Name of(ByteBuffer payload) {
            ByteBuffer said = payload.slice().order(ByteOrder.LITTLE_ENDIAN);
            return new Name(said.getInt(0), said.getLong(Integer.BYTES));
        }
    }

    /** Two inputs that are added, element by element, and not looked at otherwise. */
    public record Sum(Tensor first, Tensor second) {
        private boolean isOf(Area one, Area other) {
            return (first.area().equals(one) && second.area().equals(other))
                    || (first.area().equals(other) && second.area().equals(one));
        }
    }

    private Graph(List<Area> read, List<Area> written, List<Sum> sums) {
        this.read = read;
        this.written = written;
        this.sums = sums;
    }

    public List<Sum> sums() {
        return sums;
    }

    /** Whether these two are nothing but terms of a sum. */
    public boolean adds(Area one, Area other) {
        for (Sum sum : sums) if (sum.isOf(one, other)) return true;
        return false;
    }

    /** Whether what stands there before may matter to it. */
    public boolean reads(Area area) {
        for (Area each : read) if (each.overlaps(area)) return true;
        return false;
    }

    /** Where its results stand when it was computed. */
    public List<Area> written() {
        return written;
    }

    /** Reads the payload of GRAPH_COMPUTE; empty when it is not laid out as expected. */
    public static Optional<Graph> read(ByteBuffer payload) {
        return new Reading(payload.slice().order(ByteOrder.LITTLE_ENDIAN)).graph();
    }

    /** What is known while one payload is read. */
    private static final class Reading {
        private final ByteBuffer payload;
        private final List<Tensor> nodes = new ArrayList<>();
        private final List<Tensor> inputs = new ArrayList<>();

        /** How often each is a source or is viewed; every tensor has an entry. */
        private final Map<Long, Integer> uses = new HashMap<>();

        private final Map<Long, Tensor> byId = new HashMap<>();
        private final Map<Long, Tensor> inputsById = new HashMap<>();

        Reading(ByteBuffer payload) {
            this.payload = payload;
        }

        Optional<Graph> graph() {
            if (!hasAll() || !countUses() || !isInOrder()) return Optional.empty();
            var read = new ArrayList<Area>();
            var written = new ArrayList<Area>();
            for (Tensor input : inputs) read.add(input.area());
            for (Tensor node : nodes) {
                if (node.isResult()) written.add(node.area());
                else if (!isShown(node)) read.add(node.area());
            }
            return Optional.of(new Graph(joined(read), joined(written), sums()));
        }

        /** Tells nodes and inputs apart; false when sizes or ids do not fit each other. */
        private boolean hasAll() {
            if (payload.limit() < NODES_AT + Integer.BYTES) return false;
            long nodeCount = Integer.toUnsignedLong(payload.getInt(NODES_AT - Integer.BYTES));
            long tensorsAt = NODES_AT + nodeCount * Long.BYTES + Integer.BYTES;
            if (tensorsAt > payload.limit()) return false;
            long tensorCount = Integer.toUnsignedLong(payload.getInt((int) tensorsAt - Integer.BYTES));
            if (tensorsAt + tensorCount * Sizes.TENSOR != payload.limit()) return false;
            for (int i = 0; i < tensorCount; i++) {
                Tensor tensor = Tensor.at(payload, (int) tensorsAt + i * Sizes.TENSOR);
                if (tensor.id() == 0 || byId.put(tensor.id(), tensor) != null) return false;
                inputs.add(tensor);
            }
            inputsById.putAll(byId);
            for (int i = 0; i < nodeCount; i++) {
                Tensor node = inputsById.remove(payload.getLong(NODES_AT + i * Long.BYTES));
                if (node == null) return false;
                nodes.add(node);
            }
            inputs.removeIf(tensor -> !inputsById.containsKey(tensor.id()));
            byId.keySet().forEach(id -> uses.put(id, 0));
            return true;
        }

        private boolean countUses() {
            return nodes.stream().allMatch(this::countUses) && inputs.stream().allMatch(this::countUses);
        }

        /** False when it names a tensor that is not there. */
        private boolean countUses(Tensor tensor) {
            for (int i = 0; i < Tensor.SOURCES; i++) if (!countUse(tensor.source(i))) return false;
            return countUse(tensor.viewed());
        }

        private boolean countUse(long id) {
            return id == 0 || uses.computeIfPresent(id, (same, count) -> count + 1) != null;
        }

        /** Whether nothing is used before it is computed. */
        private boolean isInOrder() {
            var known = new HashSet<>(inputsById.keySet());
            known.add(0L);
            for (Tensor node : nodes) {
                if (!known.contains(node.viewed())) return false;
                for (int i = 0; i < Tensor.SOURCES; i++) if (!known.contains(node.source(i))) return false;
                known.add(node.id());
            }
            return true;
        }

        /** Whether it is another look at a result or an input, which is counted itself. */
        private boolean isShown(Tensor node) {
            Tensor viewed = byId.get(node.viewed());
            return viewed != null && viewed.area().holds(node.area());
        }

        private List<Sum> sums() {
            var sums = new ArrayList<Sum>();
            for (int i = 0; i < nodes.size(); i++) {
                Tensor node = nodes.get(i);
                Tensor first = inputsById.get(node.source(0));
                Tensor second = inputsById.get(node.source(1));
                if (first != null && second != null && isSum(node, first, second) && isUntouched(first, second, i))
                    sums.add(new Sum(first, second));
            }
            return List.copyOf(sums);
        }

        /** The result may stand where one of the terms stood, as then each element is read before it is written. */
        private boolean isSum(Tensor node, Tensor first, Tensor second) {
            return node.op() == Tensor.OP_ADD
                    && node.isF32()
                    && node.isResult()
                    && node.hasShapeOf(first)
                    && node.hasShapeOf(second)
                    && isTerm(first)
                    && isTerm(second)
                    && !first.area().overlaps(second.area())
                    && isSameOrApart(node.area(), first.area())
                    && isSameOrApart(node.area(), second.area());
        }

        private boolean isTerm(Tensor tensor) {
            return tensor.isPlainF32() && tensor.area().bytes() > 0 && uses.getOrDefault(tensor.id(), 0) == 1;
        }

        private static boolean isSameOrApart(Area one, Area other) {
            return one.equals(other) || !one.overlaps(other);
        }

        /** No other input stands there, nothing has been written there before the sum, and all that is later is a result. */
        private boolean isUntouched(Tensor first, Tensor second, int sumAt) {
            for (Tensor input : inputs)
                if (input != first && input != second && touches(input, first, second)) return false;
            for (int i = 0; i < nodes.size(); i++) {
                Tensor node = nodes.get(i);
                boolean isLater = i >= sumAt && (node.isResult() || isShown(node));
                if (!isLater && touches(node, first, second)) return false;
            }
            return true;
        }

        private static boolean touches(Tensor tensor, Tensor first, Tensor second) {
            Area area = tensor.area();
            return area.overlaps(first.area()) || area.overlaps(second.area());
        }

        /** The same memory in as few areas as it has. */
        private static List<Area> joined(List<Area> areas) {
            areas.sort(Comparator.comparingLong(Area::buffer).thenComparingLong(Area::from));
            var joined = new ArrayList<Area>();
            for (Area area : areas) {
                Area last = joined.isEmpty() ? null : joined.getLast();
                if (last != null && last.buffer() == area.buffer() && area.from() <= last.to())
                    joined.set(joined.size() - 1, new Area(last.buffer(), last.from(), Math.max(last.to(), area.to())));
                else joined.add(area);
            }
            return List.copyOf(joined);
        }
    }
}
