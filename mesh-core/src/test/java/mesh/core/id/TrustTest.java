package mesh.core.id;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TrustTest {
    private static final long NOW = 1_800_000_000_000L;
    private static final long DAY = 86_400_000;

    private final TestKey meshKey = new TestKey(1);
    private final MeshId mesh = new MeshId(meshKey.id());
    private final Trust trust = new Trust(mesh, TestKey.VERIFIER);
    private final TestKey founder = new TestKey(2);
    private final TestKey admin = new TestKey(3);
    private final TestKey member = new TestKey(4);
    private final Credential founders = Credential.root(certificate(meshKey, founder, Role.ADMIN, 1));
    private final Credential admins = below(founders, certificate(founder, admin, Role.ADMIN, 2));
    private final Credential members = below(admins, certificate(admin, member, Role.SPLIT, 3));

    private static Certificate certificate(TestKey issuer, TestKey subject, Role role, int serial) {
        return Certificate.issue(issuer, subject.id(), role, NOW - DAY, NOW + DAY, new Serial(0, serial));
    }

    private static Credential below(Credential above, Certificate certificate) {
        var chain = new ArrayList<>(List.of(certificate));
        chain.addAll(above.chain());
        return new Credential(chain);
    }

    private Revocation revocation(TestKey signer, Optional<Credential> by, Revocation.Target target) {
        return Revocation.issue(signer, new Revocation.Terms(mesh, target, by, NOW - 1, NOW + 100 * DAY));
    }

    private static Trust learned(Trust trust, Revocation... revocations) {
        Trust now = trust;
        for (Revocation each : revocations) now = good(now.learn(each, NOW));
        return now;
    }

    private static <T> T good(Checked<T> checked) {
        return ((Checked.Good<T>) checked).value();
    }

    private static Refusal refused(Checked<?> checked) {
        return ((Checked.Refused<?>) checked).reason();
    }

    @Test
    void chainToTheMeshKeyGivesItsRole() {
        assertThat(good(trust.check(members, member.id(), NOW))).isEqualTo(Role.SPLIT);
        assertThat(good(trust.check(founders, founder.id(), NOW))).isEqualTo(Role.ADMIN);
    }

    @Test
    void credentialIsReadBackAsCarried() {
        var read = good(Credential.decode(members.bytes()));

        assertThat(read).isEqualTo(members);
        assertThat(good(trust.check(read, member.id(), NOW))).isEqualTo(Role.SPLIT);
    }

    @Test
    void anotherNodeCannotShowIt() {
        assertThat(refused(trust.check(members, admin.id(), NOW))).isEqualTo(Refusal.WRONG_NODE);
    }

    @Test
    void anotherMeshDoesNotKnowIt() {
        var other = new Trust(new MeshId(new TestKey(9).id()), TestKey.VERIFIER);

        assertThat(refused(other.check(members, member.id(), NOW))).isEqualTo(Refusal.WRONG_MESH);
    }

    @Test
    void validityIsHeldToTheMillisecond() {
        assertThat(trust.check(members, member.id(), NOW + DAY)).isInstanceOf(Checked.Good.class);
        assertThat(refused(trust.check(members, member.id(), NOW + DAY + 1))).isEqualTo(Refusal.EXPIRED);
        assertThat(refused(trust.check(members, member.id(), NOW - DAY - 1))).isEqualTo(Refusal.NOT_YET_VALID);
    }

    @Test
    void memberCannotAdmit() {
        var intruder = new TestKey(5);
        var byMember = below(members, certificate(member, intruder, Role.CLIENT, 4));

        assertThat(refused(trust.check(byMember, intruder.id(), NOW))).isEqualTo(Refusal.NOT_ADMIN);
    }

    @Test
    void borrowedChainIsNoticed() {
        var intruder = new TestKey(5);
        var selfMade = below(founders, certificate(intruder, intruder, Role.ADMIN, 4));

        assertThat(refused(trust.check(selfMade, intruder.id(), NOW))).isEqualTo(Refusal.TAMPERED);
    }

    @Test
    void everyFlippedBitIsNoticed() {
        byte[] carried = members.bytes();

        for (int bit = 0; bit < carried.length * 8; bit += 29) {
            byte[] damaged = carried.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            var answer = Credential.decode(damaged).then(read -> trust.check(read, member.id(), NOW));
            assertThat(answer).as("bit " + bit).isInstanceOf(Checked.Refused.class);
        }
    }

    @Test
    void randomBytesAreNoCredential() {
        var random = new Random(7);
        for (int i = 0; i < 5_000; i++) {
            byte[] bytes = new byte[random.nextInt(300)];
            random.nextBytes(bytes);
            assertThat(Credential.decode(bytes)).isInstanceOf(Checked.Refused.class);
            assertThat(Revocation.decode(bytes)).isInstanceOf(Checked.Refused.class);
            assertThat(Hello.decode(bytes)).isInstanceOf(Checked.Refused.class);
            assertThat(Welcome.decode(bytes)).isInstanceOf(Checked.Refused.class);
        }
    }

    @Test
    void revokedCertificateAndRevokedNodeAreRefused() {
        var byNumber = revocation(meshKey, Optional.empty(), new Revocation.Target.Numbered(new Serial(0, 3)));
        var byNode = revocation(admin, Optional.of(admins), new Revocation.Target.Node(member.id()));

        assertThat(refused(learned(trust, byNumber).check(members, member.id(), NOW)))
                .isEqualTo(Refusal.REVOKED);
        assertThat(refused(learned(trust, byNode).check(members, member.id(), NOW)))
                .isEqualTo(Refusal.REVOKED);
        assertThat(learned(trust, byNode).isRevoked(members)).isTrue();
        assertThat(trust.isRevoked(members)).isFalse();
    }

    @Test
    void whoeverARevokedAdminAdmittedFallsWithIt() {
        var ofAdmin = revocation(founder, Optional.of(founders), new Revocation.Target.Node(admin.id()));

        assertThat(refused(learned(trust, ofAdmin).check(members, member.id(), NOW)))
                .isEqualTo(Refusal.REVOKED);
    }

    @Test
    void adminCannotRevokeAnAdminAboveIt() {
        var upward = revocation(admin, Optional.of(admins), new Revocation.Target.Node(founder.id()));

        assertThat(learned(trust, upward).check(members, member.id(), NOW)).isInstanceOf(Checked.Good.class);
    }

    @Test
    void memberCannotRevoke() {
        var byMember = revocation(member, Optional.of(members), new Revocation.Target.Node(admin.id()));

        assertThat(refused(trust.learn(byMember, NOW))).isEqualTo(Refusal.NOT_ADMIN);
    }

    @Test
    void orderOfHearingDoesNotMatter() {
        var other = new TestKey(6);
        var others = below(founders, certificate(founder, other, Role.ADMIN, 5));
        var all = new ArrayList<>(List.of(
                revocation(admin, Optional.of(admins), new Revocation.Target.Node(member.id())),
                revocation(founder, Optional.of(founders), new Revocation.Target.Node(admin.id())),
                revocation(other, Optional.of(others), new Revocation.Target.Numbered(new Serial(0, 3))),
                revocation(meshKey, Optional.empty(), new Revocation.Target.Node(other.id()))));
        var direct = below(founders, certificate(founder, member, Role.SERVE, 6));
        var random = new Random(11);

        for (int i = 0; i < 24; i++) {
            Collections.shuffle(all, random);
            Trust heard = learned(trust, all.toArray(Revocation[]::new));
            // Both who revoked the member were revoked themselves, so its own certificate stands again.
            assertThat(heard.check(direct, member.id(), NOW)).isInstanceOf(Checked.Good.class);
            assertThat(refused(heard.check(members, member.id(), NOW))).isEqualTo(Refusal.REVOKED);
        }
    }

    @Test
    void forgedForeignAndFutureRevocationsAreRefused() {
        var intruder = new TestKey(5);
        var target = new Revocation.Target.Node(member.id());
        var forged = revocation(intruder, Optional.empty(), target);
        var foreign = Revocation.issue(
                intruder, new Revocation.Terms(new MeshId(intruder.id()), target, Optional.empty(), NOW, NOW + DAY));
        var future = Revocation.issue(
                meshKey, new Revocation.Terms(mesh, target, Optional.empty(), NOW + DAY, NOW + 2 * DAY));

        assertThat(refused(trust.learn(forged, NOW))).isEqualTo(Refusal.TAMPERED);
        assertThat(refused(trust.learn(foreign, NOW))).isEqualTo(Refusal.WRONG_MESH);
        assertThat(refused(trust.learn(future, NOW))).isEqualTo(Refusal.NOT_YET_VALID);
    }

    @Test
    void revocationIsForgottenWhenItsTargetHasEnded() {
        var old = Revocation.issue(
                meshKey,
                new Revocation.Terms(mesh, new Revocation.Target.Node(member.id()), Optional.empty(), NOW, NOW + DAY));
        var heard = good(trust.learn(old, NOW));
        var later = Revocation.issue(
                meshKey,
                new Revocation.Terms(
                        mesh, new Revocation.Target.Node(admin.id()), Optional.empty(), NOW, NOW + 9 * DAY));

        assertThat(good(heard.learn(later, NOW + 2 * DAY)).revocations()).containsExactly(later);
        assertThat(good(heard.learn(old, NOW))).isSameAs(heard);
    }

    @Test
    void adminGoneBadCannotFillTheListBeforeItIsRevoked() {
        Trust full = trust;
        Checked<Trust> more = Checked.good(full);
        for (int serial = 0; more instanceof Checked.Good<Trust>(Trust learned); serial++) {
            full = learned;
            var target = new Revocation.Target.Numbered(new Serial(7, serial));
            more = full.learn(revocation(admin, Optional.of(admins), target), NOW);
        }

        assertThat(refused(more)).isEqualTo(Refusal.FULL);
        var put = revocation(meshKey, Optional.empty(), new Revocation.Target.Node(admin.id()));
        assertThat(good(full.learn(put, NOW)).isRevoked(admins)).isTrue();
    }

    @Test
    void whatHasEndedIsNotCompared() {
        var ends = Revocation.issue(
                meshKey,
                new Revocation.Terms(
                        mesh, new Revocation.Target.Node(member.id()), Optional.empty(), NOW - 1, NOW + DAY));
        var stays = revocation(meshKey, Optional.empty(), new Revocation.Target.Node(admin.id()));

        var both = learned(trust, ends, stays);

        assertThat(both.revocations(NOW)).containsOnlyKeys(ends.mark(), stays.mark());
        assertThat(both.revocations(NOW + 2 * DAY)).containsOnlyKeys(stays.mark());
    }
}
