package mesh.testnet.sim;

import java.util.ArrayDeque;
import mesh.core.Node;
import mesh.core.id.NodeId;
import mesh.core.member.Profile;
import org.jspecify.annotations.Nullable;

/** A simulated machine: a node's mind, when it runs, and the clock, memory and troubles around it. Plain fields. */
final class SimNode {
    final int index;
    final NodeId id;

    /** What its daemon would describe. */
    Profile facts;

    /** Null while the process does not run. */
    @Nullable
    Node mind;

    /** Rises with every start, so that ticks of an earlier life are told apart. */
    int life;

    /** What survives a restart unless the disk is lost. */
    long storedIncarnation;

    long clockOffsetMillis;
    int driftPpm;

    /** While frozen, what arrives waits, or is lost when the machine sleeps. */
    boolean frozen;

    boolean asleep;
    final ArrayDeque<Simulation.Item> held = new ArrayDeque<>();

    SimNode(int index, NodeId id, Profile facts) {
        this.index = index;
        this.id = id;
        this.facts = facts;
    }

    boolean isUp() {
        return mind != null;
    }

    boolean isClient() {
        return facts.role() == Profile.Role.CLIENT;
    }

    /** Whether clients should know it. */
    boolean serves() {
        return mind != null
                && !isClient()
                && !mind.members().said().profile().served().isEmpty();
    }

    long clockMillis(long trueMillis) {
        return trueMillis + clockOffsetMillis + trueMillis * driftPpm / 1_000_000;
    }
}
