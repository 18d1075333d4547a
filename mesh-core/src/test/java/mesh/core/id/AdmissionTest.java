package mesh.core.id;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AdmissionTest {
    private static final long NOW = 1_800_000_000_000L;
    private static final long DAY = 86_400_000;

    private final TestKey meshKey = new TestKey(1);
    private final MeshId mesh = new MeshId(meshKey.id());
    private final Trust trust = new Trust(mesh, TestKey.VERIFIER);
    private final TestKey founder = new TestKey(2);
    private final TestKey newcomer = new TestKey(3);
    private final Credential own = Credential.root(
            Certificate.issue(meshKey, founder.id(), Role.ADMIN, NOW - DAY, NOW + 4_000 * DAY, new Serial(0, 1)));
    private final Admission admission = new Admission(founder, List.of());
    private int serials = 100;

    private Invite invite(Role role, int uses, long notAfterMillis) {
        return Invite.issue(
                founder,
                new Invite.Terms(own, List.of("192.0.2.7:4433"), role, notAfterMillis, uses, new Serial(7, serials++)));
    }

    private Checked<Credential> admit(Invite invite, TestKey presenter, long nowMillis) {
        return admission.admit(trust, own, invite, presenter.id(), new Serial(8, serials++), nowMillis);
    }

    private static <T> T good(Checked<T> checked) {
        return ((Checked.Good<T>) checked).value();
    }

    private static Refusal refused(Checked<?> checked) {
        return ((Checked.Refused<?>) checked).reason();
    }

    @Test
    void inviteEarnsACertificateThatMembersAccept() {
        var token = invite(Role.SERVE, 1, NOW + DAY).token();

        var invite = good(Invite.parse("  " + token + "\n", TestKey.VERIFIER, NOW));
        var earned = good(admit(invite, newcomer, NOW));

        assertThat(invite.issuer()).isEqualTo(founder.id());
        assertThat(invite.mesh()).isEqualTo(mesh);
        assertThat(invite.terms().addresses()).containsExactly("192.0.2.7:4433");
        assertThat(good(trust.check(earned, newcomer.id(), NOW))).isEqualTo(Role.SERVE);
        assertThat(earned.notAfterMillis()).isEqualTo(NOW + Admission.MEMBER_MILLIS);
    }

    @Test
    void usesAreCountedPerNode() {
        var invite = invite(Role.CLIENT, 2, NOW + DAY);

        assertThat(admit(invite, newcomer, NOW)).isInstanceOf(Checked.Good.class);
        assertThat(admit(invite, newcomer, NOW)).isInstanceOf(Checked.Good.class);
        assertThat(admit(invite, new TestKey(4), NOW)).isInstanceOf(Checked.Good.class);
        assertThat(refused(admit(invite, new TestKey(5), NOW))).isEqualTo(Refusal.USED_UP);
        assertThat(admission.usesOf(invite.terms().serial())).isEqualTo(2);
    }

    @Test
    void countSurvivesARestart() {
        var invite = invite(Role.CLIENT, 1, NOW + DAY);
        assertThat(admit(invite, newcomer, NOW)).isInstanceOf(Checked.Good.class);

        var restarted = new Admission(founder, admission.uses());

        assertThat(refused(restarted.admit(trust, own, invite, new TestKey(4).id(), new Serial(9, 9), NOW)))
                .isEqualTo(Refusal.USED_UP);
    }

    @Test
    void endedInvitesLeaveNoCountBehind() {
        assertThat(admit(invite(Role.CLIENT, 1, NOW + DAY), newcomer, NOW)).isInstanceOf(Checked.Good.class);

        assertThat(admit(invite(Role.CLIENT, 1, NOW + 9 * DAY), newcomer, NOW + 2 * DAY))
                .isInstanceOf(Checked.Good.class);

        assertThat(admission.uses()).hasSize(1);
    }

    @Test
    void expiredInviteIsRefusedByBothSides() {
        var invite = invite(Role.CLIENT, 1, NOW);

        assertThat(admit(invite, newcomer, NOW)).isInstanceOf(Checked.Good.class);
        assertThat(refused(admit(invite, new TestKey(4), NOW + 1))).isEqualTo(Refusal.EXPIRED);
        assertThat(refused(Invite.parse(invite.token(), TestKey.VERIFIER, NOW + 1)))
                .isEqualTo(Refusal.EXPIRED);
    }

    @Test
    void revokedInviteIsRefused() {
        var invite = invite(Role.CLIENT, Invite.UNCOUNTED, NOW + DAY);
        var revocation = Revocation.issue(
                founder,
                new Revocation.Terms(
                        mesh,
                        new Revocation.Target.Numbered(invite.terms().serial()),
                        Optional.of(own),
                        NOW,
                        NOW + DAY));

        var knowing = good(trust.learn(good(Revocation.decode(revocation.bytes())), NOW));

        assertThat(refused(admission.admit(knowing, own, invite, newcomer.id(), new Serial(9, 9), NOW)))
                .isEqualTo(Refusal.REVOKED);
    }

    @Test
    void inviteOfAnotherMeshIsRefused() {
        var otherMesh = new TestKey(8);
        var others = Credential.root(
                Certificate.issue(otherMesh, founder.id(), Role.ADMIN, NOW - DAY, NOW + DAY, new Serial(0, 2)));
        var invite =
                Invite.issue(founder, new Invite.Terms(others, List.of(), Role.CLIENT, NOW + DAY, 1, new Serial(7, 1)));

        assertThat(refused(admit(invite, newcomer, NOW))).isEqualTo(Refusal.WRONG_MESH);
    }

    @Test
    void countedInviteIsHonouredOnlyWhereItIsCounted() {
        var second = new TestKey(6);
        var seconds =
                good(admission.admit(trust, own, invite(Role.ADMIN, 1, NOW + DAY), second.id(), new Serial(9, 1), NOW));
        var elsewhere = new Admission(second, List.of());

        var counted = elsewhere.admit(
                trust, seconds, invite(Role.CLIENT, 1, NOW + DAY), newcomer.id(), new Serial(9, 2), NOW);
        var uncounted = elsewhere.admit(
                trust, seconds, invite(Role.CLIENT, Invite.UNCOUNTED, NOW + DAY), newcomer.id(), new Serial(9, 3), NOW);

        assertThat(refused(counted)).isEqualTo(Refusal.NOT_ISSUER);
        assertThat(good(trust.check(good(uncounted), newcomer.id(), NOW))).isEqualTo(Role.CLIENT);
    }

    @Test
    void memberCannotAdmitNorInvite() {
        var member = new TestKey(6);
        var members =
                good(admission.admit(trust, own, invite(Role.SPLIT, 1, NOW + DAY), member.id(), new Serial(9, 1), NOW));
        var byMember =
                Invite.issue(member, new Invite.Terms(members, List.of(), Role.CLIENT, NOW + DAY, 1, new Serial(7, 1)));

        assertThat(refused(Invite.parse(byMember.token(), TestKey.VERIFIER, NOW)))
                .isEqualTo(Refusal.NOT_ADMIN);
        assertThat(refused(admit(byMember, newcomer, NOW))).isEqualTo(Refusal.NOT_ADMIN);
        assertThat(refused(new Admission(member, List.of())
                        .admit(trust, members, byMember, newcomer.id(), new Serial(9, 2), NOW)))
                .isEqualTo(Refusal.NOT_ADMIN);
    }

    @Test
    void renewalKeepsTheRoleAndMovesTheEnd() {
        var first = good(admit(invite(Role.SPLIT, 1, NOW + DAY), newcomer, NOW));
        long later = NOW + 20 * DAY;

        var second = good(admission.renew(trust, own, first, newcomer.id(), new Serial(9, 9), later));

        assertThat(second.role()).isEqualTo(Role.SPLIT);
        assertThat(second.notAfterMillis()).isEqualTo(later + Admission.MEMBER_MILLIS);
        assertThat(refused(admission.renew(trust, own, first, newcomer.id(), new Serial(9, 9), NOW + 40 * DAY)))
                .isEqualTo(Refusal.EXPIRED);
    }

    @Test
    void chainsDoNotGrowWithoutEnd() {
        Credential above = own;
        TestKey issuer = founder;
        for (int depth = 2; depth <= Credential.DEPTH_MAX; depth++) {
            var next = new TestKey(20 + depth);
            var invite = Invite.issue(
                    issuer, new Invite.Terms(above, List.of(), Role.ADMIN, NOW + DAY, 1, new Serial(7, depth)));
            above = good(
                    new Admission(issuer, List.of()).admit(trust, above, invite, next.id(), new Serial(9, depth), NOW));
            issuer = next;
        }
        var last =
                Invite.issue(issuer, new Invite.Terms(above, List.of(), Role.CLIENT, NOW + DAY, 1, new Serial(7, 9)));
        var deepest = new Admission(issuer, List.of());

        assertThat(refused(deepest.admit(trust, above, last, newcomer.id(), new Serial(9, 9), NOW)))
                .isEqualTo(Refusal.TOO_DEEP);
        assertThat(deepest.uses()).isEmpty();
    }

    @Test
    void everyDamagedCharacterIsNoticed() {
        String token = invite(Role.SERVE, 1, NOW + DAY).token();

        for (int at = 0; at < token.length(); at += 5) {
            char damaged = token.charAt(at) == 'A' ? 'B' : 'A';
            String text = token.substring(0, at) + damaged + token.substring(at + 1);
            var answer = Invite.parse(text, TestKey.VERIFIER, NOW);
            // The last character's spare bits carry nothing.
            if (answer instanceof Checked.Good<Invite>(Invite same))
                assertThat(same.token()).isEqualTo(token);
        }
    }

    @Test
    void hostileTokensAreMalformed() {
        var random = new Random(5);
        assertThat(refused(Invite.parse("", TestKey.VERIFIER, NOW))).isEqualTo(Refusal.MALFORMED);
        assertThat(refused(Invite.parse("mesh2.AAAA", TestKey.VERIFIER, NOW))).isEqualTo(Refusal.MALFORMED);
        assertThat(refused(Invite.parse("mesh1.*", TestKey.VERIFIER, NOW))).isEqualTo(Refusal.MALFORMED);
        assertThat(refused(Invite.parse("mesh1." + "A".repeat(100_000), TestKey.VERIFIER, NOW)))
                .isEqualTo(Refusal.MALFORMED);
        for (int i = 0; i < 5_000; i++) {
            byte[] bytes = new byte[random.nextInt(600)];
            random.nextBytes(bytes);
            assertThat(Invite.decode(bytes)).isInstanceOf(Checked.Refused.class);
        }
    }

    @Test
    void mutatedInvitesNeverThrowNorPass() {
        byte[] carried = invite(Role.SERVE, 1, NOW + DAY).bytes();
        var random = new Random(6);

        for (int i = 0; i < 5_000; i++) {
            byte[] mutated = carried.clone();
            for (int flips = 1 + random.nextInt(4); flips > 0; flips--)
                mutated[random.nextInt(mutated.length - Signed.SIGNATURE_BYTES)] = (byte) random.nextInt();
            if (java.util.Arrays.equals(mutated, carried)) continue;
            // Reading may succeed; the signature must then say no, which is checked for a sample only as it is slow.
            var read = Invite.decode(mutated);
            if (i % 100 == 0 && read instanceof Checked.Good<Invite>(Invite whole))
                assertThat(whole.isSigned(TestKey.VERIFIER)).isFalse();
        }
    }

    @Test
    void tokenIsNotShown() {
        var invite = invite(Role.SERVE, 1, NOW + DAY);
        var hello = new Hello(Optional.empty(), Optional.of(invite), 1, 2, 0, "", false);

        assertThat(invite.toString())
                .doesNotContain(invite.token().substring(6, 30))
                .contains("serve");
        assertThat(hello.toString()).doesNotContain(invite.token().substring(6, 30));
    }

    @Test
    void helloAndWelcomeAreReadBack() {
        var invite = invite(Role.SERVE, 1, NOW + DAY);
        var hello = new Hello(Optional.of(own), Optional.of(invite), 11, 12, 13, "192.0.2.7:1", true);
        var welcome = new Welcome(Optional.empty(), Optional.of(own), Optional.of(own), 14, "[2001:db8::1]:9", true);

        var read = good(Hello.decode(hello.bytes()));

        assertThat(read.credential()).contains(own);
        assertThat(read.invite().orElseThrow().token()).isEqualTo(invite.token());
        assertThat(read.connection()).isEqualTo(12);
        assertThat(read.lost()).isEqualTo(13);
        assertThat(read.renews()).isTrue();
        assertThat(good(Welcome.decode(welcome.bytes()))).isEqualTo(welcome);
        assertThat(good(Welcome.decode(Welcome.refused(Refusal.USED_UP, 1, "").bytes()))
                        .refusal())
                .contains(Refusal.USED_UP);
    }

    @Test
    void refusalNumbersAndCodesAreEachTheirOwn() {
        var numbers = new ArrayList<Integer>();
        var codes = new ArrayList<String>();
        for (Refusal refusal : Refusal.values()) {
            numbers.add(refusal.number());
            codes.add(refusal.code());
            assertThat(Refusal.of(refusal.number())).contains(refusal);
        }

        assertThat(numbers).doesNotHaveDuplicates().doesNotContain(0);
        assertThat(codes).doesNotHaveDuplicates();
    }
}
