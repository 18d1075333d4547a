package mesh.daemon.tunnel;

import static mesh.daemon.tunnel.RpcFrames.TENSOR;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * As much of an rpc-server as has a memory: what is written to it, computed in it and read from it, by address. It adds
 * and it negates; what machines do differently with odd numbers it does in a way that shows every bit. Not thread-safe.
 */
final class TinyServer {
    static final int ADD = 2;
    static final int NEGATE = 25;
    static final int BUFFER_BYTES = 1 << 10;

    private static final int NAN = 0x7FC0_0000;

    private final boolean flushesTinyNumbers;
    private final Map<Long, ByteBuffer> buffers = new LinkedHashMap<>();
    private final Map<Long, ByteBuffer> graphs = new LinkedHashMap<>();
    private final ByteArrayOutputStream answers = new ByteArrayOutputStream();
    private final List<Integer> commands = new ArrayList<>();
    private int nothings;

    TinyServer(boolean flushesTinyNumbers) {
        this.flushesTinyNumbers = flushesTinyNumbers;
    }

    /** Whole frames. */
    void hear(byte[] said) {
        ByteBuffer frames = ByteBuffer.wrap(said).order(ByteOrder.LITTLE_ENDIAN);
        while (frames.hasRemaining()) {
            int command = frames.get();
            var payload = new byte[(int) frames.getLong()];
            frames.get(payload);
            commands.add(command);
            does(command, ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN));
        }
    }

    byte[] answers() {
        return answers.toByteArray();
    }

    List<Integer> commands() {
        return commands;
    }

    /** How often it was written nothing but numbers that change no sum. */
    int nothings() {
        return nothings;
    }

    private void does(int command, ByteBuffer payload) {
        switch (command) {
            case 5 -> {
                var filled = new byte[BUFFER_BYTES];
                Arrays.fill(filled, payload.get(8));
                memory(payload.getLong(0)).put(0, filled);
            }
            case 6 -> set(payload);
            case 8 -> {
                var read = new byte[(int) payload.getLong(TENSOR + 8)];
                memory(payload).get(at(payload, 0) + (int) payload.getLong(TENSOR), read);
                answers.writeBytes(read);
            }
            case 9 -> {
                var copied = new byte[4 * payload.getInt(20)];
                memory(payload).get(at(payload, 0), copied);
                memory(payload.getLong(TENSOR + 12)).put(at(payload, TENSOR), copied);
            }
            case 10 -> {
                graphs.put(payload.getLong(4), payload);
                compute(payload);
            }
            case 16 -> compute(graphs.getOrDefault(payload.getLong(4), payload));
            default -> {}
        }
    }

    private void set(ByteBuffer payload) {
        var data = new byte[payload.limit() - TENSOR - 9];
        payload.get(TENSOR + 9, data);
        memory(payload).put(at(payload, 0) + (int) payload.getLong(TENSOR + 1), data);
        boolean isNothing = data.length > 0;
        for (int i = 0; i < data.length; i++) isNothing &= data[i] == (i % 4 == 3 ? (byte) 0x80 : 0);
        if (isNothing) nothings++;
    }

    private ByteBuffer memory(ByteBuffer tensor) {
        return memory(tensor.getLong(12));
    }

    private ByteBuffer memory(long buffer) {
        return buffers.computeIfAbsent(
                buffer, fresh -> ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN));
    }

    private static int at(ByteBuffer payload, int tensorAt) {
        return (int) (payload.getLong(tensorAt + 220) - RpcTensor.BASE);
    }

    private void compute(ByteBuffer graph) {
        int nodes = graph.getInt(12);
        int tensorsAt = 16 + 8 * nodes + 4;
        var byId = new LinkedHashMap<Long, ByteBuffer>();
        for (int at = tensorsAt; at < graph.limit(); at += TENSOR)
            byId.put(graph.getLong(at), graph.slice(at, TENSOR).order(ByteOrder.LITTLE_ENDIAN));
        for (int i = 0; i < nodes; i++) compute(byId.getOrDefault(graph.getLong(16 + 8 * i), graph), byId);
    }

    private void compute(ByteBuffer node, Map<Long, ByteBuffer> byId) {
        ByteBuffer one = byId.getOrDefault(node.getLong(124), node);
        ByteBuffer other = byId.getOrDefault(node.getLong(132), one);
        for (int i = 0; i < node.getInt(20); i++) {
            int a = memory(one).getInt(at(one, 0) + 4 * i);
            int b = memory(other).getInt(at(other, 0) + 4 * i);
            int made = node.getInt(52) == ADD ? add(a, b) : a ^ 0x8000_0000;
            memory(node).putInt(at(node, 0) + 4 * i, made);
        }
    }

    private int add(int a, int b) {
        float sum = Float.intBitsToFloat(flushed(a)) + Float.intBitsToFloat(flushed(b));
        if (Float.isNaN(sum)) return NAN | ((31 * a + b) & 0x3F_FFFF);
        return flushed(Float.floatToRawIntBits(sum));
    }

    private int flushed(int bits) {
        return flushesTinyNumbers && (bits & 0x7F80_0000) == 0 ? bits & 0x8000_0000 : bits;
    }
}
