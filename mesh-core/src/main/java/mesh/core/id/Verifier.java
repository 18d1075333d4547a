package mesh.core.id;

/** Tells whether {@code signature} over {@code message} was made by the holder of {@code id}'s key. Never throws. */
public interface Verifier {
    boolean verify(NodeId id, byte[] message, byte[] signature);
}
