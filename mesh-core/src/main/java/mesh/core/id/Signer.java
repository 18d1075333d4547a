package mesh.core.id;

/**
 * A node's secret, as the core sees it: something that signs in the node's name. Deterministic, as Ed25519 is, so
 * that signed gossip replays. The daemon brings real keys, the simulator cheap ones.
 */
public interface Signer {
    NodeId id();

    byte[] sign(byte[] message);
}
