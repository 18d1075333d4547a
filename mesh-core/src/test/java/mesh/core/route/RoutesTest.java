package mesh.core.route;

import static mesh.core.member.Profiles.id;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Profile.Phase;
import mesh.core.member.Profile.Served;
import mesh.core.member.Profile.Skill;
import mesh.core.route.Choice.AllBusy;
import mesh.core.route.Choice.Chosen;
import mesh.core.route.Choice.NoSuchModel;
import mesh.core.route.Choice.NoneFits;
import mesh.core.route.Choice.NotReady;
import mesh.core.route.Choice.Rejected;
import mesh.core.route.Routes.Ending;
import org.junit.jupiter.api.Test;

class RoutesTest {
    private static final NodeId SELF = id(99);
    private static final ModelRef MODEL = new ModelRef("small");

    private final List<Host> hosts = new ArrayList<>();
    private final Map<ModelRef, RouteReason> absent = new LinkedHashMap<>();
    private final Routes routes = new Routes();

    @Test
    void nearestOfEqualHostsIsTaken() {
        add(1, 0, 40);
        add(2, 0, 5);

        assertThat(choose(ask())).isInstanceOfSatisfying(Chosen.class, chosen -> {
            assertThat(chosen.host().node()).isEqualTo(id(2));
            assertThat(chosen.reason()).isEqualTo(RouteReason.BEST_SCORE);
            assertThat(chosen.rejected())
                    .extracting(Rejected::node, Rejected::reason)
                    .containsExactly(org.assertj.core.groups.Tuple.tuple(id(1), RouteReason.SLOWER));
        });
    }

    @Test
    void requestsInFlightSpreadOverHosts() {
        add(1, 0, 5);
        add(2, 0, 5);
        add(3, 0, 5);

        for (int i = 0; i < 12; i++) choose(ask());

        assertThat(List.of(1, 2, 3))
                .allSatisfy(node -> assertThat(routes.preview(table(), ask(), 0))
                        .isInstanceOfSatisfying(
                                Chosen.class,
                                chosen -> assertThat(chosen.costMicros())
                                        .isEqualTo(RoutePolicy.costMicros(
                                                host(node, 0, 5),
                                                new Standing(4, Standing.Admission.ADMITTED, 0),
                                                false))));
    }

    @Test
    void edgesStartWithDifferentOnesOfEqualHosts() {
        add(1, 0, 5);
        add(2, 0, 5);

        var firsts = new LinkedHashSet<NodeId>();
        for (int edge = 10; edge < 30; edge++) {
            var table = RouteTable.of(id(edge), hosts, absent);
            firsts.add(((Chosen) routes.preview(table, ask(), 0)).host().node());
        }

        assertThat(firsts).containsExactlyInAnyOrder(id(1), id(2));
    }

    @Test
    void busierHostYieldsToAFartherIdleOne() {
        add(1, 4, 1);
        add(2, 0, 70);

        assertThat(chosen(ask()).host().node()).isEqualTo(id(2));
    }

    @Test
    void fasterHostOutweighsDistance() {
        hosts.add(new Host(id(1), served(MODEL, Phase.READY, 0, 10_000), 1, false, false));
        hosts.add(new Host(id(2), served(MODEL, Phase.READY, 0, 80_000), 60, false, false));

        assertThat(chosen(ask()).host().node()).isEqualTo(id(2));
    }

    @Test
    void conversationStaysWhereItsPrefixIsWarm() {
        add(1, 0, 5);
        add(2, 1, 5);
        Chosen first = chosen(ask().withPrefix(7));
        routes.ended(first, ask().withPrefix(7), Ending.DONE, 0);
        hosts.clear();
        add(1, 1, 5);
        add(2, 0, 5);

        assertThat(first.host().node()).isEqualTo(id(1));
        assertThat(chosen(ask().withPrefix(7)))
                .extracting(c -> c.host().node(), Chosen::reason)
                .containsExactly(id(1), RouteReason.WARM_PREFIX);
        assertThat(chosen(ask().withPrefix(8)).host().node()).isEqualTo(id(2));
    }

