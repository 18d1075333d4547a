package mesh.daemon.edge;

import java.net.InetSocketAddress;

/**
 * An engine of this node, reached over a loopback socket. The address is resolved: event loops ask no name server.
 *
 * @param apiKey the key this engine was started with; empty = it asks for none
 */
public record TcpEngine(InetSocketAddress address, String apiKey) implements Upstream {
    public TcpEngine {
        if (address.isUnresolved()) throw new IllegalArgumentException("unresolved address=" + address);
    }

    /** The key stays out of logs. */
    @Override
    public String toString() {
        return "engine " + address.getHostString() + ":" + address.getPort();
    }
}
