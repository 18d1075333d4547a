package mesh.core.demand;

import static mesh.core.member.Profiles.GB;
import static mesh.core.member.Profiles.id;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import mesh.core.demand.Task.Serve;
import mesh.core.demand.Task.Stay;
import mesh.core.elect.Election;
import mesh.core.elect.SplitLimits;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Profile;
import mesh.core.member.Profile.Phase;
import mesh.core.member.Profile.Role;
import mesh.core.member.Profiles;
import org.junit.jupiter.api.Test;

class AssignmentTest {
    private static final ModelRef A = new ModelRef("a");
    private static final ModelRef B = new ModelRef("b");
    private static final NodeId SEEDER = id(1);
    private static final NodeId SELF = id(7);

    private final Map<NodeId, Profile> view = new TreeMap<>();
    private final Set<ModelRef> declined = new LinkedHashSet<>();
    private final Assignment assignment = new Assignment(new Election(SplitLimits.DEFAULT));
    private final Standby standby = new Standby(assignment);

    @Test
    void unservedWantedModelOnDiskComesFirst() {
        add(
                SEEDER,
                serving(A).wants(A, "hub/a", 5 * GB).wants(B, "hub/b", 5 * GB).asked(A, 100));
        add(SELF, idle(8).holds(A, 5 * GB, 10).holds(B, 5 * GB, 10));

        assertThat(joining()).isEqualTo(new Serve(B, AssignReason.WANTED_ON_DISK, ""));
    }

    @Test
    void unservedWantedModelIsFetchedWhenNoneIsOnDisk() {
        add(SEEDER, serving(A).wants(A, "hub/a", 5 * GB).wants(B, "hub/b", 5 * GB));
        add(SELF, fetching(8, 100).holds(A, 5 * GB, 10));

        assertThat(joining()).isEqualTo(new Serve(B, AssignReason.WANTED_TO_FETCH, "hub/b"));
    }

    @Test
    void nothingIsFetchedThatDoesNotFitOrWasNotAllowed() {
        add(SEEDER, serving(A).wants(B, "hub/b", 5 * GB));

        add(SELF, fetching(4, 100));
        Task tooSmall = joining();
        add(SELF, fetching(8, 4));
        Task diskShort = joining();
        add(SELF, idle(8));
        Task notAllowed = joining();

        assertThat(List.of(tooSmall, diskShort, notAllowed)).containsOnly(new Stay(AssignReason.NOTHING_FITS));
    }

    @Test
    void leastServedOnDiskComesBeforeTheLeastServed() {
        add(SEEDER, serving(A).wants(A, "hub/a", 5 * GB).wants(B, "hub/b", 5 * GB));
        add(id(2), serving(A));
        add(id(3), serving(B));
        add(SELF, fetching(8, 100).holds(A, 5 * GB, 10));
        Task onDisk = joining();

        add(SELF, fetching(8, 100));

        assertThat(onDisk).isEqualTo(new Serve(A, AssignReason.LEAST_SERVED_ON_DISK, ""));
        assertThat(joining()).isEqualTo(new Serve(B, AssignReason.LEAST_SERVED_TO_FETCH, "hub/b"));
    }

    @Test
    void memoryIsLentToASplitThatWaitsForIt() {
        add(SEEDER, Profiles.of(30 * GB).holds(A, 55 * GB, 80).assigned(A));
        add(SELF, idle(30));
        Task completes = joining();

        add(SELF, idle(20));

        assertThat(completes).isEqualTo(new Serve(A, AssignReason.COMPLETES_SPLIT, ""));
        assertThat(joining()).isEqualTo(new Stay(AssignReason.NOTHING_FITS));
    }

    @Test
    void twoJoinersAtOnceSpread() {
        add(SEEDER, Profiles.of(1).wants(A, "", 0).wants(B, "", 0));
        add(id(5), idle(8).holds(A, 5 * GB, 10).holds(B, 5 * GB, 10));
        add(SELF, idle(8).holds(A, 5 * GB, 10).holds(B, 5 * GB, 10));

        assertThat(assignment.joining(id(5), view, Set.of())).isNotEqualTo(joining());
    }

    @Test
    void joinerLeavesTheOnlyModelOfAnotherToIt() {
        add(SEEDER, Profiles.of(1).wants(A, "", 0).wants(B, "", 0));
        add(id(5), idle(8).holds(A, 5 * GB, 10));
        add(SELF, idle(8).holds(A, 5 * GB, 10).holds(B, 5 * GB, 10));

        assertThat(joining()).isEqualTo(new Serve(B, AssignReason.WANTED_ON_DISK, ""));
    }

