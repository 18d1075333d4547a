package mesh.core.rpc;

import mesh.core.Check;

/**
 * What one lease lets through.
 *
 * @param major the protocol's major version that both ends announced; a server that says another is refused
 * @param bulkBytesMax largest buffer to allocate, tensor to write and piece to read: no more than is lent
 */
public record RpcLimits(int major, long bulkBytesMax) {
    public RpcLimits {
        Check.that(major > 0 && bulkBytesMax > 0, "limits are counts", major, bulkBytesMax);
    }
}
