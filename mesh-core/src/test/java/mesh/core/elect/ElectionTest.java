package mesh.core.elect;

import static mesh.core.member.Profiles.GB;
import static mesh.core.member.Profiles.id;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Profile;
import mesh.core.member.Profile.Engine;
import mesh.core.member.Profile.OnDisk;
import mesh.core.member.Profile.Phase;
import mesh.core.member.Profile.Role;
import mesh.core.member.Profiles;
import org.junit.jupiter.api.Test;

class ElectionTest {
    private static final ModelRef MODEL = new ModelRef("big");
    private static final long NEED = 55 * GB;
    private static final int LAYERS = 80;

    private final Map<NodeId, Profile> view = new TreeMap<>();
    private final Election election = new Election(SplitLimits.DEFAULT);

    @Test
    void everyNodeThatFitsIsItsOwnHost() {
        add(1, holder(60));
        add(2, holder(64));
        add(3, holder(24));

        Outcome outcome = decide();

        assertThat(outcome).isEqualTo(new Outcome.Solo(List.of(id(1), id(2))));
        assertThat(outcome.part(id(3))).isEqualTo(new Part.Idle(Reason.NOT_NEEDED));
    }

    @Test
    void anotherReplicaLeavesThePartOfTheFirstAsItWas() {
        add(1, holder(60));
        Part before = decide().part(id(1));

        add(2, holder(64));

        assertThat(decide().part(id(1))).isEqualTo(before);
    }

    @Test
    void modelThatFitsNowhereIsSplitByMemory() {
        add(1, holder(20).link(id(2), 4));
        add(2, holder(40).link(id(1), 4));

        assertThat(decide()).isEqualTo(new Outcome.Split(id(2), List.of(id(1)), List.of(54, 27), List.of()));
    }

    @Test
    void forcedSplitTakesOneWorkerAlthoughItFits() {
        add(1, Profiles.of(80 * GB).holds(MODEL, NEED, LAYERS).forced(MODEL));
        add(2, holder(40).link(id(1), 9));
        add(3, holder(40).link(id(1), 2));

        assertThat(decide()).isInstanceOfSatisfying(Outcome.Split.class, split -> {
            assertThat(split.host()).isEqualTo(id(1));
            assertThat(split.workers()).containsExactly(id(3));
        });
    }

    @Test
    void smallestWorkerBesideAGiantStillHoldsALayer() {
        add(1, Profiles.of(900 * GB).holds(MODEL, NEED, LAYERS).forced(MODEL));
        add(2, holder(1));

        assertThat(decide().part(id(1))).isEqualTo(new Part.Host(List.of(id(2)), List.of(80, 1)));
    }

    @Test
    void forcedSplitServesAloneUntilAPartnerComes() {
        add(1, Profiles.of(80 * GB).holds(MODEL, NEED, LAYERS).forced(MODEL));
        Outcome before = decide();

        add(2, holder(1));

        assertThat(before).isEqualTo(new Outcome.Solo(List.of(id(1))));
        assertThat(decide().part(id(2))).isEqualTo(new Part.Lend(id(1)));
    }

    @Test
    void forcedSplitLeavesOtherReplicasServing() {
        add(1, Profiles.of(80 * GB).holds(MODEL, NEED, LAYERS).forced(MODEL));
        add(2, holder(10).link(id(1), 1));
        add(3, holder(60).link(id(1), 30));

        assertThat(decide().part(id(3))).isEqualTo(new Part.Alone());
    }

    @Test
    void onlyWhoMayUseTensorsForcesASplit() {
        Profiles guest = Profiles.of(80 * GB).holds(MODEL, NEED, LAYERS).forced(MODEL);
        guest.splits = false;
        add(1, guest);
        add(2, holder(60));

        assertThat(decide()).isEqualTo(new Outcome.Solo(List.of(id(1), id(2))));
    }

    @Test
    void shortMemoryWaitsWithNumbers() {
        add(1, holder(30));
        add(2, Profiles.of(21_500_000_000L).holds(MODEL, NEED, LAYERS).assigned(MODEL));

        assertThat(decide()).isEqualTo(new Outcome.Waiting(NEED, 51_500_000_000L, Reason.MEMORY_SHORT));
    }

