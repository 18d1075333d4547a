package mesh.daemon.store;

import mesh.core.id.NodeId;
import mesh.core.id.Verifier;
import org.bouncycastle.math.ec.rfc8032.Ed25519;

/** The one real {@link Verifier}: node ids are Ed25519 public keys. Stateless, usable from any thread. */
public enum Ed25519Verifier implements Verifier {
    ED25519;

    @Override
    public boolean verify(NodeId id, byte[] message, byte[] signature) {
        return signature.length == Ed25519.SIGNATURE_SIZE
                && Ed25519.verify(signature, 0, id.bytes(), 0, message, 0, message.length);
    }
}
