package mesh.daemon.loop;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import mesh.core.id.Invite;
import mesh.core.id.MeshId;

/** Looks for a mesh when no invite was given. Called on the thread that opens the mesh; may block for seconds. */
public interface Finder {
    /** A way into a mesh: the invite, and where its issuer may be dialled. */
    record Way(Invite invite, List<InetSocketAddress> addresses) {
        public Way {
            addresses = List.copyOf(addresses);
        }
    }

    /** How long one way may take before the next one is tried. */
    Duration patience();

    /** Ways in, best first; {@code last} is the mesh this node was in before. */
    List<Way> ways(Optional<MeshId> last) throws InterruptedException;

    /** Nobody let us in: why this node must end; empty when it may found a mesh of its own. */
    Optional<Unable> unanswered();
}
