package mesh.daemon.engine;

/** The version of ggml's RPC protocol as its handshake tells it. */
public record RpcVersion(int major, int minor, int patch) {
    @Override
    public String toString() {
        return major + "." + minor + "." + patch;
    }
}
