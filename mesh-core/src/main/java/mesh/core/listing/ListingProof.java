package mesh.core.listing;

import java.nio.charset.StandardCharsets;
import mesh.core.Sha256;
import mesh.core.id.MeshId;
import mesh.core.id.NodeId;
import mesh.core.id.Signer;
import mesh.core.id.Verifier;

/**
 * Ties a listing to the node behind it: the node's own key signs who published, for which mesh, until when, with which
 * invites. Without it anybody could put somebody else's invites under a better-looking listing. Stateless.
 */
public final class ListingProof {
    private static final String KIND = "mesh-listing-v1";

    private ListingProof() {}

    /** @param author the publisher's public key as relays know it, in hex */
    public static byte[] sign(
            Signer node, String author, MeshId mesh, long expirationSeconds, String clientToken, String serveToken) {
        return node.sign(text(author, mesh, expirationSeconds, clientToken, serveToken));
    }

    public static boolean holds(
            Verifier verifier,
            NodeId node,
            byte[] proof,
            String author,
            MeshId mesh,
            long expirationSeconds,
            String clientToken,
            String serveToken) {
        return verifier.verify(node, text(author, mesh, expirationSeconds, clientToken, serveToken), proof);
    }

    private static byte[] text(
            String author, MeshId mesh, long expirationSeconds, String clientToken, String serveToken) {
        return String.join(
                        "|",
                        KIND,
                        author,
                        mesh.hex(),
                        Long.toString(expirationSeconds),
                        Sha256.hex(clientToken),
                        Sha256.hex(serveToken))
                .getBytes(StandardCharsets.UTF_8);
    }
}
