package mesh.daemon.quic;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import mesh.core.id.Admission;
import mesh.core.id.Certificate;
import mesh.core.id.Checked;
import mesh.core.id.Credential;
import mesh.core.id.Invite;
import mesh.core.id.MeshId;
import mesh.core.id.NodeId;
import mesh.core.id.Refusal;
import mesh.core.id.Revocation;
import mesh.core.id.Role;
import mesh.core.id.Serial;
import mesh.core.id.Trust;
import mesh.daemon.log.Log;
import mesh.daemon.store.Ed25519Verifier;
import mesh.daemon.store.MeshFiles;
import mesh.daemon.store.NodeKey;
import org.jspecify.annotations.Nullable;

/**
 * This node's part in its mesh: founding, inviting, admitting, revoking, renewing, all written down before it counts.
 * Any thread; calls that touch the disk block. The lock keeps memory and files in one order, which an owner thread
 * could do too but would make every caller of a short write wait for a mailbox.
 */
public final class Membership implements Doorkeeper {
    private static final Log log = Log.of(Membership.class);

    /** Three times an admin's: renewed after two of them, it never cuts short what it gives. */
    private static final Duration FOUNDER_TERM = Duration.ofMillis(3 * Admission.ADMIN_MILLIS);

    private final NodeKey node;
    private final MeshFiles files;
    private final ReentrantLock writing = new ReentrantLock();
    private final Admission admission;
    private final SecureRandom random = new SecureRandom();
    private final List<Invite> invites;
    private @Nullable NodeKey meshKey;
    private volatile @Nullable Standing standing;
    private volatile @Nullable Thread earning;

    /** One invite of this node's and how far it is used. */
    public record Issued(Invite invite, int used, boolean revoked) {}

    private Membership(NodeKey node, MeshFiles files) throws IOException {
        this.node = node;
        this.files = files;
        this.admission = new Admission(node, files.uses());
        this.invites = new ArrayList<>(files.invites());
        this.meshKey = files.meshKey().orElse(null);
    }

    /** Takes up what the folder holds. A credential that no longer holds is kept; the mesh will say so. */
    public static Membership open(NodeKey node, MeshFiles files) throws IOException {
        var membership = new Membership(node, files);
        Optional<Credential> own = files.credential();
        if (own.isPresent()) {
            var trust = new Trust(own.get().mesh(), Ed25519Verifier.ED25519);
            for (Revocation each : files.revocations())
                if (trust.learn(each, System.currentTimeMillis()) instanceof Checked.Good<Trust>(Trust more))
                    trust = more;
            membership.standing = new Standing(trust, own.get());
        }
        return membership;
    }

    /** Makes a mesh of which this node is the first admin. */
    public Standing found() throws IOException {
        writing.lock();
        try {
            NodeKey mesh = files.makeMeshKey();
            Credential own = founders(mesh, System.currentTimeMillis());
            files.credential(own);
            meshKey = mesh;
            var founded = new Standing(new Trust(new MeshId(mesh.id()), Ed25519Verifier.ED25519), own);
            standing = founded;
            log.info("mesh.founded", "meshId", founded.trust().mesh().hex());
            return founded;
        } finally {
            writing.unlock();
        }
    }

    @Override
    public Optional<Standing> standing() {
        return Optional.ofNullable(standing);
    }

    /**
     * A new invite to this node's mesh.
     *
     * @param uses how many nodes it lets in; {@link Invite#UNCOUNTED}: as many as come
     */
    public Checked<Invite> invite(Role role, int uses, Duration lasts, List<InetSocketAddress> addresses)
            throws IOException {
        writing.lock();
        try {
            Checked<Invite> issued = issued(role, uses, lasts, addresses);
            if (issued instanceof Checked.Good<Invite>(Invite fresh)) {
                long wall = System.currentTimeMillis();
                invites.removeIf(old -> old.terms().notAfterMillis() < wall);
                invites.add(fresh);
                files.invites(invites);
            }
            return issued;
        } finally {
            writing.unlock();
        }
    }

    /** For a public listing, which has another one within a minute: not kept among this node's invites. */
    public Checked<Invite> publicInvite(Role role, Duration lasts, List<InetSocketAddress> addresses) {
        return issued(role, Invite.UNCOUNTED, lasts, addresses);
    }

