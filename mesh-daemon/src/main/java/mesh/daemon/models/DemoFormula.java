package mesh.daemon.models;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import mesh.core.model.Bytes;
import mesh.core.model.GgufWriter;
import mesh.core.model.TensorType;

/**
 * A GGUF file made of nothing: every 8 bytes of it follow from its name and where they stand, by integer arithmetic, so
 * that all machines make the same file and any piece can be made or checked alone. One user while it is filled, any
 * thread once it is {@link #close closed}.
 */
final class DemoFormula implements Bytes {
    private static final long SEED = 0x6D657368; // "mesh"

    /** SplitMix64's step: an odd number near 2^64 divided by the golden ratio. */
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    /** Of each of the four f16 in a word, the sign and the mantissa. */
    private static final long F16_SIGN_AND_MANTISSA = 0x83FF_83FF_83FF_83FFL;

    static final int F16_EXPONENT_BIAS = 15;
    static final int F16_PER_WORD = 4;
    private static final long F32_ONES = 0x3F80_0000_3F80_0000L;

    private final String name;
    private final GgufWriter writer = new GgufWriter();
    private final List<Tensor> tensors = new ArrayList<>();
    private byte[] header = new byte[0];

    DemoFormula(String name) {
        this.name = name;
    }

    /** A tensor's content, eight bytes at a time. */
    interface Words {
        long at(long word);
    }

    /** Where a tensor lies, counted from the start of the data. */
    private record Tensor(long start, long end, Words words) {}

    /** Takes the keys. */
    GgufWriter keys() {
        return writer;
    }

    /** What scales a vector, and leaves it as it is. */
    void ones(String tensor, int width) {
        writer.tensor(tensor, TensorType.F32, width);
        place(4L * width, word -> F32_ONES);
    }

    /** What is added to a vector, and leaves it as it is. */
    void zeros(String tensor, int width) {
        writer.tensor(tensor, TensorType.F32, width);
        place(4L * width, word -> 0);
    }

    void halves(String tensor, Words words, long... dims) {
        writer.tensor(tensor, TensorType.F16, dims);
        long values = 1;
        for (long dim : dims) values *= dim;
        place(2 * values, words);
    }

    /** Every size here is a multiple of the file's alignment, so tensors touch. */
    private void place(long bytes, Words words) {
        long start = tensors.isEmpty() ? 0 : tensors.getLast().end();
        tensors.add(new Tensor(start, start + bytes, words));
    }

    /** For the next tensor. Signs and mantissas by chance, one exponent: values between 2^e and 2^(e+1), either sign. */
    Words noise(int exponent) {
        long seed = mixed(SEED + tensors.size() * GOLDEN + name.hashCode());
        long exponents = fourTimes((exponent + F16_EXPONENT_BIAS) << 10);
        return word -> (mixed(seed + word * GOLDEN) & F16_SIGN_AND_MANTISSA) | exponents;
    }

    /** The exponent of one over the root of the inputs, which keeps the length of what passes through a matrix. */
    static int keeping(int inputs) {
        int rootExponent = (Integer.SIZE - 1 - Integer.numberOfLeadingZeros(inputs)) / 2;
        return -rootExponent - 1;
    }

    /** Nothing is added any more; from here on it is immutable. */
    void close() {
        header = writer.header();
    }

    @Override
    public long size() {
        return header.length + writer.dataBytes();
    }

    @Override
    public ByteBuffer read(long offset, int length) {
        long end = Math.min(size(), offset + length);
        if (end <= offset) return ByteBuffer.allocate(0);
        long from = offset & -8L;
        long to = (end + 7) & -8L;
        var bytes = ByteBuffer.allocate((int) (to - from)).order(ByteOrder.LITTLE_ENDIAN);
        int at = 0;
        for (long next = from; next < to; ) {
            if (next < header.length) {
                int known = (int) Math.min(to, header.length);
                bytes.put(header, (int) next, known - (int) next);
                next = known;
                continue;
            }
            while (tensors.get(at).end() <= next - header.length) at++;
            Tensor tensor = tensors.get(at);
            long stop = Math.min(to, header.length + tensor.end());
            long word = (next - header.length - tensor.start()) / Long.BYTES;
            for (; next < stop; next += Long.BYTES) bytes.putLong(tensor.words().at(word++));
        }
        return bytes.slice((int) (offset - from), (int) (end - offset));
    }

    private static long fourTimes(long half) {
        return half * 0x0001_0001_0001_0001L;
    }

    /** SplitMix64's finisher (Steele, Lea, Flood 2014): every bit of the answer depends on every bit given. */
    private static long mixed(long bits) {
        bits = (bits ^ (bits >>> 30)) * 0xBF58476D1CE4E5B9L;
        bits = (bits ^ (bits >>> 27)) * 0x94D049BB133111EBL;
        return bits ^ (bits >>> 31);
    }
}
