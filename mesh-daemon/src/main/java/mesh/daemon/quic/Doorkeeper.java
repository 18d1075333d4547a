package mesh.daemon.quic;

import java.util.Optional;
import java.util.function.Consumer;
import mesh.core.id.Checked;
import mesh.core.id.Credential;
import mesh.core.id.Invite;
import mesh.core.id.NodeId;
import mesh.core.id.Trust;

/**
 * What the endpoint asks about belonging: which mesh this node is in, whom an invite lets in. The answers that need the
 * disk come later, on any thread.
 */
public interface Doorkeeper {
    /** Read on the loop at every admission, so it must not block. Empty until the node belongs to a mesh. */
    Optional<Standing> standing();

    /** Turns an invite into a certificate, once the use is written down. */
    void admit(NodeId presenter, Invite invite, Consumer<Checked<Credential>> answer);

    /** A new term for a credential that was checked. */
    void renew(NodeId presenter, Credential present, Consumer<Checked<Credential>> answer);

    /** This node was admitted, or renewed: keep it, and answer with the new standing from now on. */
    void granted(Trust trust, Credential credential);

    /** What a node verifies others with, and what it shows them. */
    record Standing(Trust trust, Credential own) {}
}
