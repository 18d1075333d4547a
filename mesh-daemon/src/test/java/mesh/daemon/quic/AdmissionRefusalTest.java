package mesh.daemon.quic;

import static mesh.daemon.quic.TestNode.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import mesh.core.id.Certificate;
import mesh.core.id.Checked;
import mesh.core.id.Credential;
import mesh.core.id.Invite;
import mesh.core.id.MeshId;
import mesh.core.id.NodeId;
import mesh.core.id.Refusal;
import mesh.core.id.Revocation;
import mesh.core.id.Role;
import mesh.core.id.Trust;
import mesh.core.wire.StreamType;
import mesh.daemon.store.Ed25519Verifier;
import mesh.daemon.store.NodeKey;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who is not let in, over real connections: each with its own reason, counted, and nobody else disturbed. */
@Timeout(60)
class AdmissionRefusalTest {
    private static final long HOUR = 3_600_000;

    private TestNode founder;
    private TestNode stranger;

    @BeforeEach
    void openTwoNodes() throws Exception {
        founder = new TestNode().found();
        stranger = new TestNode();
    }

    @AfterEach
    void nothingWasAdmittedByMistake() {
        stranger.close();
        founder.close();
    }

    private void assertRefused(Dialled outcome, Refusal reason) {
        assertThat(outcome).isEqualTo(new Dialled.Refused(reason));
        assertThat(founder.endpoint.faults().of(reason)).isEqualTo(1);
        assertThat(founder.endpoint.peer(stranger.key.id())).isEmpty();
        assertThat(founder.up).isEmpty();
    }

    @Test
    void anotherNodeAtTheAddressIsNoticedBeforeAnythingIsSaid() throws Exception {
        var outcome = stranger.dial(NodeKey.fresh().id(), founder.endpoint.address());

        assertThat(outcome).isEqualTo(new Dialled.Unreachable("wrong_id"));
        assertThat(stranger.endpoint.faults().of(Fault.WRONG_ID)).isEqualTo(1);
        assertThat(founder.endpoint.faults().of(Fault.ADMISSION_REFUSED)).isZero();
    }

    @Test
    void certificateOfAnotherNodeDoesNotHelpWithoutItsKey() throws Exception {
        var victim = NodeKey.fresh();
        var thief = NodeKey.fresh();
        var borrowed = new Tls(thief, Tls.certificate(victim, victim.id()));
        try (var node = new TestNode(TestNode.loopback().withTimes(500, 1_500, 1_500), thief, borrowed)) {
            var outcome = node.join(founder.invite(Role.CLIENT));

            assertThat(outcome).isInstanceOf(Dialled.Unreachable.class);
            assertThat(founder.up).isEmpty();
        }
    }

    @Test
    void certificateSignedByAnotherKeyIsForged() throws Exception {
        var victim = NodeKey.fresh();
        var thief = NodeKey.fresh();
        var forged = new Tls(thief, Tls.certificate(thief, victim.id()));
        try (var node = new TestNode(TestNode.loopback().withTimes(500, 1_500, 1_500), thief, forged)) {
            var outcome = node.join(founder.invite(Role.CLIENT));

            assertThat(outcome).isInstanceOf(Dialled.Unreachable.class);
            assertThat(founder.up).isEmpty();
        }
    }

    @Test
    void expiredInvite() throws Exception {
        assertRefused(stranger.join(founder.invite(Role.CLIENT, 1, System.currentTimeMillis() - 1)), Refusal.EXPIRED);
    }

    @Test
    void usedUpInviteAndItsReplayByAnother() throws Exception {
        var invite = founder.invite(Role.CLIENT);
        try (var first = new TestNode()) {
            assertThat(first.join(invite)).isInstanceOf(Dialled.Reached.class);
            eventually(() -> founder.up.poll() != null);

            assertRefused(stranger.join(invite), Refusal.USED_UP);
        }
    }

    @Test
    void tamperedInvite() throws Exception {
        byte[] carried = founder.invite(Role.CLIENT).bytes();
        // The role stands behind the last address: raise client to split.
        var honest = ((Checked.Good<Invite>) Invite.decode(carried)).value();
        Invite raised = honest;
        for (int at = 0; at < carried.length && raised.terms().role() != Role.SPLIT; at++) {
            byte[] changed = carried.clone();
            if (changed[at] != Role.CLIENT.code()) continue;
            changed[at] = (byte) Role.SPLIT.code();
            if (Invite.decode(changed) instanceof Checked.Good<Invite>(Invite read)) raised = read;
        }

        assertThat(raised.terms().role()).isEqualTo(Role.SPLIT);
        assertRefused(stranger.join(raised), Refusal.TAMPERED);
    }

    @Test
    void revokedInvite() throws Exception {
        var invite = founder.invite(Role.CLIENT);
        var standing = founder.standing().orElseThrow();
        var revocation = Revocation.issue(
                founder.key,
                new Revocation.Terms(
                        standing.trust().mesh(),
                        new Revocation.Target.Numbered(invite.terms().serial()),
                        Optional.of(standing.own()),
                        System.currentTimeMillis(),
                        System.currentTimeMillis() + HOUR));
        var knowing = ((Checked.Good<Trust>) standing.trust().learn(revocation, System.currentTimeMillis())).value();
        founder.standing(new Doorkeeper.Standing(knowing, standing.own()));

        assertRefused(stranger.join(invite), Refusal.REVOKED);
    }

    @Test
    void inviteOfAnotherMesh() throws Exception {
        var ours = founder.standing().orElseThrow();
        founder.found();
        var foreign = founder.invite(Role.CLIENT);
        founder.standing(ours);

        assertRefused(stranger.join(foreign), Refusal.WRONG_MESH);
    }

