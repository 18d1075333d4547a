package mesh.core.id;

/**
 * What proves that a node may lend and use tensors, for words that outlive a hop: the speaker shows its credential in
 * them and every hearer checks it, so that all agree on who may. Asked on the node's thread; must not block.
 */
public interface Licence {
    /** This node's credential in its bytes; empty when it has none that allows splits. */
    byte[] own();

    boolean allowsSplits(NodeId speaker, byte[] credential);
}
