package mesh.daemon.listing;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import mesh.core.id.Checked;
import mesh.core.id.Invite;
import mesh.core.id.NodeId;
import mesh.core.id.Role;
import mesh.core.id.Signer;
import mesh.core.listing.Listing;

/** What the publisher asks of the node it speaks for. Called on the publisher's thread. */
public interface Publication {
    /**
     * The mesh as it is now.
     *
     * @param listing without a way in yet: the publisher adds it
     * @param isAdmin whether this node may let others in, without which it cannot publish
     * @param live the other members
     */
    record Facts(Listing listing, NodeId self, boolean isAdmin, Set<NodeId> live) {
        public Facts {
            live = Set.copyOf(live);
        }
    }

    /** Empty until this node is in a mesh. */
    Optional<Facts> facts();

    /** An invite at this node that any number may use; it is about to be public. */
    Checked<Invite> invite(Role role, Duration lasts) throws IOException;

    /** This node's own key. */
    Optional<Signer> signer();
}
