package mesh.core.member;

import java.util.List;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;

/**
 * What a member says of itself: the content of its signed announcement. Only facts about the speaker, so that nobody
 * can speak for another. Every list and number is bounded here, whoever made it, so that decisions built on profiles
 * can neither overflow nor run long. Immutable.
 *
 * @param name what people call the node; shown, never trusted
 * @param usableBytes memory a model may take on this node, after head-room and {@code --max-vram}
 * @param bandwidthBytesPerSecond measured speed of reading weights, which bounds tokens per second; 0 = not measured
 * @param wanted every {@code --model} this node was told of, whoever serves it now
 * @param demand requests per minute seen at this node's own port, per model
 * @param addresses where the node's UDP socket may be reached, best first, as {@code host:port}
 * @param assigned models this node has put memory to: the input of elections, where {@code served} is their result
 * @param links this node's own round trip times to the partners it might split a model with
 * @param splits whether this node is certified to lend or use tensors; the receiver checks it against the certificate
 * @param fetchBytes disk this node may fill with models it was not told of; 0 = it fetches nothing by itself
 */
public record Profile(
        String name,
        Role role,
        long usableBytes,
        long bandwidthBytesPerSecond,
        List<Served> served,
        List<OnDisk> onDisk,
        List<Wanted> wanted,
        List<Demanded> demand,
        Engine engine,
        List<String> addresses,
        List<Assigned> assigned,
        List<Link> links,
        boolean splits,
        long fetchBytes) {
    /** A screenful; a node with more models says the first ones and counts the rest in its log. */
    public static final int MODELS_MAX = 128;

    public static final int ADDRESSES_MAX = 16;
    public static final int NAME_CHARS_MAX = 64;

    /** Four times the largest split: a choice of partners, not the whole mesh. */
    public static final int LINKS_MAX = 64;

    /** 16 TiB: above any machine or model, low enough that a sum over a split times its layers stays within a long. */
    public static final long BYTES_MAX = 1L << 44;

    public Profile {
        served = bounded("served", served, MODELS_MAX);
        onDisk = bounded("onDisk", onDisk, MODELS_MAX);
        wanted = bounded("wanted", wanted, MODELS_MAX);
        demand = bounded("demand", demand, MODELS_MAX);
        addresses = bounded("addresses", addresses, ADDRESSES_MAX);
        assigned = bounded("assigned", assigned, MODELS_MAX);
        links = bounded("links", links, LINKS_MAX);
        if (name.length() > NAME_CHARS_MAX) throw new IllegalArgumentException("name chars=" + name.length());
        within("usableBytes", usableBytes, BYTES_MAX);
        within("bandwidthBytesPerSecond", bandwidthBytesPerSecond, BYTES_MAX);
        within("fetchBytes", fetchBytes, BYTES_MAX);
    }

    /** The same node once it put memory to other models: for asking what would become of the mesh. */
    public Profile withAssigned(List<Assigned> models) {
        return new Profile(
                name,
                role,
                usableBytes,
                bandwidthBytesPerSecond,
                served,
                onDisk,
                wanted,
                demand,
                engine,
                addresses,
                models,
                links,
                splits,
                fetchBytes);
    }

    /** What a node is to its mesh. Clients and standbys are passive and announce nothing; they appear here for tables. */
    public enum Role {
        HOST,
        WORKER,
        STANDBY,
        CLIENT
    }

    /**
     * A model this node answers for or is about to, alone or as the host of a split.
     *
     * @param ctxTokens context one request may fill; 0 = not known
     * @param sizeBytes weights of the model, which stands for its ability when {@code auto} chooses; 0 = not known
     * @param attached whether another program's API answers, rather than an engine this node started
     * @param shares of a split, host first and then as {@code workers}: how many of layers + 1 units each holds
     */
    public record Served(
            ModelRef model,
            Phase phase,
            int slots,
            int outstanding,
            long milliTokensPerSecond,
            List<NodeId> workers,
            int ctxTokens,
            long sizeBytes,
            List<Skill> skills,
            boolean attached,
            List<Integer> shares) {
        /** Upstream refuses more RPC servers than this in one split. */
        public static final int WORKERS_MAX = 16;

        public static final int COUNT_MAX = 1 << 20;

        public Served {
            workers = bounded("workers", workers, WORKERS_MAX);
            shares = bounded("shares", shares, WORKERS_MAX + 1);
            for (int share : shares) within("share", share, OnDisk.LAYERS_MAX + 1);
            skills = bounded("skills", skills, Skill.values().length);
            within("slots", slots, COUNT_MAX);
            within("outstanding", outstanding, COUNT_MAX);
            within("milliTokensPerSecond", milliTokensPerSecond, 1L << 32);
            within("ctxTokens", ctxTokens, 1L << 30);
            within("sizeBytes", sizeBytes, BYTES_MAX);
        }
    }

    /** Where a served model stands. */
    public enum Phase {
        LOADING,
        READY,
        DRAINING,
        /** The engine would not start here; elections pass this node over until it says otherwise. */
        FAILED
    }

    /** What a model can be asked for. */
    public enum Skill {
        CHAT,
        TOOLS,
        VISION,
        AUDIO,
        EMBED,
        RERANK,
        INFILL
    }

    /**
     * A model file this node holds and may serve.
     *
     * @param needBytes weights, KV cache and buffers at the context this mesh uses: what solo serving takes; 0 = not known
     * @param kvBytes the part of {@code needBytes} that is KV cache
     * @param layers repeating layers, without the output layer; 0 = not known
     * @param activeBytes weights read per token, which is less than all of them with experts; 0 = all
     */
    public record OnDisk(ModelRef model, long fileBytes, long needBytes, long kvBytes, int layers, long activeBytes) {
        /** Ten times the deepest model known. */
        public static final int LAYERS_MAX = 2_048;

        public OnDisk {
            within("fileBytes", fileBytes, BYTES_MAX);
            within("needBytes", needBytes, BYTES_MAX);
            within("kvBytes", kvBytes, BYTES_MAX);
            within("layers", layers, LAYERS_MAX);
            within("activeBytes", activeBytes, BYTES_MAX);
        }
    }

    /**
     * A model somebody asked the mesh to serve.
     *
     * @param source where a node without it may fetch it, a catalog name or {@code org/repo/file.gguf}; empty = nowhere
     * @param needBytes what serving it alone takes, so that a node knows before fetching; 0 = not known
     */
    public record Wanted(ModelRef model, String source, long needBytes) {
        public static final int SOURCE_CHARS_MAX = 512;

        public Wanted {
            if (source.length() > SOURCE_CHARS_MAX)
                throw new IllegalArgumentException("source chars=" + source.length());
            within("needBytes", needBytes, BYTES_MAX);
        }
    }

    /** Requests per minute, in thousandths, so that decay needs no floating point. */
    public record Demanded(ModelRef model, long milliPerMinute) {
        public static final long MILLI_MAX = 1L << 40;

        public Demanded {
            within("milliPerMinute", milliPerMinute, MILLI_MAX);
        }
    }

    /** The llama.cpp beside this node; splits need equal RPC majors. Majors of 0 mean: has none, cannot split. */
    public record Engine(String version, int rpcMajor, int rpcMinor, int rpcPatch) {
        /** A packager's name with build and commit takes 34; what is longer is cut by whoever describes the engine. */
        public static final int VERSION_CHARS_MAX = 64;

        public static final Engine NONE = new Engine("", 0, 0, 0);

        public Engine {
            if (version.length() > VERSION_CHARS_MAX)
                throw new IllegalArgumentException("version chars=" + version.length());
        }
    }

    /**
     * A model this node takes part in serving.
     *
     * @param budgetBytes memory set aside for it here; all usable memory unless the node serves several
     * @param split whether the operator said {@code --split}
     * @param tensorSplit the operator's {@code --tensor-split}, host first, in thousandths; empty = by memory
     */
    public record Assigned(ModelRef model, long budgetBytes, boolean split, List<Integer> tensorSplit) {
        public static final int RATIO_MAX = 1_000_000;

        public Assigned {
            tensorSplit = bounded("tensorSplit", tensorSplit, Served.WORKERS_MAX + 1);
            within("budgetBytes", budgetBytes, BYTES_MAX);
            for (int ratio : tensorSplit) within("tensorSplit", ratio, RATIO_MAX);
        }
    }

    /** The speaker's round trip to {@code peer}. Being named means measured; jitter is not news, see {@link #heard}. */
    public record Link(NodeId peer, int rttMillis) {
        public static final int RTT_MILLIS_MAX = 60_000;

        /** What a busy Wi-Fi adds and takes from one minute to the next. */
        private static final int JITTER_MILLIS = 2;

        public Link {
            within("rttMillis", rttMillis, RTT_MILLIS_MAX);
        }

        public static Link measured(NodeId peer, long rttMicros) {
            return new Link(peer, Math.clamp((rttMicros + 999) / 1_000, 1, RTT_MILLIS_MAX));
        }

        /** What to announce after another measurement: the same until it moved by over a quarter and 2 ms. */
        public Link heard(long rttMicros) {
            Link fresh = measured(peer, rttMicros);
            int moved = Math.abs(fresh.rttMillis - rttMillis);
            return moved > JITTER_MILLIS + rttMillis / 4 ? fresh : this;
        }
    }

    private static <T> List<T> bounded(String what, List<T> list, int max) {
        if (list.size() > max) throw new IllegalArgumentException(what + " size=" + list.size() + " max=" + max);
        return List.copyOf(list);
    }

    private static void within(String what, long amount, long max) {
        if (amount < 0 || amount > max) throw new IllegalArgumentException(what + "=" + amount + " max=" + max);
    }
}