    private Checked<Invite> issued(Role role, int uses, Duration lasts, List<InetSocketAddress> addresses) {
        Standing now = standing;
        if (now == null) return Checked.refused(Refusal.NO_CREDENTIAL);
        if (!now.own().role().includes(Role.ADMIN)) return Checked.refused(Refusal.NOT_ADMIN);
        List<String> texts = addresses.stream()
                .map(Addresses::text)
                .limit(Invite.ADDRESSES_MAX)
                .toList();
        long endMillis = System.currentTimeMillis() + lasts.toMillis();
        return Checked.good(Invite.issue(node, new Invite.Terms(now.own(), texts, role, endMillis, uses, serial())));
    }

    /** This node's invites that have not ended. */
    public List<Issued> invites() {
        writing.lock();
        try {
            long wall = System.currentTimeMillis();
            Standing now = standing;
            return invites.stream()
                    .filter(each -> each.terms().notAfterMillis() >= wall)
                    .map(each -> new Issued(
                            each,
                            admission.usesOf(each.terms().serial()),
                            now != null && now.trust().isRevoked(each)))
                    .toList();
        } finally {
            writing.unlock();
        }
    }

    /** Withdraws an invite of this node's, until it would have ended. The caller makes the revocation known. */
    public Checked<Revocation> revoke(Invite invite) throws IOException {
        return revoke(
                new Revocation.Target.Numbered(invite.terms().serial()),
                invite.terms().notAfterMillis());
    }

    /**
     * Puts a node out, for as long as any certificate may last. The caller makes the revocation known.
     *
     * @param shown what the node showed last, if that is known: an admin can be put out from above only
     */
    public Checked<Revocation> revoke(NodeId member, Optional<Credential> shown) throws IOException {
        if (member.equals(node.id())) return Checked.refused(Refusal.WRONG_NODE);
        boolean isAdmin = shown.map(Credential::role).orElse(Role.CLIENT).includes(Role.ADMIN);
        boolean isBelow = shown.stream()
                .flatMap(credential -> credential.chain().stream().skip(1))
                .anyMatch(link -> link.terms().subject().equals(node.id()));
        if (meshKey == null && isAdmin && !isBelow) return Checked.refused(Refusal.NOT_ADMIN);
        return revoke(new Revocation.Target.Node(member), System.currentTimeMillis() + Admission.ADMIN_MILLIS);
    }

    /** With the mesh's key at hand this node revokes anybody, else as the admin it is. */
    private Checked<Revocation> revoke(Revocation.Target target, long untilMillis) throws IOException {
        writing.lock();
        try {
            Standing now = standing;
            if (now == null) return Checked.refused(Refusal.NO_CREDENTIAL);
            NodeKey mesh = meshKey;
            Optional<Credential> by = mesh != null ? Optional.empty() : Optional.of(now.own());
            var fresh = Revocation.issue(
                    mesh != null ? mesh : node,
                    new Revocation.Terms(now.trust().mesh(), target, by, System.currentTimeMillis(), untilMillis));
            return take(now, fresh).then(trust -> Checked.good(fresh));
        } finally {
            writing.unlock();
        }
    }

    private Checked<Trust> take(Standing now, Revocation revocation) throws IOException {
        Checked<Trust> taken = now.trust().learn(revocation, System.currentTimeMillis());
        if (taken instanceof Checked.Good<Trust>(Trust more)) keep(now, more);
        return taken;
    }

    private void keep(Standing now, Trust more) throws IOException {
        files.revocations(more.revocations());
        standing = new Standing(more, now.own());
    }

    /**
     * What came of revocations that somebody told.
     *
     * @param isFalse whether one of them is none, so that whoever told it has not looked
     */
    public record Learned(List<Revocation> news, boolean isFalse) {}

