package mesh.daemon.engine;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import mesh.daemon.hardware.Device;
import org.jspecify.annotations.Nullable;

/**
 * A llama.cpp that was run once and told what it is. Immutable; the files behind it may of course be replaced.
 *
 * @param version what {@code --version} calls itself, such as {@code 0.7.0 (build 11669, commit Debian)}
 * @param devices processors beside the CPU that it can use
 * @param rpcServer the tensor worker, which a build without RPC lacks
 * @param rpc the protocol the worker speaks; both ends of a split need the same major version
 */
public record Engine(
        Path folder,
        Path server,
        String version,
        ServerFlags flags,
        List<Device> devices,
        @Nullable Path rpcServer,
        @Nullable RpcVersion rpc) {
    public Engine {
        devices = List.copyOf(devices);
    }

    /** Where a split's work can be lent from or sent to. */
    public Optional<Worker> worker() {
        return rpcServer != null && rpc != null ? Optional.of(new Worker(rpcServer, rpc, "")) : Optional.empty();
    }

    /**
     * The half of an engine that splits need.
     *
     * @param device whose memory it lends, for a host counts on one; empty: what the program takes by itself
     */
    public record Worker(Path program, RpcVersion version, String device) {
        public Worker on(String name) {
            return new Worker(program, version, name);
        }
    }
}
