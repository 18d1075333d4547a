package mesh.core.id;

import java.nio.ByteBuffer;
import java.util.HexFormat;

/** The 128-bit number of one invite or certificate, drawn by chance by its issuer; what a revocation names. */
public record Serial(long high, long low) implements Comparable<Serial> {
    public static final int BYTES = 16;

    public static Serial of(byte[] bytes) {
        if (bytes.length != BYTES)
            throw new IllegalArgumentException("serial length bytes=" + bytes.length + " expected=" + BYTES);
        var read = ByteBuffer.wrap(bytes);
        return new Serial(read.getLong(), read.getLong());
    }

    public static Serial parse(String hex) {
        return of(HexFormat.of().parseHex(hex));
    }

    public byte[] bytes() {
        return ByteBuffer.allocate(BYTES).putLong(high).putLong(low).array();
    }

    @Override
    public int compareTo(Serial other) {
        int order = Long.compareUnsigned(high, other.high);
        return order != 0 ? order : Long.compareUnsigned(low, other.low);
    }

    @Override
    public String toString() {
        return HexFormat.of().formatHex(bytes());
    }
}
