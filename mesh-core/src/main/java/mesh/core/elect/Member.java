package mesh.core.elect;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Profile;
import mesh.core.member.Profile.Assigned;
import mesh.core.member.Profile.Link;
import mesh.core.member.Profile.Phase;
import mesh.core.member.Profile.Served;

/** A node that takes part in one model's election, with the rows of its profile that concern it. Immutable. */
record Member(NodeId id, Profile profile, Assigned assigned, Need need, Optional<Served> served) {
    /** The host is the first of this order that can be one. */
    static final Comparator<Member> BY_MEMORY =
            Comparator.comparingLong(Member::budgetBytes).reversed().thenComparing(Member::id);

    static final int RTT_UNKNOWN = -1;

    /** A running engine is not stopped for a budget that shrank by less than this; estimates are no better. */
    private static final int SLACK_PERCENT = 5;

    /** Everyone assigned to {@code model}, most memory first. Clients never take part, whatever they say. */
    static List<Member> group(ModelRef model, Map<NodeId, Profile> view) {
        var group = new ArrayList<Member>();
        for (var entry : view.entrySet()) {
            Profile profile = entry.getValue();
            if (profile.role() == Profile.Role.CLIENT) continue;
            for (Assigned assigned : profile.assigned()) {
                if (!assigned.model().equals(model)) continue;
                group.add(new Member(entry.getKey(), profile, assigned, need(model, profile), served(model, profile)));
                break;
            }
        }
        group.sort(BY_MEMORY);
        return group;
    }

    private static Need need(ModelRef model, Profile profile) {
        for (var file : profile.onDisk()) if (file.model().equals(model)) return Need.of(file);
        return Need.NONE;
    }

    private static Optional<Served> served(ModelRef model, Profile profile) {
        return profile.served().stream()
                .filter(s -> s.model().equals(model) && !s.attached())
                .findFirst();
    }

    long budgetBytes() {
        return assigned.budgetBytes();
    }

    boolean runs() {
        return isIn(Phase.LOADING) || isIn(Phase.READY);
    }

    boolean runsSplit() {
        return runs() && !served.orElseThrow().workers().isEmpty();
    }

    boolean runsAlone() {
        return runs() && served.orElseThrow().workers().isEmpty();
    }

    boolean isReadyAlone() {
        return runsAlone() && isIn(Phase.READY);
    }

    private boolean isIn(Phase phase) {
        return served.isPresent() && served.get().phase() == phase;
    }

    /** A public member cannot make others split: only who may use tensors may ask for it. */
    boolean forcesSplit() {
        return assigned.split() && profile.splits();
    }

    /** Why this node cannot run llama-server for the model, whoever's memory it uses. */
    Optional<Reason> hostFault() {
        if (!need.isKnown()) return Optional.of(Reason.NO_FILE);
        if (profile.engine().version().isEmpty()) return Optional.of(Reason.NO_ENGINE);
        if (isIn(Phase.FAILED)) return Optional.of(Reason.ENGINE_FAILED);
        if (isIn(Phase.DRAINING)) return Optional.of(Reason.DRAINING);
        return Optional.empty();
    }

    /** Why this node cannot run the model alone. */
    Optional<Reason> soloFault() {
        var fault = hostFault();
        if (fault.isPresent()) return fault;
        long budget = runsAlone() ? withSlack(budgetBytes()) : budgetBytes();
        return budget >= need.bytes() ? Optional.empty() : Optional.of(Reason.TOO_SMALL);
    }

    /** Why this node can neither lend nor use other nodes' memory. */
    Optional<Reason> splitFault() {
        if (!profile.splits()) return Optional.of(Reason.NOT_CERTIFIED);
        if (profile.engine().rpcMajor() == 0) return Optional.of(Reason.NO_ENGINE);
        if (isIn(Phase.FAILED)) return Optional.of(Reason.ENGINE_FAILED);
        return isIn(Phase.DRAINING) ? Optional.of(Reason.DRAINING) : Optional.empty();
    }

    /**
     * The round trip between this host and {@code worker}: the longer of what the two announce, so that it is one number
     * for every node that reads both, whichever of the two would host, and neither can make the path look shorter.
     */
    int rttMillisTo(Member worker) {
        return Math.max(rttMillis(profile.links(), worker.id), rttMillis(worker.profile.links(), id));
    }

    private static int rttMillis(List<Link> links, NodeId peer) {
        for (Link link : links) if (link.peer().equals(peer)) return link.rttMillis();
        return RTT_UNKNOWN;
    }

    static long withSlack(long bytes) {
        return bytes + bytes / 100 * SLACK_PERCENT;
    }
}
