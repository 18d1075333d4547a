package mesh.core.model;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Writes the part of a GGUF file (version 3) that stands before the weights: keys in the order given, then the table of
 * tensors, padded to where the data starts. Tensors lie in the order given, each on its own 32-byte line. One user, one
 * thread.
 */
public final class GgufWriter {
    private static final int ALIGNMENT = 32;

    private final ByteArrayOutputStream keys = new ByteArrayOutputStream();
    private final ByteArrayOutputStream table = new ByteArrayOutputStream();
    private int tensorCount;
    private int keyCount;
    private long dataBytes;

    public GgufWriter text(String key, String value) {
        key(key, 8);
        text(keys, value);
        return this;
    }

    public GgufWriter u16(String key, int value) {
        key(key, 2);
        number(keys, value, 2);
        return this;
    }

    public GgufWriter u32(String key, long value) {
        key(key, 4);
        number(keys, value, 4);
        return this;
    }

    public GgufWriter f32(String key, float value) {
        key(key, 6);
        number(keys, Float.floatToIntBits(value), 4);
        return this;
    }

    public GgufWriter flag(String key, boolean value) {
        key(key, 7);
        number(keys, value ? 1 : 0, 1);
        return this;
    }

    public GgufWriter texts(String key, List<String> values) {
        list(key, 8, values.size());
        for (String value : values) text(keys, value);
        return this;
    }

    public GgufWriter i32s(String key, List<Integer> values) {
        list(key, 5, values.size());
        for (int value : values) number(keys, value, 4);
        return this;
    }

    public GgufWriter f32s(String key, float... values) {
        list(key, 6, values.length);
        for (float value : values) number(keys, Float.floatToIntBits(value), 4);
        return this;
    }

    /** The next tensor; its first dimension is the contiguous one. */
    public GgufWriter tensor(String name, TensorType type, long... dims) {
        text(table, name);
        number(table, dims.length, 4);
        long values = 1;
        for (long dim : dims) {
            number(table, dim, 8);
            values *= dim;
        }
        number(table, type.number(), 4);
        number(table, dataBytes, 8);
        tensorCount++;
        dataBytes = aligned(dataBytes + type.bytes(values));
        return this;
    }

    /** All bytes before the data. */
    public byte[] header() {
        var header = new ByteArrayOutputStream();
        header.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
        number(header, 3, 4);
        number(header, tensorCount, 8);
        number(header, keyCount, 8);
        header.writeBytes(keys.toByteArray());
        header.writeBytes(table.toByteArray());
        header.writeBytes(new byte[(int) (aligned(header.size()) - header.size())]);
        return header.toByteArray();
    }

    public long dataBytes() {
        return dataBytes;
    }

    private void key(String key, int type) {
        text(keys, key);
        number(keys, type, 4);
        keyCount++;
    }

    private void list(String key, int type, int count) {
        key(key, 9);
        number(keys, type, 4);
        number(keys, count, 8);
    }

    private static void text(ByteArrayOutputStream out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        number(out, bytes.length, 8);
        out.writeBytes(bytes);
    }

    /** The {@code bytes} low bytes of {@code value}, little endian. */
    private static void number(ByteArrayOutputStream out, long value, int bytes) {
        byte[] all = ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
        out.write(all, 0, bytes);
    }

    private static long aligned(long bytes) {
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
}
