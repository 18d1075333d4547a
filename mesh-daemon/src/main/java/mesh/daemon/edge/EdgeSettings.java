package mesh.daemon.edge;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The bounds of one port, and who may speak to it.
 *
 * @param hostNames names beside the loopback ones that a {@code Host} header may carry
 * @param origins web origins beside the loopback ones whose pages may call
 * @param bodyBytesMax a longer request body is refused with 413
 * @param bodyMemoryBytesMax the part of a body beyond this goes to a file in {@code spillFolder}
 * @param connectionsMax further connections are closed at once
 * @param idleMillisMax how long a connection may wait for its next request
 * @param stallMillisMax how long a client may take over the next bytes of a request, or to read any of its answer
 */
public record EdgeSettings(
        List<String> hostNames,
        List<String> origins,
        Path spillFolder,
        long bodyBytesMax,
        long bodyMemoryBytesMax,
        int connectionsMax,
        long idleMillisMax,
        long stallMillisMax) {
    public static final long BODY_BYTES_MAX = 64L << 20;

    /** A body in memory is on its way to an engine within milliseconds; images and audio are what grow past this. */
    public static final long BODY_MEMORY_BYTES_MAX = 8L << 20;

    /** A silent connection costs a few KB; this many cost less than one model's context. */
    public static final int CONNECTIONS_MAX = 16_384;

    /** Longer than the pools of common clients keep a connection. */
    public static final long IDLE_MILLIS_MAX = 90_000;

    public static final long STALL_MILLIS_MAX = 60_000;

    public EdgeSettings {
        hostNames = List.copyOf(hostNames);
        origins = List.copyOf(origins);
    }

    EdgeSettings withHostName(String name) {
        var names = new ArrayList<>(hostNames);
        names.add(name);
        return withCallers(names, origins);
    }

    /** The same bounds for others. */
    public EdgeSettings withCallers(List<String> names, List<String> pages) {
        return new EdgeSettings(
                names,
                pages,
                spillFolder,
                bodyBytesMax,
                bodyMemoryBytesMax,
                connectionsMax,
                idleMillisMax,
                stallMillisMax);
    }

    public static EdgeSettings loopbackOnly(Path spillFolder) {
        return new EdgeSettings(
                List.of(),
                List.of(),
                spillFolder,
                BODY_BYTES_MAX,
                BODY_MEMORY_BYTES_MAX,
                CONNECTIONS_MAX,
                IDLE_MILLIS_MAX,
                STALL_MILLIS_MAX);
    }
}
