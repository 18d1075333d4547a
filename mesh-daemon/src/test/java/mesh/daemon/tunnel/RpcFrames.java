package mesh.daemon.tunnel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/** What llama-server and rpc-server say to each other, frame by frame, for tests of what carries it. Stateless. */
final class RpcFrames {
    /** Bytes of a tensor's description, before its data. */
    static final int TENSOR = 296;

    private static final int NAME_AT = 228;

    private RpcFrames() {}

    static byte[] request(int command, byte[] payload) {
        return ByteBuffer.allocate(9 + payload.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) command)
                .putLong(payload.length)
                .put(payload)
                .array();
    }

    static byte[] setTensor(String name, long offset, byte[] data) {
        var payload = ByteBuffer.allocate(TENSOR + 9 + data.length).order(ByteOrder.LITTLE_ENDIAN);
        payload.put(NAME_AT, name.getBytes(StandardCharsets.US_ASCII));
        payload.putLong(TENSOR + 1, offset);
        payload.put(TENSOR + 9, data);
        return request(6, payload.array());
    }

    static byte[] getTensor(String name, long bytes) {
        var payload = ByteBuffer.allocate(TENSOR + 16).order(ByteOrder.LITTLE_ENDIAN);
        payload.put(NAME_AT, name.getBytes(StandardCharsets.US_ASCII));
        payload.putLong(TENSOR + 8, bytes);
        return request(8, payload.array());
    }

    /** What each of so many tokens may look at: all before it, of all there are and some places more. */
    static byte[] mask(int rows, Random random) {
        int columns = rows + random.nextInt(rows);
        var mask = ByteBuffer.allocate(rows * columns * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int row = 0; row < rows; row++) mask(mask, row + 1, columns);
        return mask.array();
    }

    /** One row of it, in half precision. */
    static void mask(ByteBuffer into, int seen, int columns) {
        for (int column = 0; column < columns; column++) into.putShort((short) (column < seen ? 0 : 0xFC00));
    }

    /** The server's answer to a greeting: it speaks version 8. */
    static byte[] hello() {
        return ByteBuffer.allocate(36)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(28)
                .put((byte) 8)
                .array();
    }
}
