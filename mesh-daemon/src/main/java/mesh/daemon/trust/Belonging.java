package mesh.daemon.trust;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
import mesh.daemon.quic.Doorkeeper;
import mesh.daemon.store.Ed25519Verifier;
import mesh.daemon.store.KeyFile;
import mesh.daemon.store.NodeKey;

/**
 * This node's place in a mesh, or the lack of one: founds, admits, issues, revokes, and writes each change down before
 * anybody hears of it. The standing is one volatile reference; everything else happens under the lock of {@code this},
 * because a use of an invite must be on disk before the next is counted, and disks are waited for.
 */
public final class Belonging implements Doorkeeper {
    private static final Log log = Log.of(Belonging.class);

    /** Far more than a person hands out; a script gone wild is told. */
    private static final int INVITES_MAX = 1_000;

    private final NodeKey key;
    private final Optional<Path> folder;
    private final SecureRandom random = new SecureRandom();
    private final List<Invite> invites = new ArrayList<>();
    private Admission admission;
    private boolean isFounder;
    private volatile Optional<Standing> standing = Optional.empty();

    /** An invite as its issuer sees it. */
    public record Issued(Invite invite, int uses, boolean isRevoked) {}

    private Belonging(NodeKey key, Optional<Path> folder) {
        this.key = key;
        this.folder = folder;
        this.admission = new Admission(key, List.of());
    }