    @Test
    void warmPrefixDoesNotQueueBehindOthers() {
        add(1, 0, 5);
        add(2, 1, 5);
        choose(ask().withPrefix(7));
        hosts.clear();
        add(1, 4, 5);
        add(2, 0, 5);

        assertThat(chosen(ask().withPrefix(7)).host().node()).isEqualTo(id(2));
    }

    @Test
    void warmthFadesAfterItsTime() {
        add(1, 0, 5);
        add(2, 0, 5);
        NodeId first = chosen(ask().withPrefix(7)).host().node();
        hosts.clear();
        add(1, first.equals(id(1)) ? 1 : 0, 5);
        add(2, first.equals(id(2)) ? 1 : 0, 5);

        Choice later = routes.choose(table(), ask().withPrefix(7), Affinity.TTL_MILLIS + 1);

        assertThat(((Chosen) later).host().node()).isNotEqualTo(first);
    }

    @Test
    void rememberedPrefixesAreBounded() {
        var affinity = new Affinity();
        for (int i = 1; i <= Affinity.PREFIXES_MAX + 10; i++) {
            affinity.used(ask().withPrefix(1), new Target(id(1), MODEL), i);
            affinity.used(ask().withPrefix(i), new Target(id(1), MODEL), i);
        }

        assertThat(affinity.size()).isEqualTo(Affinity.PREFIXES_MAX);
        assertThat(affinity.find(ask().withPrefix(1), 0)).isPresent();
        assertThat(affinity.find(ask().withPrefix(2), 0)).isEmpty();
    }

    @Test
    void threeFailuresParkAHostAndOneProbeReadmitsIt() {
        add(1, 0, 5);
        for (int i = 0; i < Breaker.FAILURES; i++) fail(i * 1_000L);

        assertThat(at(3_000))
                .isEqualTo(new NotReady(
                        RouteReason.PARKED, 2_000 + Breaker.PARK_MILLIS - 3_000, rejected(1, RouteReason.PARKED)));
        Chosen probe = (Chosen) at(2_000 + Breaker.PARK_MILLIS);
        assertThat(probe.reason()).isEqualTo(RouteReason.PROBE);
        assertThat(at(2_000 + Breaker.PARK_MILLIS)).isInstanceOf(NotReady.class);
        routes.answered(probe);
        assertThat(at(2_000 + Breaker.PARK_MILLIS)).isInstanceOf(Chosen.class);
    }

    @Test
    void failedProbeParksAgain() {
        add(1, 0, 5);
        for (int i = 0; i < Breaker.FAILURES; i++) fail(0);

        fail(Breaker.PARK_MILLIS);

        assertThat(at(2 * Breaker.PARK_MILLIS - 1)).isInstanceOf(NotReady.class);
        assertThat(at(2 * Breaker.PARK_MILLIS)).isInstanceOf(Chosen.class);
    }

    @Test
    void failuresFarApartParkNobody() {
        add(1, 0, 5);
        for (int i = 0; i < 10; i++) fail(i * Breaker.WINDOW_MILLIS / 2 + i);

        assertThat(at(10 * Breaker.WINDOW_MILLIS)).isInstanceOf(Chosen.class);
    }

    @Test
    void callersErrorsAreNeutral() {
        add(1, 0, 5);
        for (int i = 0; i < 10; i++) routes.ended((Chosen) at(i), ask(), Ending.NEUTRAL, i);

        assertThat(at(20)).isInstanceOf(Chosen.class);
    }

    @Test
    void neutralProbeLetsTheNextOneProbe() {
        add(1, 0, 5);
        for (int i = 0; i < Breaker.FAILURES; i++) fail(0);

        routes.ended((Chosen) at(Breaker.PARK_MILLIS), ask(), Ending.NEUTRAL, Breaker.PARK_MILLIS);

        assertThat(((Chosen) at(Breaker.PARK_MILLIS)).reason()).isEqualTo(RouteReason.PROBE);
    }

