package mesh.core;

import mesh.core.member.Rules;
import mesh.testnet.sim.NodeMaker;

/** Makes nodes that judge by other rules than they should. */
public final class PlantedNode {
    private PlantedNode() {}

    public static NodeMaker judgingBy(Rules rules) {
        return (voice, tunables, incarnation, facts, seed, nowMillis) ->
                new Node(voice, tunables, rules, incarnation, facts, seed, nowMillis);
    }
}
