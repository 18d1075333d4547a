package mesh.core.id;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a member verifies with: the mesh's key and the revocations it has heard. Answers depend on that set alone, not
 * on the order in which it was heard, so members that have heard the same agree. Immutable: learning gives a new one.
 *
 * <p>Everything that leads through a revoked certificate is void, including what a revoked admin revoked. An admin may
 * revoke every member that is not an admin; an admin is revoked by the mesh's key or by an admin above it.
 */
public final class Trust {
    /** Far more than a mesh ever revokes; a flood beyond it is refused, and what is held is never forgotten early. */
    public static final int REVOCATIONS_MAX = 4_096;

    /** Kept free for the mesh's key: an admin gone bad must not fill the list before it is revoked. */
    private static final int REVOCATIONS_RESERVED = 1_024;

    /** Clocks of laptops differ by this much without anybody noticing. */
    public static final long SKEW_MILLIS = 10 * 60_000;

    private final MeshId mesh;
    private final Verifier verifier;
    private final List<Revocation> heard;
    private final TreeMap<Serial, List<Revocation>> byNumber = new TreeMap<>();
    private final TreeMap<NodeId, List<Revocation>> byNode = new TreeMap<>();

    public Trust(MeshId mesh, Verifier verifier) {
        this(mesh, verifier, List.of());
    }

    private Trust(MeshId mesh, Verifier verifier, List<Revocation> heard) {
        this.mesh = mesh;
        this.verifier = verifier;
        this.heard = List.copyOf(heard);
        for (Revocation revocation : heard) {
            switch (revocation.terms().target()) {
                case Revocation.Target.Numbered(Serial serial) -> add(byNumber, serial, revocation);
                case Revocation.Target.Node(NodeId node) -> add(byNode, node, revocation);
            }
        }
    }

    private static <K> void add(Map<K, List<Revocation>> to, K key, Revocation revocation) {
        to.computeIfAbsent(key, absent -> new ArrayList<>()).add(revocation);
    }

    public MeshId mesh() {
        return mesh;
    }

    public List<Revocation> revocations() {
        return heard;
    }

    /** Those that still name something, by their marks: what two members compare. */
    public SortedMap<Long, Revocation> revocations(long nowMillis) {
        var marked = new TreeMap<Long, Revocation>();
        for (Revocation each : heard) if (each.terms().untilMillis() >= nowMillis) marked.put(each.mark(), each);
        return marked;
    }

    /** The role that {@code speaker}, who has proved its key, holds by this credential at this moment. */
    public Checked<Role> check(Credential credential, NodeId speaker, long nowMillis) {
        if (!credential.subject().equals(speaker)) return Checked.refused(Refusal.WRONG_NODE);
        return checkChain(credential, nowMillis, Credential.DEPTH_MAX);
    }

    /** Whether a credential that was once accepted has since been withdrawn. Checks no signature again. */
    public boolean isRevoked(Credential credential) {
        for (int i = 0; i < credential.chain().size(); i++)
            if (isRevoked(credential.chain(), i, Credential.DEPTH_MAX)) return true;
        return false;
    }

    /** Whether a node may hold nothing at all, other than as an admin: those are revoked from above. */
    public boolean isRevoked(NodeId node) {
        return stands(byNode.get(node), Optional.empty(), Credential.DEPTH_MAX);
    }

    /** Whether an invite, whose issuer was checked, is whole, in time and not withdrawn. */
    Checked<Boolean> admissible(Invite invite, long nowMillis) {
        if (!invite.isSigned(verifier)) return Checked.refused(Refusal.TAMPERED);
        if (nowMillis > invite.terms().notAfterMillis()) return Checked.refused(Refusal.EXPIRED);
        return isRevoked(invite) ? Checked.refused(Refusal.REVOKED) : Checked.good(true);
    }

    public boolean isRevoked(Invite invite) {
        return stands(byNumber.get(invite.terms().serial()), Optional.empty(), Credential.DEPTH_MAX);
    }