    /** Takes revocations in; the new ones are on disk when this returns. */
    public Learned learn(List<Revocation> told) throws IOException {
        writing.lock();
        try {
            Standing now = standing;
            if (now == null) return new Learned(List.of(), false);
            Trust trust = now.trust();
            var news = new ArrayList<Revocation>();
            boolean isFalse = false;
            for (Revocation each : told) {
                switch (trust.learn(each, System.currentTimeMillis())) {
                    case Checked.Good<Trust>(Trust more) -> {
                        if (more != trust) news.add(each);
                        trust = more;
                    }
                    case Checked.Refused<Trust>(Refusal reason) ->
                        // Clocks and room differ between honest nodes.
                        isFalse |=
                                reason != Refusal.EXPIRED && reason != Refusal.NOT_YET_VALID && reason != Refusal.FULL;
                }
            }
            if (!news.isEmpty()) keep(now, trust);
            return new Learned(news, isFalse);
        } finally {
            writing.unlock();
        }
    }

    /** The founder's next term, from the mesh's own key; false where that key is not, or no term is due. */
    public boolean renewsItself(long nowMillis) throws IOException {
        writing.lock();
        try {
            Standing now = standing;
            NodeKey mesh = meshKey;
            if (now == null || mesh == null || !now.trust().mesh().key().equals(mesh.id()) || !wantsRenewal(nowMillis))
                return false;
            Credential fresh = founders(mesh, nowMillis);
            files.credential(fresh);
            standing = new Standing(now.trust(), fresh);
            return true;
        } finally {
            writing.unlock();
        }
    }

    private Credential founders(NodeKey mesh, long nowMillis) {
        return Credential.root(Certificate.issue(
                mesh,
                node.id(),
                Role.ADMIN,
                nowMillis - Trust.SKEW_MILLIS,
                nowMillis + FOUNDER_TERM.toMillis(),
                serial()));
    }

    /** Whether two thirds of the credential's term are over. */
    public boolean wantsRenewal(long nowMillis) {
        Standing now = standing;
        if (now == null) return false;
        long begin = now.own().chain().getFirst().terms().notBeforeMillis();
        long end = now.own().notAfterMillis();
        return nowMillis > begin + (end - begin) / 3 * 2;
    }

    /** Leaves the mesh and forgets it; a mesh key that was made here stays on disk. */
    public void leave() throws IOException {
        writing.lock();
        try {
            files.forget();
            invites.clear();
            standing = null;
        } finally {
            writing.unlock();
        }
    }

    @Override
    public void admit(NodeId presenter, Invite invite, Consumer<Checked<Credential>> answer) {
        desk(answer, now -> {
            Checked<Credential> admitted =
                    admission.admit(now.trust(), now.own(), invite, presenter, serial(), System.currentTimeMillis());
            if (admitted instanceof Checked.Good<Credential>) {
                files.uses(admission.uses());
                files.admitted();
            }
            return admitted;
        });
    }

    @Override
    public void renew(NodeId presenter, Credential present, Consumer<Checked<Credential>> answer) {
        desk(
                answer,
                now -> admission.renew(
                        now.trust(), now.own(), present, presenter, serial(), System.currentTimeMillis()));
    }

    private interface Decision {
        Checked<Credential> decide(Standing now) throws IOException;
    }

    /** Off the loop, because a use is on disk before its certificate leaves. */
    private void desk(Consumer<Checked<Credential>> answer, Decision decision) {
        Thread.ofVirtual().name("admission").start(() -> {
            Checked<Credential> decided;
            writing.lock();
            try {
                Standing now = standing;
                decided = now == null ? Checked.refused(Refusal.WRONG_MESH) : decision.decide(now);
            } catch (IOException disk) {
                log.error("admission.unwritten", "cause", disk.toString());
                decided = Checked.refused(Refusal.FULL);
            } finally {
                writing.unlock();
            }
            answer.accept(decided);
        });
    }

    @Override
    public void granted(Trust trust, Credential credential) {
        Standing before = standing;
        // The trust may have been made from an invite; revocations heard since stay.
        Trust kept = before != null && before.trust().mesh().equals(trust.mesh()) ? before.trust() : trust;
        standing = new Standing(kept, credential);
        earning = Thread.ofVirtual().name("credential").start(() -> {
            writing.lock();
            try {
                files.credential(credential);
            } catch (IOException disk) {
                log.error("credential.unwritten", "cause", disk.toString());
            } finally {
                writing.unlock();
            }
        });
    }

    /** Returns once the certificate that this node was given is on disk. */
    public void awaitWritten() throws InterruptedException {
        Thread last = earning;
        if (last != null) last.join();
    }

    private Serial serial() {
        return new Serial(random.nextLong(), random.nextLong());
    }
}
