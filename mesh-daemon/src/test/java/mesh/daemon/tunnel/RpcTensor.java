package mesh.daemon.tunnel;

import static mesh.daemon.tunnel.RpcFrames.TENSOR;
import static mesh.daemon.tunnel.RpcFrames.request;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A row of floats in a server's memory, and what llama-server says of it, for tests. Immutable.
 *
 * @param at times four bytes behind the buffer's beginning
 * @param op 0 for an input
 */
record RpcTensor(String name, long buffer, int at, int floats, long id, int op, List<RpcTensor> sources) {
    /** Of a buffer's first byte: as on devices whose buffers all begin at the same address. */
    static final long BASE = 0x1000;

    RpcTensor(String name, long buffer, int at, int floats) {
        this(name, buffer, at, floats, 1_000 * buffer + 100L * at + floats, 0, List.of());
    }

    /** The same place for a result. */
    RpcTensor does(long number, int operation, RpcTensor... on) {
        return new RpcTensor(name, buffer, at, floats, number, operation, List.of(on));
    }

    /** As it is in a shorter batch. */
    RpcTensor cut(int left) {
        return new RpcTensor(name, buffer, at, left);
    }

    byte[] said() {
        var said = ByteBuffer.allocate(TENSOR).order(ByteOrder.LITTLE_ENDIAN);
        said.putLong(0, id).putLong(12, buffer).putInt(52, op).putInt(120, op == 0 ? 0 : 16);
        said.putInt(20, floats).putInt(24, 1).putInt(28, 1).putInt(32, 1).putInt(36, 4);
        for (int i = 1; i < 4; i++) said.putInt(36 + 4 * i, 4 * floats);
        for (int i = 0; i < sources.size(); i++) said.putLong(124 + 8 * i, sources.get(i).id);
        return said.putLong(220, BASE + 4L * at)
                .put(228, name.getBytes(StandardCharsets.US_ASCII))
                .array();
    }

    byte[] set(byte[] data) {
        return set(0, data);
    }

    byte[] set(long offset, byte[] data) {
        return request(
                6,
                before(9 + data.length)
                        .putLong(TENSOR + 1, offset)
                        .put(TENSOR + 9, data)
                        .array());
    }

    byte[] get(long offset, long bytes) {
        return request(
                8, before(16).putLong(TENSOR, offset).putLong(TENSOR + 8, bytes).array());
    }

    byte[] copyTo(RpcTensor other) {
        return request(9, before(TENSOR).put(TENSOR, other.said()).array());
    }

    private ByteBuffer before(int bytes) {
        return ByteBuffer.allocate(TENSOR + bytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(0, said());
    }

    static byte[] graph(long uid, List<RpcTensor> nodes) {
        var tensors = new ArrayList<RpcTensor>();
        for (RpcTensor node : nodes) {
            for (RpcTensor source : node.sources) if (!tensors.contains(source)) tensors.add(source);
            if (!tensors.contains(node)) tensors.add(node);
        }
        var graph = ByteBuffer.allocate(20 + 8 * nodes.size() + TENSOR * tensors.size())
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0)
                .putLong(uid)
                .putInt(nodes.size());
        for (RpcTensor node : nodes) graph.putLong(node.id);
        graph.putInt(tensors.size());
        for (RpcTensor tensor : tensors) graph.put(tensor.said());
        return request(10, graph.array());
    }

    static byte[] recompute(long uid) {
        return request(
                16,
                ByteBuffer.allocate(12)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(4, uid)
                        .array());
    }
}