    @Test
    void enoughBytesInTooFewWholeLayersStillWaits() {
        add(1, holder(5, 9 * GB, 2));
        add(2, holder(5, 9 * GB, 2));

        assertThat(decide()).isEqualTo(new Outcome.Waiting(9 * GB, 6 * GB, Reason.MEMORY_SHORT));
    }

    @Test
    void farWorkerIsPassedOverAndAnUnknownOneIsNot() {
        add(1, holder(40).link(id(2), 81));
        add(2, holder(30));
        Outcome far = decide();

        add(1, holder(40));

        assertThat(far).isInstanceOf(Outcome.Waiting.class);
        assertThat(decide().part(id(2))).isEqualTo(new Part.Lend(id(1)));
    }

    @Test
    void longerOfTwoMeasurementsOfOnePathCounts() {
        add(1, holder(40).link(id(2), 200));
        add(2, holder(30).link(id(1), 1));

        assertThat(decide()).isInstanceOf(Outcome.Waiting.class);
    }

    @Test
    void nextHostIsTriedWhenTheBiggestIsTooFarFromEveryone() {
        add(1, holder(50).link(id(2), 300).link(id(3), 300));
        add(2, holder(40).link(id(1), 300).link(id(3), 5));
        add(3, holder(30).link(id(1), 300).link(id(2), 5));

        assertThat(decide().part(id(2))).isInstanceOf(Part.Host.class);
    }

    @Test
    void engineThatSpeaksAnotherProtocolCannotLend() {
        Profiles older = holder(30);
        older.engine = new Engine("b9000", 7, 0, 0);
        add(1, holder(40));
        add(2, older);

        assertThat(decide()).isInstanceOf(Outcome.Waiting.class);
        assertThat(reasonFor(2)).isEqualTo(Reason.RPC_MAJOR_DIFFERS);
    }

    @Test
    void newerMinorHostsForAnOlderOneAndNotTheOtherWay() {
        Profiles newer = holder(30);
        newer.engine = new Engine("b12000", 8, 1, 0);
        add(1, holder(40));
        add(2, newer);

        assertThat(decide().part(id(2))).isInstanceOf(Part.Host.class);
    }

    @Test
    void clientsAndUncertifiedNodesNeverLend() {
        Profiles client = holder(30);
        client.role = Role.CLIENT;
        Profiles guest = holder(30);
        guest.splits = false;
        add(1, holder(40));
        add(2, client);
        add(3, guest);

        assertThat(decide()).isInstanceOf(Outcome.Waiting.class);
        assertThat(reasonFor(2)).isEqualTo(Reason.CLIENT);
        assertThat(reasonFor(3)).isEqualTo(Reason.NOT_CERTIFIED);
    }

    @Test
    void workerNeedsNoFileAndAHostDoes() {
        add(1, Profiles.of(70 * GB).assigned(MODEL));
        add(2, holder(40));

        assertThat(decide().part(id(2))).isInstanceOf(Part.Host.class);
        assertThat(decide().part(id(1))).isEqualTo(new Part.Lend(id(2)));
    }

    @Test
    void unknownHeaderFallsBackToTheRuleOfThumb() {
        Profiles node = Profiles.of(11 * GB).assigned(MODEL);
        node.onDisk.add(new OnDisk(MODEL, 10 * GB, 0, 0, 0, 0));
        add(1, node);
        Outcome fits = decide();

        node.assigned.clear();
        node.usableBytes = 11 * GB - 1;
        add(1, node.assigned(MODEL));

        assertThat(fits).isEqualTo(new Outcome.Solo(List.of(id(1))));
        assertThat(decide()).isInstanceOf(Outcome.Waiting.class);
        assertThat(election.explain(MODEL, view).need().guessed()).isTrue();
    }

