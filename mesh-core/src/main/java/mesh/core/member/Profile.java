package mesh.core.member;

import java.util.List;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;

/**
 * What a member says of itself: the content of its signed announcement. Only facts about the speaker, so that nobody
 * can speak for another. Every list is bounded here, whoever made it. Immutable.
 *
 * @param name what people call the node; shown, never trusted
 * @param usableBytes memory a model may take on this node, after head-room and {@code --max-vram}
 * @param bandwidthBytesPerSecond measured speed of reading weights, which bounds tokens per second; 0 = not measured
 * @param demand requests per minute seen at this node's own port, per model
 * @param addresses where the node's UDP socket may be reached, best first, as {@code host:port}
 */
public record Profile(
        String name,
        Role role,
        long usableBytes,
        long bandwidthBytesPerSecond,
        List<Served> served,
        List<OnDisk> onDisk,
        List<ModelRef> wanted,
        List<Demanded> demand,
        Engine engine,
        List<String> addresses) {
    /** A screenful; a node with more models says the first ones and counts the rest in its log. */
    public static final int MODELS_MAX = 128;

    public static final int ADDRESSES_MAX = 16;
    public static final int NAME_CHARS_MAX = 64;

    public Profile {
        served = bounded("served", served, MODELS_MAX);
        onDisk = bounded("onDisk", onDisk, MODELS_MAX);
        wanted = bounded("wanted", wanted, MODELS_MAX);
        demand = bounded("demand", demand, MODELS_MAX);
        addresses = bounded("addresses", addresses, ADDRESSES_MAX);
        if (name.length() > NAME_CHARS_MAX) throw new IllegalArgumentException("name chars=" + name.length());
        if (usableBytes < 0 || bandwidthBytesPerSecond < 0) throw new IllegalArgumentException("negative amount");
    }

    /** What a node is to its mesh. Clients and standbys are passive and announce nothing; they appear here for tables. */
    public enum Role {
        HOST,
        WORKER,
        STANDBY,
        CLIENT
    }

    /** A model this node runs or is about to run, alone or as the host of a split. */
    public record Served(
            ModelRef model,
            Phase phase,
            int slots,
            int outstanding,
            long milliTokensPerSecond,
            List<NodeId> workers) {
        /** Upstream refuses more RPC servers than this in one split. */
        public static final int WORKERS_MAX = 16;

        public Served {
            workers = bounded("workers", workers, WORKERS_MAX);
        }
    }

    /** Where a served model stands. */
    public enum Phase {
        LOADING,
        READY,
        DRAINING
    }

    /**
     * A model file this node holds and may serve.
     *
     * @param needBytes weights, KV cache and buffers at the context this mesh uses: what solo serving takes
     * @param kvBytes the part of {@code needBytes} that is KV cache
     */
    public record OnDisk(ModelRef model, long fileBytes, long needBytes, long kvBytes, int layers) {}

    /** Requests per minute, in thousandths, so that decay needs no floating point. */
    public record Demanded(ModelRef model, long milliPerMinute) {}

    /** The llama.cpp beside this node; splits need equal RPC majors. Majors of 0 mean: has none, cannot split. */
    public record Engine(String version, int rpcMajor, int rpcMinor, int rpcPatch) {
        public static final Engine NONE = new Engine("", 0, 0, 0);
    }

    private static <T> List<T> bounded(String what, List<T> list, int max) {
        if (list.size() > max) throw new IllegalArgumentException(what + " size=" + list.size() + " max=" + max);
        return List.copyOf(list);
    }
}
