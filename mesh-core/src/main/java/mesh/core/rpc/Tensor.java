package mesh.core.rpc;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import mesh.core.rpc.Command.Sizes;

/**
 * One tensor as a client describes it to its server ({@code rpc_tensor}): what the description says, with nothing held
 * to be true of it. Immutable.
 */
public final class Tensor {
    /** Operations' and types' numbers as far as a sum needs them; they have been these since ggml has numbers. */
    static final int OP_NONE = 0;

    static final int OP_ADD = 2;

    private static final int TYPE_F32 = 0;
    private static final int TYPE_F16 = 1;

    /** Integers of one, two, four and eight bytes, and floating point numbers of eight. */
    private static final int TYPE_I8 = 24;

    private static final int TYPE_F64 = 28;
    private static final int TYPE_BF16 = 30;

    private static final int[] BYTES_FROM_I8 = {1, 2, 4, 8, 8};

    /** The server computes it; without this an operation is only remembered. */
    private static final int FLAG_COMPUTE = 16;

    private static final int DIMENSIONS = 4;
    static final int SOURCES = 10;

    private static final int TYPE_AT = 8;
    private static final int BUFFER_AT = 12;
    private static final int SHAPE_AT = 20;
    private static final int STRIDES_AT = 36;
    private static final int OP_AT = 52;
    private static final int FLAGS_AT = 120;
    private static final int SOURCES_AT = 124;
    private static final int VIEWED_AT = 204;
    private static final int DATA_AT = 220;

    private final ByteBuffer said;

    private Tensor(ByteBuffer said) {
        this.said = said;
    }

    /** Reads a copy of the description that begins at {@code at}. */
    public static Tensor at(ByteBuffer bytes, int at) {
        var copy = new byte[Sizes.TENSOR];
        bytes.get(at, copy);
        return new Tensor(ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN));
    }

    long id() {
        return said.getLong(0);
    }

    private int type() {
        return said.getInt(TYPE_AT);
    }

    long buffer() {
        return said.getLong(BUFFER_AT);
    }

    private long shape(int dimension) {
        return Integer.toUnsignedLong(said.getInt(SHAPE_AT + Integer.BYTES * dimension));
    }

    private long stride(int dimension) {
        return Integer.toUnsignedLong(said.getInt(STRIDES_AT + Integer.BYTES * dimension));
    }

    int op() {
        return said.getInt(OP_AT);
    }

    /** The id of a source, 0 for none. */
    long source(int index) {
        return said.getLong(SOURCES_AT + Long.BYTES * index);
    }

    /** The id of the tensor whose memory it shows, 0 for none. */
    long viewed() {
        return said.getLong(VIEWED_AT);
    }

    private long data() {
        return said.getLong(DATA_AT);
    }

    public String name() {
        int length = 0;
        while (length < Sizes.NAME_BYTES && said.get(Sizes.NAME_AT + length) != 0) length++;
        var name = new byte[length];
        said.get(Sizes.NAME_AT, name);
        return new String(name, StandardCharsets.ISO_8859_1);
    }

    boolean isF32() {
        return type() == TYPE_F32;
    }

    boolean hasShapeOf(Tensor other) {
        for (int i = 0; i < DIMENSIONS; i++) if (shape(i) != other.shape(i)) return false;
        return true;
    }

    /** Whether its elements stand one behind the other with nothing between them. */
    boolean isContiguous() {
        long bytes = elementBytes();
        if (bytes == 0) return false;
        for (int i = 0; i < DIMENSIONS; i++) {
            if (stride(i) != bytes) return false;
            bytes *= shape(i);
            if (bytes > Integer.MAX_VALUE) return false;
        }
        return true;
    }

    /** 0 for types that stand in blocks, or are unknown here. */
    private int elementBytes() {
        int type = type();
        if (type == TYPE_F32) return Float.BYTES;
        if (type == TYPE_F16 || type == TYPE_BF16) return Short.BYTES;
        return type >= TYPE_I8 && type <= TYPE_F64 ? BYTES_FROM_I8[type - TYPE_I8] : 0;
    }

    /** A place for numbers that is set and not computed. */
    public boolean isPlainF32() {
        return isF32() && op() == OP_NONE && viewed() == 0 && buffer() != 0 && data() > 0 && isContiguous();
    }

    /** A place for what an operation makes of others, all of which the server then writes. */
    boolean isResult() {
        boolean isComputed = op() != OP_NONE && (said.getInt(FLAGS_AT) & FLAG_COMPUTE) != 0;
        return isComputed && viewed() == 0 && buffer() != 0 && data() > 0 && isContiguous();
    }

    /** All memory that it may lie in: to the buffer's end where its size cannot be told. */
    public Area area() {
        long bytes = elementBytes();
        if (bytes == 0) return Area.of(buffer(), data(), -1);
        for (int i = 0; i < DIMENSIONS; i++) {
            if (shape(i) == 0) return Area.of(buffer(), data(), 0);
            // Both are below 2^32, so what is too large for a tensor of any server shows, if only by its sign.
            long more = (shape(i) - 1) * stride(i);
            if (more < 0 || more > Long.MAX_VALUE / 8) return Area.of(buffer(), data(), -1);
            bytes += more;
        }
        return Area.of(buffer(), data(), bytes);
    }

    /** A part of its memory. */
    public Area area(long offset, long bytes) {
        if (offset < 0 || data() < 0 || data() > Long.MAX_VALUE - offset) return Area.of(buffer());
        return Area.of(buffer(), data() + offset, bytes);
    }
}