    @Test
    void operatorsRatiosAreObeyedOnceThereAreWorkersForThem() {
        add(1, Profiles.of(80 * GB).holds(MODEL, NEED, LAYERS).forced(MODEL, 500, 300, 200));
        add(2, holder(40));
        Outcome early = decide();

        add(
                1,
                Profiles.of(80 * GB)
                        .holds(MODEL, NEED, LAYERS)
                        .forced(MODEL, 500, 300, 200)
                        .serves(MODEL, Phase.READY, List.of(id(2)), List.of(54, 27)));
        add(3, holder(40));

        assertThat(early)
                .isInstanceOfSatisfying(
                        Outcome.Split.class,
                        split -> assertThat(split.workers()).hasSize(1));
        assertThat(decide())
                .isInstanceOfSatisfying(
                        Outcome.Split.class, split -> assertThat(split.shares()).containsExactly(41, 24, 16));
    }

    @Test
    void oneWorkerIsPreferredToTwoThatAreHardlyFaster() {
        add(1, holder(40).link(id(2), 10).link(id(3), 10).link(id(4), 21));
        add(2, holder(9));
        add(3, holder(9));
        add(4, holder(30));

        assertThat(decide().part(id(1))).isEqualTo(new Part.Host(List.of(id(4)), List.of(46, 35)));
    }

    @Test
    void nearWorkerThatTurnsOutUnneededIsLeftOut() {
        add(1, holder(20).link(id(2), 1).link(id(3), 2).link(id(4), 3).link(id(5), 60));
        add(2, holder(3));
        add(3, holder(18));
        add(4, holder(18));
        add(5, Profiles.of(30 * GB).assigned(MODEL));
        view.replaceAll((node, profile) -> node.equals(id(1)) ? profile : withoutFile(profile));

        assertThat(decide().part(id(1))).isEqualTo(new Part.Host(List.of(id(3), id(4)), List.of(29, 26, 26)));
    }

    @Test
    void equallyNearWorkersAreTakenInOrderOfTheirIds() {
        add(1, holder(40).link(id(2), 5).link(id(3), 5));
        add(2, holder(20));
        add(3, holder(20));

        assertThat(decide().part(id(2))).isEqualTo(new Part.Lend(id(1)));
    }

    @Test
    void nodeThatCannotHoldOneLayerDoesNotHost() {
        add(1, holder(20, NEED, 1));
        add(2, Profiles.of(60 * GB).assigned(MODEL));

        assertThat(decide()).isEqualTo(new Outcome.Waiting(NEED, 20 * GB, Reason.TOO_SMALL));
    }

    @Test
    void splitThatWouldCrawlIsRefusedUnlessForced() {
        add(1, slow(holder(40)).link(id(2), 10));
        add(2, holder(30));
        Outcome refused = decide();

        add(
                1,
                slow(Profiles.of(40 * GB).holds(MODEL, NEED, LAYERS).forced(MODEL))
                        .link(id(2), 10));

        assertThat(refused).isEqualTo(new Outcome.Refused(Reason.SPLIT_TOO_SLOW));
        assertThat(decide()).isInstanceOf(Outcome.Split.class);
    }

    @Test
    void workerTooSlowToBeWorthItYieldsToAFartherOne() {
        add(1, fast(holder(40)).link(id(2), 5).link(id(3), 30));
        Profiles crawler = holder(20);
        crawler.bandwidth = 10 * GB;
        add(2, crawler);
        add(3, fast(holder(20)));

        assertThat(decide().part(id(3))).isEqualTo(new Part.Lend(id(1)));
    }

    @Test
    void runningSplitSurvivesJitterAndANearerNewcomer() {
        add(1, running(40, 27).link(id(2), 40));
        add(2, holder(20));
        Outcome before = decide();

        add(1, running(39, 27).link(id(2), 95).link(id(3), 60));
        add(3, holder(45));

        assertThat(decide()).isEqualTo(before);
    }

    @Test
    void runningSplitYieldsToOneTwiceAsFast() {
        add(1, running(40, 27).link(id(2), 40).link(id(3), 2));
        add(2, holder(20));
        add(3, holder(20));

        assertThat(decide().part(id(3))).isEqualTo(new Part.Lend(id(1)));
    }

    @Test
    void runningSplitEndsWithItsWorker() {
        add(1, running(40, 27));

        assertThat(decide()).isInstanceOf(Outcome.Waiting.class);
    }

