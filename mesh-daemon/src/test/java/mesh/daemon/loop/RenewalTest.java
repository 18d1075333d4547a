package mesh.daemon.loop;

import static mesh.daemon.quic.TestNode.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import mesh.core.id.Certificate;
import mesh.core.id.Checked;
import mesh.core.id.Credential;
import mesh.core.id.Invite;
import mesh.core.id.Role;
import mesh.core.id.Serial;
import mesh.daemon.quic.Membership;
import mesh.daemon.store.KeyFile;
import mesh.daemon.store.MeshFiles;
import mesh.daemon.store.NodeKey;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A founder and a member as real nodes on loopback, whose certificates began so long ago that their ends are near. The
 * clock that matters is the certificate's, so that is what is moved.
 */
@Timeout(60)
class RenewalTest {
    private static final long DAY = Duration.ofDays(1).toMillis();
    private static final long TERM = 30 * DAY;

    @TempDir
    private Path folder;

    private final List<Belonging> open = new ArrayList<>();
    private final BlockingQueue<Unable> unable = new LinkedBlockingQueue<>();
    private NodeKey founder;
    private Membership founders;

    @BeforeEach
    void found() throws Exception {
        founder = KeyFile.open(data("founder").resolve("identity/node.key"));
        founders = Membership.open(founder, new MeshFiles(data("founder").resolve("mesh")));
        founders.found();
    }

    @AfterEach
    void closeAll() throws Exception {
        for (Belonging each : open.reversed()) each.close();
    }

    @Test
    void memberIsRenewedBeforeItsEnd() throws Exception {
        member(System.currentTimeMillis() - 25 * DAY);

        start("member", invite(start("founder")));

        eventually(() -> end("member") > System.currentTimeMillis() + TERM - DAY);
        assertThat(kept("member").role()).isEqualTo(Role.SPLIT);
    }

    @Test
    void memberWithHalfItsTermKeepsItsCertificate() throws Exception {
        member(System.currentTimeMillis() - 15 * DAY);
        var before = kept("member");

        Belonging member = start("member", invite(start("founder")));

        eventually(() -> member.snapshot().stream().anyMatch(now -> now.peers().size() == 1));
        assertThat(kept("member")).isEqualTo(before);
    }

    /** It slept through its end: its certificate opens no door, and only an invite brings it back. */
    @Test
    void memberWhoseCertificateEndedComesInByInviteOnly() throws Exception {
        member(System.currentTimeMillis() - 31 * DAY);
        Belonging home = start("founder");
        String invite = invite(home);

        Belonging stale = start("member");
        eventually(() -> stale.view().isPresent());
        var answers = new LinkedBlockingQueue<Optional<?>>();
        stale.reach(founder.id(), found -> answers.add(found));
        assertThat(answers.take()).isEmpty();
        assertThat(stale.snapshot()).isEmpty();
        stale.close();
        start("member", invite);

        eventually(() -> end("member") > System.currentTimeMillis() + TERM - DAY);
    }

    @Test
    void founderRenewsItselfWithTheMeshsKey() throws Exception {
        NodeKey mesh = KeyFile.read(data("founder").resolve("mesh/mesh.key"));
        long now = System.currentTimeMillis();
        var old = Certificate.issue(mesh, founder.id(), Role.ADMIN, now - 20 * DAY, now + DAY, serial());
        new MeshFiles(data("founder").resolve("mesh")).credential(Credential.root(old));

        start("founder");

        eventually(() -> end("founder") > now + 365 * DAY);
        assertThat(kept("founder").mesh().key()).isEqualTo(mesh.id());
    }

    /** A member of this mesh as it is on disk, let in for a month at a moment of the past. */
    private void member(long sinceMillis) throws IOException {
        NodeKey key = KeyFile.open(data("member").resolve("identity/node.key"));
        var chain = new ArrayList<Certificate>();
        chain.add(Certificate.issue(founder, key.id(), Role.SPLIT, sinceMillis, sinceMillis + TERM, serial()));
        // The founder's own term covers that time.
        NodeKey mesh = KeyFile.read(data("founder").resolve("mesh/mesh.key"));
        chain.add(Certificate.issue(
                mesh, founder.id(), Role.ADMIN, sinceMillis - DAY, sinceMillis + 3_650 * DAY, serial()));
        new MeshFiles(data("member").resolve("mesh")).credential(new Credential(chain));
    }

    private static Serial serial() {
        return new Serial(System.nanoTime(), 1);
    }

    private static String invite(Belonging home) throws IOException {
        eventually(() -> home.loop().isPresent());
        return ((Checked.Good<Invite>) home.invite(Role.SPLIT, 1, Duration.ofHours(1)))
                .value()
                .token();
    }

    private Path data(String name) throws IOException {
        Path data = folder.resolve(name);
        for (String each : List.of("state", "run")) Files.createDirectories(data.resolve(each));
        return data;
    }

    private Credential kept(String name) throws IOException {
        return new MeshFiles(data(name).resolve("mesh")).credential().orElseThrow();
    }

    private long end(String name) {
        try {
            return kept(name).notAfterMillis();
        } catch (IOException unreadable) {
            throw new AssertionError(unreadable);
        }
    }

    private Belonging start(String name, String... tokens) throws IOException {
        var plan = new Belonging.Plan(
                data(name),
                List.of(tokens),
                Optional.empty(),
                false,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new Reach(List.of(), List.of()),
                line -> {});
        var started = new Belonging(
                plan, (addresses, role) -> Bystander.profile(name, addresses), new Bystander(), unable::add);
        open.add(started);
        started.start();
        return started;
    }
}