    @Test
    void requestThatNeverEndedDoesNotHoldTheProbeForEver() {
        add(1, 0, 5);
        for (int i = 0; i < Breaker.FAILURES; i++) fail(0);
        at(Breaker.PARK_MILLIS);

        assertThat(at(Breaker.PARK_MILLIS + Breaker.PROBE_MILLIS_MAX - 1)).isInstanceOf(NotReady.class);
        assertThat(at(Breaker.PARK_MILLIS + Breaker.PROBE_MILLIS_MAX)).isInstanceOf(Chosen.class);
    }

    @Test
    void retrySkipsWhoFailedTheRequest() {
        add(1, 0, 1);
        add(2, 0, 90);

        Choice retry = choose(ask().withTried(List.of(id(1))));
        Choice spent = choose(ask().withTried(List.of(id(1), id(2))));

        assertThat(retry).isInstanceOfSatisfying(Chosen.class, chosen -> {
            assertThat(chosen.host().node()).isEqualTo(id(2));
            assertThat(chosen.reason()).isEqualTo(RouteReason.RETRY);
        });
        assertThat(spent)
                .isInstanceOfSatisfying(
                        NotReady.class, none -> assertThat(none.reason()).isEqualTo(RouteReason.TRIED));
    }

    @Test
    void unknownModelIsNeverAnotherModel() {
        add(1, 0, 5);

        assertThat(choose(Ask.of("smal"))).isEqualTo(new NoSuchModel("smal", List.of("small")));
        assertThat(choose(Ask.of("not a name"))).isEqualTo(new NoSuchModel("not a name", List.of()));
    }

    @Test
    void modelNobodyRunsYetIsNotReadyWithTheReason() {
        absent.put(new ModelRef("huge"), RouteReason.WAITING_FOR_MEMORY);
        hosts.add(new Host(id(1), served(MODEL, Phase.LOADING, 0, 0), 5, false, false));

        assertThat(choose(Ask.of("huge"))).isEqualTo(new NotReady(RouteReason.WAITING_FOR_MEMORY, 2_000, List.of()));
        assertThat(choose(ask())).isEqualTo(new NotReady(RouteReason.LOADING, 2_000, rejected(1, RouteReason.LOADING)));
    }

    @Test
    void fullHostsAnswerWithATimeToRetry() {
        add(1, 32, 5);

        assertThat(choose(ask())).isEqualTo(new AllBusy(3_200, rejected(1, RouteReason.FULL)));
    }

    @Test
    void promptTooLongForEveryoneFitsNobody() {
        add(1, 0, 5);

        Ask novel = new Ask("small", List.of(), 0, 100_000, Optional.empty(), List.of(), List.of());

        assertThat(choose(novel))
                .isEqualTo(new NoneFits(RouteReason.CONTEXT_TOO_SMALL, rejected(1, RouteReason.CONTEXT_TOO_SMALL)));
    }

    @Test
    void targetAndExcludeAreObeyed() {
        add(1, 0, 1);
        add(2, 0, 90);

        assertThat(chosen(hinted(Optional.of(id(2)), List.of())).reason()).isEqualTo(RouteReason.TARGET);
        assertThat(chosen(hinted(Optional.empty(), List.of(id(1)))).host().node())
                .isEqualTo(id(2));
        assertThat(choose(hinted(Optional.of(id(3)), List.of()))).isInstanceOf(NoneFits.class);
    }

    @Test
    void suspectIsTakenOnlyWhenNobodyElseIsLeft() {
        hosts.add(new Host(id(1), served(MODEL, Phase.READY, 0, 0), 1, false, true));
        assertThat(chosen(ask()).host().node()).isEqualTo(id(1));

        add(2, 3, 90);

        assertThat(chosen(ask()).host().node()).isEqualTo(id(2));
    }