    @Test
    void runningSplitGoesOnUntilTheNodeThatFitsIsReady() {
        add(1, running(40, 27));
        add(2, holder(20));
        add(3, holder(60).serves(MODEL, Phase.LOADING));
        Outcome loading = decide();

        add(3, holder(60).serves(MODEL, Phase.READY));

        assertThat(loading).isEqualTo(new Outcome.Split(id(1), List.of(id(2)), List.of(54, 27), List.of(id(3))));
        assertThat(decide()).isEqualTo(new Outcome.Solo(List.of(id(3))));
    }

    @Test
    void nodeWhoseEngineFailedIsPassedOver() {
        add(1, holder(60).serves(MODEL, Phase.FAILED));
        add(2, holder(56));

        assertThat(decide()).isEqualTo(new Outcome.Solo(List.of(id(2))));
        assertThat(reasonFor(1)).isEqualTo(Reason.ENGINE_FAILED);
    }

    @Test
    void workerWhoseEngineFailedIsReplaced() {
        add(1, holder(40).link(id(2), 1).link(id(3), 9).serves(MODEL, Phase.READY, List.of(id(2)), List.of(54, 27)));
        add(2, holder(20).serves(MODEL, Phase.FAILED));
        add(3, holder(20));

        assertThat(decide().part(id(1))).isEqualTo(new Part.Host(List.of(id(3)), List.of(54, 27)));
        assertThat(reasonFor(2)).isEqualTo(Reason.ENGINE_FAILED);
    }

    @Test
    void explanationCarriesTheWholeSum() {
        add(1, fast(holder(40)).link(id(2), 20).link(id(3), 30));
        add(2, fast(holder(20)));
        add(3, fast(holder(20)));
        add(4, Profiles.of(99 * GB));

        Explanation told = election.explain(MODEL, view);

        assertThat(told.outcome()).isEqualTo(decide());
        assertThat(told.need().bytes()).isEqualTo(NEED);
        assertThat(told.haveBytes()).isEqualTo(80 * GB);
        Prediction price = told.prediction().orElseThrow();
        assertThat(price.hopMicros()).containsExactly(20_000L);
        assertThat(price.computeMicros()).isBetween(49_000L, 50_000L);
        assertThat(price.milliTokensPerSecond()).isBetween(14_200L, 14_600L);
        assertThat(told.considered())
                .extracting(Explanation.Considered::reason)
                .containsExactly(Reason.FITS_NOWHERE, Reason.FITS_NOWHERE, Reason.NOT_NEEDED, Reason.NOT_ASSIGNED);
        assertThat(told.considered().get(1).rttMillis()).isEqualTo(20);
        assertThat(told.considered().get(1).share()).isEqualTo(27);
    }

    @Test
    void onlyGroupsThatMaySplitMeasureEachOther() {
        add(1, holder(40));
        add(2, holder(20));
        List<NodeId> short2 = election.partners(id(1), MODEL, view);

        add(3, holder(60));

        assertThat(short2).containsExactly(id(2));
        assertThat(election.partners(id(1), MODEL, view)).isEmpty();
    }

    private Outcome decide() {
        return election.decide(MODEL, view);
    }

    private Reason reasonFor(int node) {
        return election.explain(MODEL, view).considered().stream()
                .filter(row -> row.node().equals(id(node)))
                .findFirst()
                .orElseThrow()
                .reason();
    }

    private void add(int node, Profiles profile) {
        view.put(id(node), profile.build());
    }

    private static Profiles holder(int gigabytes) {
        return holder(gigabytes, NEED, LAYERS);
    }

    private static Profiles holder(int gigabytes, long needBytes, int layers) {
        return Profiles.of(gigabytes * GB).holds(MODEL, needBytes, layers).assigned(MODEL);
    }

    private static Profiles running(int gigabytes, int workerShare) {
        return holder(gigabytes)
                .serves(MODEL, Phase.READY, List.of(id(2)), List.of(LAYERS + 1 - workerShare, workerShare));
    }

    private static Profile withoutFile(Profile profile) {
        return Profiles.of(profile.usableBytes()).assigned(MODEL).build();
    }

    private static Profiles fast(Profiles profile) {
        profile.bandwidth = 1_000 * GB;
        return profile;
    }

    private static Profiles slow(Profiles profile) {
        profile.bandwidth = 50 * GB;
        return profile;
    }
}
