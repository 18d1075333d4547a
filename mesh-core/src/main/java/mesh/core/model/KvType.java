package mesh.core.model;

/** How the engine stores keys and values of past tokens; its flags take the names in lower case. */
public enum KvType {
    F32(1, 4),
    BF16(1, 2),
    F16(1, 2),
    Q8_0(32, 34),
    Q5_1(32, 24),
    Q5_0(32, 22),
    Q4_1(32, 20),
    Q4_0(32, 18);

    private final int blockValues;
    private final int blockBytes;

    KvType(int blockValues, int blockBytes) {
        this.blockValues = blockValues;
        this.blockBytes = blockBytes;
    }

    /** Bytes of so many values, in whole blocks. */
    long bytes(long values) {
        return Saturated.times(Saturated.plus(values, blockValues - 1) / blockValues, blockBytes);
    }
}
