package mesh.core.id;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MeshLicenceTest {
    private static final long DAY = 86_400_000;
    private final TestKey meshKey = new TestKey(1);
    private final TestKey founder = new TestKey(2);
    private final TestKey member = new TestKey(3);
    private Trust trust = new Trust(new MeshId(meshKey.id()), TestKey.VERIFIER);

    @Test
    void splitsAreAllowedToTheSubjectOfAChainThatCarriesTheRole() {
        var licence = licence(Role.SPLIT);

        assertThat(licence.allowsSplits(member.id(), licence.own())).isTrue();
        assertThat(licence.allowsSplits(founder.id(), licence.own())).isFalse();
        assertThat(licence.allowsSplits(member.id(), new byte[0])).isFalse();
        assertThat(licence.allowsSplits(member.id(), new byte[] {1, 2, 3})).isFalse();
    }

    @Test
    void lesserRoleShowsNothingAndAllowsNothing() {
        assertThat(licence(Role.SERVE).own()).isEmpty();
        assertThat(licence(Role.SPLIT)
                        .allowsSplits(member.id(), credential(Role.SERVE).bytes()))
                .isFalse();
    }

    @Test
    void revokedNodeMaySplitNoMore() {
        var licence = licence(Role.SPLIT);
        byte[] shown = licence.own();
        var terms = new Revocation.Terms(
                trust.mesh(), new Revocation.Target.Node(member.id()), Optional.empty(), DAY, 100 * DAY);

        trust = ((Checked.Good<Trust>) trust.learn(Revocation.issue(meshKey, terms), DAY)).value();

        assertThat(licence.allowsSplits(member.id(), shown)).isFalse();
    }

    private MeshLicence licence(Role role) {
        Credential own = credential(role);
        return new MeshLicence(() -> trust, () -> own);
    }

    /** Two links of which one ends before the other. */
    private Credential credential(Role role) {
        var above = Certificate.issue(meshKey, founder.id(), Role.ADMIN, 0, 9 * DAY, new Serial(0, 1));
        var own = Certificate.issue(founder, member.id(), role, 2 * DAY, 5 * DAY, new Serial(0, 2));
        return new Credential(List.of(own, above));
    }
}
