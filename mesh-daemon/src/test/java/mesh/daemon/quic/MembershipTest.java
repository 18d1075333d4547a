package mesh.daemon.quic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import mesh.core.id.Checked;
import mesh.core.id.Credential;
import mesh.core.id.Invite;
import mesh.core.id.Refusal;
import mesh.core.id.Role;
import mesh.daemon.store.MeshFiles;
import mesh.daemon.store.NodeKey;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MembershipTest {
    private static final Duration DAY = Duration.ofDays(1);

    @TempDir
    private Path folder;

    private final NodeKey founder = NodeKey.fresh();
    private final NodeKey newcomer = NodeKey.fresh();
    private Membership membership;

    @BeforeEach
    void found() throws Exception {
        membership = reopened();
        membership.found();
    }

    private Membership reopened() throws IOException {
        return Membership.open(founder, new MeshFiles(folder.resolve("founder")));
    }

    private static Invite invite(Membership of, Role role, int uses) throws IOException {
        return good(of.invite(role, uses, DAY, List.of(new InetSocketAddress("192.0.2.1", 4433))));
    }

    private static Checked<Credential> admit(Membership at, NodeKey presenter, Invite invite) throws Exception {
        var answer = new CompletableFuture<Checked<Credential>>();
        at.admit(presenter.id(), invite, answer::complete);
        return answer.get(10, TimeUnit.SECONDS);
    }

    private static <T> T good(Checked<T> checked) {
        return ((Checked.Good<T>) checked).value();
    }

    private static Refusal refused(Checked<?> checked) {
        return ((Checked.Refused<?>) checked).reason();
    }

    @Test
    void invitesOfAListingAreHonouredButNotKept() throws Exception {
        var kept = invite(membership, Role.SERVE, 1);
        Invite last = kept;
        for (int refresh = 0; refresh < 100; refresh++)
            last = good(membership.publicInvite(Role.CLIENT, DAY, List.of()));

        assertThat(membership.invites()).extracting(Membership.Issued::invite).containsExactly(kept);
        assertThat(good(admit(membership, newcomer, last)).role()).isEqualTo(Role.CLIENT);
    }

    @Test
    void everythingSurvivesARestart() throws Exception {
        var open = invite(membership, Role.SERVE, 2);
        var withdrawn = invite(membership, Role.SPLIT, 1);
        good(admit(membership, newcomer, open));
        good(membership.revoke(withdrawn));

        var after = reopened();

        assertThat(after.standing().orElseThrow().own())
                .isEqualTo(membership.standing().orElseThrow().own());
        assertThat(after.invites()).extracting(Membership.Issued::used).containsExactly(1, 0);
        assertThat(after.invites()).extracting(Membership.Issued::revoked).containsExactly(false, true);
        assertThat(refused(admit(after, newcomer, withdrawn))).isEqualTo(Refusal.REVOKED);
        good(admit(after, NodeKey.fresh(), open));
        assertThat(refused(admit(after, NodeKey.fresh(), open))).isEqualTo(Refusal.USED_UP);
    }

    @Test
    void useIsOnDiskBeforeTheCertificateIsHandedOut() throws Exception {
        var invite = invite(membership, Role.SERVE, 1);

        good(admit(membership, newcomer, invite));

        assertThat(Files.readString(folder.resolve("founder/uses")))
                .startsWith(invite.terms().serial() + " " + newcomer.id().hex());
    }

    @Test
    void unwritableDiskLetsNobodyIn() throws Exception {
        var invite = invite(membership, Role.SERVE, 1);
        // A folder where the file belongs: the rename fails whoever runs this.
        Files.createDirectories(folder.resolve("founder/uses/taken"));

        assertThat(refused(admit(membership, newcomer, invite))).isEqualTo(Refusal.FULL);
    }

    @Test
    void founderRevokesMembersAndMembersNobody() throws Exception {
        var granted = good(admit(membership, newcomer, invite(membership, Role.SPLIT, 1)));
        var member = Membership.open(newcomer, new MeshFiles(folder.resolve("member")));
        member.granted(membership.standing().orElseThrow().trust(), granted);

        assertThat(refused(member.invite(Role.CLIENT, 1, DAY, List.of()))).isEqualTo(Refusal.NOT_ADMIN);
        assertThat(refused(member.revoke(founder.id(), Optional.empty()))).isEqualTo(Refusal.NOT_ADMIN);
        var revocation = good(membership.revoke(newcomer.id(), Optional.of(granted)));
        assertThat(member.learn(List.of(revocation)).news()).containsExactly(revocation);
        assertThat(member.learn(List.of(revocation)).news()).isEmpty();
        assertThat(member.standing().orElseThrow().trust().isRevoked(granted)).isTrue();
    }

    @Test
    void credentialIsRenewedInItsLastThird() throws Exception {
        var granted = good(admit(membership, newcomer, invite(membership, Role.SPLIT, 1)));
        var member = Membership.open(newcomer, new MeshFiles(folder.resolve("member")));
        member.granted(membership.standing().orElseThrow().trust(), granted);
        long now = System.currentTimeMillis();

        assertThat(member.wantsRenewal(now + Duration.ofDays(19).toMillis())).isFalse();
        assertThat(member.wantsRenewal(now + Duration.ofDays(21).toMillis())).isTrue();
    }

    @Test
    void damagedFilesStopTheNode() throws Exception {
        good(membership.revoke(newcomer.id(), Optional.empty()));
        Path file = folder.resolve("founder/revocations");
        Files.writeString(file, Files.readString(file) + "half a li");

        assertThatThrownBy(this::reopened).hasMessageContaining("revocations line=2");
    }

    @Test
    void leavingForgetsAllButTheMeshKey() throws Exception {
        invite(membership, Role.CLIENT, 1);

        membership.leave();

        assertThat(reopened().standing()).isEmpty();
        assertThat(folder.resolve("founder").toFile().list()).containsExactly("mesh.key");
    }
}
