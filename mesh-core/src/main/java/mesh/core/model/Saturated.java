package mesh.core.model;

/** Sums and products of non-negative amounts that stop at the largest long: a hostile header asks for "too much", not for less than nothing. */
final class Saturated {
    private Saturated() {}

    static long plus(long a, long b) {
        return a > Long.MAX_VALUE - b ? Long.MAX_VALUE : a + b;
    }

    static long times(long a, long b) {
        return Math.multiplyHigh(a, b) != 0 || a * b < 0 ? Long.MAX_VALUE : a * b;
    }
}
