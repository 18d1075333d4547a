package mesh.testnet.sim;

import mesh.core.Node;
import mesh.core.Tunables;
import mesh.core.member.Profile;
import mesh.core.member.Voice;

/** How the simulation gets its nodes; a test plants faults by making them otherwise. */
public interface NodeMaker {
    Node make(Voice voice, Tunables tunables, long incarnation, Profile profile, long seed, long nowMillis);
}
