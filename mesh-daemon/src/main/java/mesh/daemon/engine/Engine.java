package mesh.daemon.engine;

import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A llama.cpp that was run once and told what it is. Immutable; the files behind it may of course be replaced.
 *
 * @param version what {@code --version} calls itself, such as {@code 0.7.0 (build 11669, commit Debian)}
 * @param rpcServer the tensor worker, which a build without RPC lacks
 * @param rpc the protocol the worker speaks; both ends of a split need the same major version
 */
public record Engine(
        Path folder,
        Path server,
        String version,
        ServerFlags flags,
        @Nullable Path rpcServer,
        @Nullable RpcVersion rpc) {

    /** Where a split's work can be lent from or sent to. */
    public Optional<Worker> worker() {
        return rpcServer != null && rpc != null ? Optional.of(new Worker(rpcServer, rpc)) : Optional.empty();
    }

    /** The half of an engine that splits need. */
    public record Worker(Path program, RpcVersion version) {}
}