    @Test
    void droppedModelIsNotTakenUpAgain() {
        add(SEEDER, Profiles.of(1).wants(A, "", 0));
        add(SELF, idle(8).holds(A, 5 * GB, 10));
        declined.add(A);

        assertThat(joining()).isEqualTo(new Stay(AssignReason.NOTHING_WANTED));
    }

    @Test
    void serverWhoseEngineFailedServesNobody() {
        add(SEEDER, serving(A).wants(A, "", 0).serves(A, Phase.FAILED));
        add(SELF, idle(8).holds(A, 5 * GB, 10));

        assertThat(joining()).isEqualTo(new Serve(A, AssignReason.WANTED_ON_DISK, ""));
    }

    @Test
    void standbyPromotesWhenTheLastHostIsLost() {
        joinedWithoutAModel();
        add(SEEDER, serving(A));
        add(SELF, idle(8).holds(A, 5 * GB, 10));
        observe(20_000);
        view.remove(SEEDER);

        assertThat(observe(21_000)).isEmpty();
        assertThat(observe(30_999)).isEmpty();
        assertThat(observe(31_000)).contains(new Serve(A, AssignReason.LOST_LAST_HOST, ""));
    }

    @Test
    void hostThatComesBackInTimePromotesNobody() {
        joinedWithoutAModel();
        add(SEEDER, serving(A));
        add(SELF, idle(8).holds(A, 5 * GB, 10));
        observe(20_000);
        view.remove(SEEDER);
        observe(21_000);

        add(SEEDER, serving(A));
        observe(30_000);
        view.remove(SEEDER);

        assertThat(observe(31_000)).isEmpty();
    }

    @Test
    void modelGoneForLongIsNotLost() {
        joinedWithoutAModel();
        add(SEEDER, serving(A));
        observe(20_000);
        view.remove(SEEDER);
        observe(20_001 + Standby.REMEMBERED_MILLIS);
        add(SELF, idle(8).holds(A, 5 * GB, 10));

        observe(20_002 + Standby.REMEMBERED_MILLIS);

        assertThat(standby.wish()).isEqualTo(new Stay(AssignReason.NOT_NEEDED));
    }

    @Test
    void standbyPromotesForAHotModel() {
        joinedWithoutAModel();
        add(SEEDER, serving(A).asked(A, 10));
        add(id(2), serving(B).asked(B, 3));
        add(SELF, idle(8).holds(A, 5 * GB, 10));
        observe(20_000);

        assertThat(observe(30_000)).contains(new Serve(A, AssignReason.HOT, ""));
    }

    @Test
    void warmModelsPromoteNobody() {
        joinedWithoutAModel();
        add(SEEDER, serving(A).asked(A, 9));
        add(SELF, idle(8).holds(A, 5 * GB, 10));
        observe(20_000);
        Task lukewarm = standby.wish();
        add(SEEDER, serving(A).asked(A, 12));
        add(id(2), serving(B).asked(B, 5));

        observe(20_000);

        assertThat(lukewarm).isEqualTo(new Stay(AssignReason.NOT_NEEDED));
        assertThat(standby.wish()).isEqualTo(new Stay(AssignReason.NOT_NEEDED));
    }

    @Test
    void oneStandbyIsEnoughToCoolAModel() {
        add(SEEDER, serving(A).asked(A, 15));
        add(id(5), idle(8).holds(A, 5 * GB, 10));
        add(SELF, idle(8).holds(A, 5 * GB, 10));

        assertThat(assignment.promotion(id(5), view, Set.of(), new TreeMap<>()))
                .isEqualTo(new Serve(A, AssignReason.HOT, ""));
        assertThat(assignment.promotion(SELF, view, Set.of(), new TreeMap<>()))
                .isEqualTo(new Stay(AssignReason.NOT_NEEDED));
    }

    private void joinedWithoutAModel() {
        add(SELF, idle(8).holds(A, 5 * GB, 10));
        observe(0);
        observe(Standby.JOIN_SETTLE_MILLIS);
    }

    private Task joining() {
        return assignment.joining(SELF, view, declined);
    }

    private Optional<Serve> observe(long nowMillis) {
        return standby.observe(SELF, view, declined, nowMillis);
    }

    private void add(NodeId node, Profiles profile) {
        view.put(node, profile.build());
    }

    private static Profiles serving(ModelRef model) {
        return Profiles.of(8 * GB).holds(model, 5 * GB, 10).assigned(model);
    }

    private static Profiles idle(int gigabytes) {
        Profiles profile = Profiles.of(gigabytes * GB);
        profile.role = Role.STANDBY;
        return profile;
    }

    private static Profiles fetching(int gigabytes, int fetchGigabytes) {
        Profiles profile = idle(gigabytes);
        profile.fetchBytes = fetchGigabytes * GB;
        return profile;
    }
}