    /**
     * Reads what the node knows of its mesh.
     *
     * @param folder where that is kept; empty keeps it in memory, for nodes that leave no trace
     */
    public static Belonging open(NodeKey key, Optional<Path> folder) throws IOException {
        var belonging = new Belonging(key, folder);
        if (folder.isPresent()) {
            Files.createDirectories(
                    folder.get(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            Optional<Papers> papers = Papers.read(folder.get());
            if (papers.isPresent()) belonging.resume(papers.get());
        }
        return belonging;
    }

    private void resume(Papers papers) throws IOException {
        long now = System.currentTimeMillis();
        if (!papers.credential().subject().equals(key.id()))
            throw new IOException("certificate of another node node=" + key.id() + " certificate="
                    + papers.credential().subject());
        var trust = new Trust(papers.credential().mesh(), Ed25519Verifier.ED25519);
        for (Revocation revocation : papers.revocations())
            if (trust.learn(revocation, now) instanceof Checked.Good<Trust>(Trust more)) trust = more;
        invites.addAll(papers.invites());
        admission = new Admission(key, papers.uses());
        Path meshKey = meshKey(folder.orElseThrow());
        isFounder = Files.exists(meshKey);
        Credential own = papers.credential();
        // A founder answers to nobody, so it takes its next term by itself.
        if (isFounder && own.notAfterMillis() - now < Admission.ADMIN_MILLIS / 2)
            own = rooted(KeyFile.read(meshKey), now);
        standing = Optional.of(new Standing(trust, own));
        if (!own.equals(papers.credential())) write();
    }

    /** A mesh of one: a new mesh key, and a certificate for this node from it. */
    public synchronized MeshId found() throws IOException {
        NodeKey meshKey = folder.isPresent() ? KeyFile.open(meshKey(folder.get())) : NodeKey.fresh();
        var mesh = new MeshId(meshKey.id());
        isFounder = true;
        standing = Optional.of(
                new Standing(new Trust(mesh, Ed25519Verifier.ED25519), rooted(meshKey, System.currentTimeMillis())));
        write();
        return mesh;
    }

    private Credential rooted(NodeKey meshKey, long nowMillis) {
        return Credential.root(Certificate.issue(
                meshKey,
                key.id(),
                Role.ADMIN,
                nowMillis - Trust.SKEW_MILLIS,
                nowMillis + Admission.ADMIN_MILLIS,
                serial()));
    }

    @Override
    public Optional<Standing> standing() {
        return standing;
    }

    /** Whether what this node would show is still good. */
    public boolean isMember() {
        return standing.map(now -> now.trust().check(now.own(), key.id(), System.currentTimeMillis())
                        instanceof Checked.Good<Role>)
                .orElse(false);
    }

    /** Founded here, and nobody was ever let in: a mesh that nobody would miss. */
    public synchronized boolean isLonelyFounder() {
        return isFounder && admission.uses().isEmpty();
    }

    /**
     * Lets the mesh go. Its papers and key are put aside, not destroyed: a founder's key is all that can speak for a
     * mesh.
     */
    public synchronized void forget() throws IOException {
        Optional<Standing> former = standing;
        if (former.isEmpty()) return;
        standing = Optional.empty();
        isFounder = false;
        invites.clear();
        admission = new Admission(key, List.of());
        if (folder.isEmpty()) return;
        Path aside = folder.get()
                .resolveSibling("mesh-left-" + former.get().trust().mesh() + "-" + System.currentTimeMillis());
        Files.move(folder.get(), aside);
        Files.createDirectories(
                folder.get(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    // Letting others in.

    @Override
    public void admit(NodeId presenter, Invite invite, Consumer<Checked<Credential>> answer) {
        Thread.ofVirtual().name("admit-" + presenter).start(() -> answer.accept(admitted(presenter, invite)));
    }

    private synchronized Checked<Credential> admitted(NodeId presenter, Invite invite) {
        if (standing.isEmpty()) return Checked.refused(Refusal.WRONG_MESH);
        Standing now = standing.get();
        return written(
                admission.admit(now.trust(), now.own(), invite, presenter, serial(), System.currentTimeMillis()));
    }

    @Override
    public void renew(NodeId presenter, Credential present, Consumer<Checked<Credential>> answer) {
        Thread.ofVirtual().name("renew-" + presenter).start(() -> answer.accept(renewed(presenter, present)));
    }

    private synchronized Checked<Credential> renewed(NodeId presenter, Credential present) {
        if (standing.isEmpty()) return Checked.refused(Refusal.WRONG_MESH);
        Standing now = standing.get();
        return admission.renew(now.trust(), now.own(), present, presenter, serial(), System.currentTimeMillis());
    }

    /** A certificate whose use could not be written down would open a used-up invite again after a restart. */
    private Checked<Credential> written(Checked<Credential> answer) {
        if (!(answer instanceof Checked.Good<Credential>)) return answer;
        try {
            write();
            return answer;
        } catch (IOException full) {
            log.error("membership.unwritten", "cause", full.toString());
            return Checked.refused(Refusal.FULL);
        }
    }

    /** Comes on the endpoint's loop, which cannot wait for a disk; a lost write costs another admission, no more. */
    @Override
    public void granted(Trust trust, Credential credential) {
        standing = Optional.of(new Standing(trust, credential));
        Thread.ofVirtual().name("granted").start(() -> {
            try {
                write();
            } catch (IOException full) {
                log.error("membership.unwritten", "cause", full.toString());
            }
        });
    }

    // Invites.

    /** A new invite, signed by this node; admins only. */
    public synchronized Checked<Invite> invite(Role role, int uses, long notAfterMillis, List<String> addresses)
            throws IOException {
        Optional<Refusal> unable = unable();
        if (unable.isPresent()) return Checked.refused(unable.get());
        forgetEnded();
        if (invites.size() >= INVITES_MAX) return Checked.refused(Refusal.FULL);
        var terms = new Invite.Terms(
                standing.orElseThrow().own(),
                addresses.subList(0, Math.min(addresses.size(), Invite.ADDRESSES_MAX)),
                role,
                notAfterMillis,
                uses,
                serial());
        Invite fresh = Invite.issue(key, terms);
        invites.add(fresh);
        write();
        return Checked.good(fresh);
    }

    public synchronized List<Issued> invites() {
        forgetEnded();
        Trust trust = standing.map(Standing::trust).orElse(null);
        return invites.stream()
                .map(invite -> new Issued(
                        invite, admission.usesOf(invite.terms().serial()), trust != null && trust.isRevoked(invite)))
                .toList();
    }

    /** Withdraws an invite of this node; false when it has issued none of that number. */
    public synchronized boolean revoke(Serial serial) throws IOException {
        Optional<Invite> issued = invites.stream()
                .filter(invite -> invite.terms().serial().equals(serial))
                .findFirst();
        if (issued.isEmpty() || standing.isEmpty()) return false;
        Standing now = standing.get();
        long millis = System.currentTimeMillis();
        Revocation revocation = Revocation.issue(
                key,
                new Revocation.Terms(
                        now.trust().mesh(),
                        new Revocation.Target.Numbered(serial),
                        Optional.of(now.own()),
                        millis,
                        issued.get().terms().notAfterMillis()));
        if (now.trust().learn(revocation, millis) instanceof Checked.Good<Trust>(Trust wiser)) {
            standing = Optional.of(new Standing(wiser, now.own()));
            write();
            return true;
        }
        return false;
    }

    private Optional<Refusal> unable() {
        if (standing.isEmpty()) return Optional.of(Refusal.NO_CREDENTIAL);
        return standing.get().own().role().includes(Role.ADMIN) ? Optional.empty() : Optional.of(Refusal.NOT_ADMIN);
    }

    private void forgetEnded() {
        long now = System.currentTimeMillis();
        invites.removeIf(invite -> invite.terms().notAfterMillis() < now);
    }

    private synchronized void write() throws IOException {
        if (folder.isEmpty() || standing.isEmpty()) return;
        Standing now = standing.get();
        new Papers(now.own(), invites, admission.uses(), now.trust().revocations()).write(folder.get());
    }

    private Serial serial() {
        return new Serial(random.nextLong(), random.nextLong());
    }

    private static Path meshKey(Path folder) {
        return folder.resolve("mesh.key");
    }
}