    @Test
    void memberOfAnotherMesh() throws Exception {
        stranger.found();

        assertRefused(stranger.dial(founder), Refusal.WRONG_MESH);
    }

    @Test
    void borrowedCertificate() throws Exception {
        try (var member = new TestNode()) {
            member.join(founder.invite(Role.SPLIT));
            eventually(() -> founder.up.poll() != null);
            stranger.standing(member.standing().orElseThrow());

            assertRefused(stranger.dial(founder), Refusal.WRONG_NODE);
        }
    }

    @Test
    void certificateThatHasEnded() throws Exception {
        var mesh = NodeKey.fresh();
        founder.belong(mesh, Role.ADMIN);
        long now = System.currentTimeMillis();
        var old = Certificate.issue(mesh, stranger.key.id(), Role.SPLIT, now - 2 * HOUR, now - HOUR, TestNode.serial());
        stranger.standing(new Doorkeeper.Standing(
                new Trust(new MeshId(mesh.id()), Ed25519Verifier.ED25519), Credential.root(old)));

        assertRefused(stranger.dial(founder), Refusal.EXPIRED);
    }

    @Test
    void certificateThatEndsEndsItsConnection() throws Exception {
        var mesh = NodeKey.fresh();
        founder.belong(mesh, Role.ADMIN);
        long now = System.currentTimeMillis();
        var brief = Certificate.issue(mesh, stranger.key.id(), Role.SPLIT, now - HOUR, now + 1_500, TestNode.serial());
        stranger.standing(new Doorkeeper.Standing(
                new Trust(new MeshId(mesh.id()), Ed25519Verifier.ED25519), Credential.root(brief)));
        assertThat(stranger.dial(founder)).isInstanceOf(Dialled.Reached.class);

        assertThat(founder.down.poll(10, TimeUnit.SECONDS)).isEqualTo("expired");

        assertThat(stranger.down.poll(10, TimeUnit.SECONDS)).isEqualTo("expired");
        assertThat(stranger.dial(founder)).isEqualTo(new Dialled.Refused(Refusal.EXPIRED));
    }

    @Test
    void revocationEndsLiveConnectionsAndLaterOnes() throws Exception {
        stranger.join(founder.invite(Role.SPLIT));
        eventually(() -> founder.endpoint.peer(stranger.key.id()).isPresent());
        var standing = founder.standing().orElseThrow();
        var revocation = Revocation.issue(
                founder.key,
                new Revocation.Terms(
                        standing.trust().mesh(),
                        new Revocation.Target.Node(stranger.key.id()),
                        Optional.of(standing.own()),
                        System.currentTimeMillis(),
                        System.currentTimeMillis() + HOUR));
        var knowing = ((Checked.Good<Trust>) standing.trust().learn(revocation, System.currentTimeMillis())).value();
        founder.standing(new Doorkeeper.Standing(knowing, standing.own()));

        var putOut = new java.util.concurrent.LinkedBlockingQueue<NodeId>();
        founder.endpoint.recheck(putOut::add);

        assertThat(founder.down.poll(10, TimeUnit.SECONDS)).isEqualTo("revoked");
        assertThat(stranger.down.poll(10, TimeUnit.SECONDS)).isEqualTo("revoked");
        assertThat(putOut).containsExactly(stranger.key.id());
        assertThat(stranger.dial(founder)).isEqualTo(new Dialled.Refused(Refusal.REVOKED));
    }

    @Test
    void clientCannotReachTheTensors() throws Exception {
        stranger.join(founder.invite(Role.CLIENT));
        var hearing = new TestNode.Hearing();
        var allowed = new TestNode.Hearing();

        TestNode.say(stranger.peer(founder).open(StreamType.RPC, hearing).sync().getNow(), "tensors");
        TestNode.say(
                stranger.peer(founder).open(StreamType.HTTP, allowed).sync().getNow(), "question");

        assertThat(hearing.heard.poll(10, TimeUnit.SECONDS)).isEqualTo("QuicStreamResetException");
        assertThat(allowed.heard.poll(10, TimeUnit.SECONDS)).isEqualTo("question");
        assertThat(founder.endpoint.faults().of(Fault.ROLE_TOO_LOW)).isEqualTo(1);
    }

    @Test
    void dialledNodeThatIsNoMemberIsRefusedByTheDialler() throws Exception {
        var mesh = NodeKey.fresh();
        founder.belong(mesh, Role.ADMIN);
        long now = System.currentTimeMillis();
        stranger.belong(mesh, Role.SERVE);
        // The dialled side accepts ours, but what it shows itself has ended.
        var ended =
                Certificate.issue(mesh, founder.key.id(), Role.ADMIN, now - 2 * HOUR, now - HOUR, TestNode.serial());
        founder.standing(new Doorkeeper.Standing(
                new Trust(new MeshId(mesh.id()), Ed25519Verifier.ED25519), new Credential(List.of(ended))));

        assertThat(stranger.dial(founder)).isEqualTo(new Dialled.Refused(Refusal.EXPIRED));
        assertThat(stranger.endpoint.peers()).isEmpty();
    }

    @Test
    void memberIsRenewedOnItsLiveConnection() throws Exception {
        stranger.join(founder.invite(Role.SPLIT));
        var before = stranger.standing().orElseThrow().own();
        var answer = new java.util.concurrent.CompletableFuture<Checked<Credential>>();

        stranger.peer(founder).renew(answer::complete);

        var renewed = ((Checked.Good<Credential>) answer.get(10, TimeUnit.SECONDS)).value();
        assertThat(renewed.serial()).isNotEqualTo(before.serial());
        assertThat(renewed.role()).isEqualTo(Role.SPLIT);
        assertThat(stranger.standing().orElseThrow().own()).isEqualTo(renewed);
    }
}