    /** This trust and one revocation more; unchanged when it is known. */
    public Checked<Trust> learn(Revocation revocation, long nowMillis) {
        Revocation.Terms terms = revocation.terms();
        if (!terms.mesh().equals(mesh)) return Checked.refused(Refusal.WRONG_MESH);
        if (heard.contains(revocation)) return Checked.good(this);
        if (!revocation.isSigned(verifier)) return Checked.refused(Refusal.TAMPERED);
        if (terms.atMillis() > nowMillis + SKEW_MILLIS) return Checked.refused(Refusal.NOT_YET_VALID);
        if (terms.untilMillis() < nowMillis) return Checked.refused(Refusal.EXPIRED);
        Checked<Boolean> entitled = terms.by()
                .map(by -> new Trust(mesh, verifier)
                        .check(by, by.subject(), terms.atMillis())
                        .then(Trust::admin))
                .orElse(Checked.good(true));
        return entitled.then(yes -> {
            var more = new ArrayList<Revocation>();
            for (Revocation known : heard) if (known.terms().untilMillis() >= nowMillis) more.add(known);
            int max = terms.by().isEmpty() ? REVOCATIONS_MAX : REVOCATIONS_MAX - REVOCATIONS_RESERVED;
            if (more.size() >= max) return Checked.refused(Refusal.FULL);
            more.add(revocation);
            return Checked.good(new Trust(mesh, verifier, more));
        });
    }

    private static Checked<Boolean> admin(Role role) {
        return role.includes(Role.ADMIN) ? Checked.good(true) : Checked.refused(Refusal.NOT_ADMIN);
    }

    private Checked<Role> checkChain(Credential credential, long nowMillis, int depthLeft) {
        List<Certificate> chain = credential.chain();
        if (!credential.mesh().equals(mesh)) return Checked.refused(Refusal.WRONG_MESH);
        for (int i = 0; i < chain.size(); i++) {
            Certificate.Terms link = chain.get(i).terms();
            if (i > 0) {
                if (!link.subject().equals(chain.get(i - 1).terms().issuer())) return Checked.refused(Refusal.TAMPERED);
                if (!link.role().includes(Role.ADMIN)) return Checked.refused(Refusal.NOT_ADMIN);
            }
            if (!chain.get(i).isSigned(verifier)) return Checked.refused(Refusal.TAMPERED);
            if (nowMillis < link.notBeforeMillis()) return Checked.refused(Refusal.NOT_YET_VALID);
            if (nowMillis > link.notAfterMillis()) return Checked.refused(Refusal.EXPIRED);
            if (isRevoked(chain, i, depthLeft)) return Checked.refused(Refusal.REVOKED);
        }
        return Checked.good(credential.role());
    }

    private boolean isRevoked(List<Certificate> chain, int at, int depthLeft) {
        Certificate.Terms link = chain.get(at).terms();
        Optional<List<Certificate>> above =
                link.role().includes(Role.ADMIN) ? Optional.of(chain.subList(at + 1, chain.size())) : Optional.empty();
        return stands(byNumber.get(link.serial()), above, depthLeft)
                || stands(byNode.get(link.subject()), above, depthLeft);
    }

    /**
     * Whether one of these stands: signed by the mesh's key, or by an unrevoked admin, who for an admin's revocation is
     * one of those above it. Two admins above each other cannot argue forever: the depth ends it.
     */
    private boolean stands(@Nullable List<Revocation> revocations, Optional<List<Certificate>> above, int depthLeft) {
        if (revocations == null) return false;
        for (Revocation revocation : revocations) {
            Optional<Credential> by = revocation.terms().by();
            if (by.isEmpty()) return true;
            if (depthLeft == 0) continue;
            boolean entitled = above.isEmpty()
                    || above.get().stream()
                            .anyMatch(link -> link.terms().subject().equals(revocation.signer()));
            if (!entitled) continue;
            var standing = checkChain(by.get(), revocation.terms().atMillis(), depthLeft - 1);
            if (standing instanceof Checked.Good<Role>) return true;
        }
        return false;
    }
}