    @Test
    void autoTakesTheLargestModelWithAFreeSlotAndSaysWhich() {
        add(1, 0, 5);
        hosts.add(sized("large", 2, 0, 40));
        hosts.add(sized("larger", 3, 4, 70));
        hosts.add(new Host(id(4), embedder("vectors"), 5, false, false));

        Chosen chosen = chosen(Ask.of(Ask.AUTO));

        assertThat(chosen.model()).isEqualTo(new ModelRef("large"));
        assertThat(chosen.rejected())
                .extracting(Rejected::reason)
                .containsExactlyInAnyOrder(RouteReason.OTHER_MODEL, RouteReason.OTHER_MODEL, RouteReason.LACKS_SKILL);
    }

    @Test
    void autoKeepsTheModelOfAConversation() {
        hosts.add(sized("large", 2, 0, 40));
        Ask talk = Ask.of(Ask.AUTO).withPrefix(5);
        choose(talk);

        hosts.add(sized("larger", 3, 0, 70));

        assertThat(chosen(talk).model()).isEqualTo(new ModelRef("large"));
        assertThat(chosen(Ask.of(Ask.AUTO)).model()).isEqualTo(new ModelRef("larger"));
    }

    @Test
    void previewChangesNothing() {
        add(1, 0, 5);
        add(2, 0, 5);

        Choice first = routes.preview(table(), ask(), 0);

        assertThat(routes.preview(table(), ask(), 0)).isEqualTo(first);
    }

    @Test
    void requestEndsOnce() {
        add(1, 0, 5);
        Chosen chosen = chosen(ask());

        routes.ended(chosen, ask(), Ending.DONE, 0);

        assertThatThrownBy(() -> routes.ended(chosen, ask(), Ending.DONE, 0)).hasMessageContaining("ends once");
    }

    private void fail(long nowMillis) {
        routes.ended((Chosen) at(nowMillis), ask(), Ending.HOST_FAILED, nowMillis);
    }

    private Choice at(long nowMillis) {
        return routes.choose(table(), ask(), nowMillis);
    }

    private Choice choose(Ask ask) {
        return routes.choose(table(), ask, 0);
    }

    private Chosen chosen(Ask ask) {
        return (Chosen) choose(ask);
    }

    private RouteTable table() {
        return RouteTable.of(SELF, hosts, absent);
    }

    private void add(int node, int outstanding, int rttMillis) {
        hosts.add(host(node, outstanding, rttMillis));
    }

    private static Host host(int node, int outstanding, int rttMillis) {
        return new Host(id(node), served(MODEL, Phase.READY, outstanding, 0), rttMillis, false, false);
    }

    private static Host sized(String model, int node, int outstanding, long sizeBytes) {
        var served = new Served(
                new ModelRef(model),
                Phase.READY,
                4,
                outstanding,
                0,
                List.of(),
                8_192,
                sizeBytes,
                List.of(Skill.CHAT),
                false,
                List.of());
        return new Host(id(node), served, 5, false, false);
    }

    private static Served embedder(String model) {
        return new Served(
                new ModelRef(model),
                Phase.READY,
                4,
                0,
                0,
                List.of(),
                8_192,
                99,
                List.of(Skill.EMBED),
                false,
                List.of());
    }

    private static Served served(ModelRef model, Phase phase, int outstanding, long milliTokensPerSecond) {
        return new Served(
                model,
                phase,
                4,
                outstanding,
                milliTokensPerSecond,
                List.of(),
                8_192,
                1,
                List.of(Skill.CHAT),
                false,
                List.of());
    }

    private static Ask ask() {
        return Ask.of("small");
    }

    private static Ask hinted(Optional<NodeId> target, List<NodeId> exclude) {
        return new Ask("small", List.of(), 0, 0, target, exclude, List.of());
    }

    private static List<Rejected> rejected(int node, RouteReason reason) {
        return List.of(new Rejected(id(node), MODEL, reason, 0));
    }
}
