package mesh.core.id;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * An admin's desk: turns a good invite into a certificate, counts what each invite let in, and renews. Pure but for
 * the count, which its owner writes down before a certificate leaves the node. One owner, no threads of its own.
 */
public final class Admission {
    /** A month: long enough for a node that sleeps through a holiday, short enough that revocations can be forgotten. */
    public static final long MEMBER_MILLIS = 30L * 24 * 3_600_000;

    /**
     * Everyone below an admin falls with its certificate, and nobody but the founder can give a longer one than its own:
     * a mesh whose founder is lost for ever lives this long.
     */
    public static final long ADMIN_MILLIS = 3_650L * 24 * 3_600_000;

    private final Signer signer;
    private final TreeMap<Serial, Uses> uses = new TreeMap<>();

    /** One admission through a counted invite, kept until the invite ends. */
    public record Use(Serial invite, NodeId node, long notAfterMillis) {}

    private record Uses(long notAfterMillis, TreeSet<NodeId> nodes) {}

    public Admission(Signer signer, List<Use> before) {
        this.signer = signer;
        before.forEach(this::count);
    }

    /**
     * What the holder of an invite gets. One node presenting one invite twice, because an answer was lost, is counted
     * once.
     *
     * @param own this admin's credential
     * @param fresh the new certificate's number, drawn by the caller
     */
    public Checked<Credential> admit(
            Trust trust, Credential own, Invite invite, NodeId presenter, Serial fresh, long nowMillis) {
        Invite.Terms terms = invite.terms();
        if (!invite.mesh().equals(trust.mesh())) return Checked.refused(Refusal.WRONG_MESH);
        return admin(trust, own, signer.id(), nowMillis)
                .then(yes -> admin(trust, terms.issuer(), invite.issuer(), nowMillis))
                .then(yes -> trust.admissible(invite, nowMillis))
                .then(yes -> roomBelow(own))
                .then(yes -> certify(own, presenter, terms.role(), fresh, nowMillis))
                .then(earned -> trust.isRevoked(earned) ? Checked.refused(Refusal.REVOKED) : Checked.good(earned))
                .then(earned -> countable(invite, presenter, nowMillis).then(yes -> Checked.good(earned)));
    }

    /** The same role for another term, for a member whose present credential still holds. */
    public Checked<Credential> renew(
            Trust trust, Credential own, Credential present, NodeId presenter, Serial fresh, long nowMillis) {
        return admin(trust, own, signer.id(), nowMillis)
                .then(yes -> trust.check(present, presenter, nowMillis))
                .then(role -> roomBelow(own).then(yes -> certify(own, presenter, role, fresh, nowMillis)));
    }

    /** What must survive a restart, or a used-up invite would open again. */
    public List<Use> uses() {
        var all = new ArrayList<Use>();
        uses.forEach((invite, use) -> {
            for (NodeId node : use.nodes) all.add(new Use(invite, node, use.notAfterMillis));
        });
        return all;
    }

    public int usesOf(Serial invite) {
        Uses use = uses.get(invite);
        return use == null ? 0 : use.nodes.size();
    }

    private static Checked<Boolean> admin(Trust trust, Credential credential, NodeId node, long nowMillis) {
        return trust.check(credential, node, nowMillis)
                .then(role -> role.includes(Role.ADMIN) ? Checked.good(true) : Checked.refused(Refusal.NOT_ADMIN));
    }

    /** Asked before a use is counted, so that a refusal costs nobody an invite. */
    private static Checked<Boolean> roomBelow(Credential own) {
        return own.chain().size() < Credential.DEPTH_MAX ? Checked.good(true) : Checked.refused(Refusal.TOO_DEEP);
    }

    private Checked<Boolean> countable(Invite invite, NodeId presenter, long nowMillis) {
        Invite.Terms terms = invite.terms();
        uses.values().removeIf(use -> use.notAfterMillis < nowMillis);
        if (terms.uses() == Invite.UNCOUNTED) return Checked.good(true);
        if (!invite.issuer().equals(signer.id())) return Checked.refused(Refusal.NOT_ISSUER);
        Uses sofar = uses.get(terms.serial());
        boolean again = sofar != null && sofar.nodes.contains(presenter);
        if (!again && usesOf(terms.serial()) >= terms.uses()) return Checked.refused(Refusal.USED_UP);
        count(new Use(terms.serial(), presenter, terms.notAfterMillis()));
        return Checked.good(true);
    }

    private void count(Use use) {
        uses.computeIfAbsent(use.invite, absent -> new Uses(use.notAfterMillis, new TreeSet<>()))
                .nodes
                .add(use.node);
    }

    private Checked<Credential> certify(Credential own, NodeId subject, Role role, Serial fresh, long nowMillis) {
        long term = role.includes(Role.ADMIN) ? ADMIN_MILLIS : MEMBER_MILLIS;
        long notAfterMillis = Math.min(nowMillis + term, own.notAfterMillis());
        var chain = new ArrayList<Certificate>();
        chain.add(Certificate.issue(
                signer, subject, role, Math.max(0, nowMillis - Trust.SKEW_MILLIS), notAfterMillis, fresh));
        chain.addAll(own.chain());
        return Checked.good(new Credential(chain));
    }
}
