package mesh.core.rpc;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Two terms of a sum that stand for two others: the first is their sum and the second -0.0, which whoever adds them
 * leaves as it is. Where that depends on who adds, both stay what they were: a NaN has bits that machines choose
 * differently, and numbers so small that they are not normal are nothing to some. Pure.
 */
public final class Terms {
    private static final int NEGATIVE_ZERO = 0x8000_0000;
    private static final int EXPONENT = 0x7F80_0000;
    private static final int MAGNITUDE = 0x7FFF_FFFF;

    private Terms() {}

    /** What is said first of the terms in both, which are little-endian floats and of one size. */
    public static void first(ByteBuffer one, ByteBuffer other, ByteBuffer said) {
        ByteBuffer ones = one.slice().order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer others = other.slice().order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer sums = said.slice().order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at < sums.limit(); at += Float.BYTES)
            sums.putInt(at, first(ones.getInt(at), others.getInt(at)));
    }

    /** What is said second of them. */
    public static void second(ByteBuffer one, ByteBuffer other, ByteBuffer said) {
        ByteBuffer ones = one.slice().order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer others = other.slice().order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer rests = said.slice().order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at < rests.limit(); at += Float.BYTES)
            rests.putInt(at, second(ones.getInt(at), others.getInt(at)));
    }

    static int first(int one, int other) {
        return isSafe(one, other) ? Float.floatToRawIntBits(sum(one, other)) : one;
    }

    static int second(int one, int other) {
        return isSafe(one, other) ? NEGATIVE_ZERO : other;
    }

    private static boolean isSafe(int one, int other) {
        float sum = sum(one, other);
        return !Float.isNaN(sum) && !isTiny(one) && !isTiny(other) && !isTiny(Float.floatToRawIntBits(sum));
    }

    private static float sum(int one, int other) {
        return Float.intBitsToFloat(one) + Float.intBitsToFloat(other);
    }

    private static boolean isTiny(int bits) {
        return (bits & EXPONENT) == 0 && (bits & MAGNITUDE) != 0;
    }
}
