package mesh.core.elect;

import static mesh.core.member.Profiles.GB;
import static mesh.core.member.Profiles.id;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import mesh.core.Props;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Profile;
import mesh.core.member.Profile.Engine;
import mesh.core.member.Profile.Link;
import mesh.core.member.Profile.OnDisk;
import mesh.core.member.Profile.Phase;
import mesh.core.member.Profile.Role;
import mesh.core.member.Profile.Served;
import mesh.core.member.Profiles;
import org.junit.jupiter.api.Test;

/** What holds of every election, whoever takes part and whatever they say. */
class ElectionProperties {
    private static final ModelRef MODEL = new ModelRef("m");
    private static final int CASES = 2_000;

    private final Election election = new Election(SplitLimits.DEFAULT);

    @Test
    void orderOfTheViewNeverMatters() {
        Props.forAll(CASES, random -> {
            var view = mesh(random);

            var shuffled = Props.shuffled(view, random);

            assertThat(election.explain(MODEL, shuffled)).isEqualTo(election.explain(MODEL, view));
        });
    }

    @Test
    void explanationIsTheDecision() {
        Props.forAll(CASES, random -> {
            var view = mesh(random);

            Explanation told = election.explain(MODEL, view);

            assertThat(told.outcome()).isEqualTo(election.decide(MODEL, view));
            assertThat(told.considered()).hasSameSizeAs(view.keySet());
        });
    }

    @Test
    void modelThatFitsIsNotSplitUnlessForced() {
        Props.forAll(CASES, random -> {
            var view = mesh(random);
            boolean forced = view.values().stream()
                    .anyMatch(p -> p.splits() && p.assigned().stream().anyMatch(Profile.Assigned::split));
            boolean runs = view.values().stream()
                    .anyMatch(
                            p -> p.served().stream().anyMatch(s -> !s.workers().isEmpty()));

            boolean solo = Member.group(MODEL, view).stream()
                    .anyMatch(m -> m.soloFault().isEmpty());

            if (solo && !forced && !runs)
                assertThat(election.decide(MODEL, view)).isInstanceOf(Outcome.Solo.class);
        });
    }

    @Test
    void everySoloHostFitsAndHasTheFile() {
        Props.forAll(CASES, random -> {
            var view = mesh(random);

            if (election.decide(MODEL, view) instanceof Outcome.Solo(var hosts))
                assertThat(hosts).isNotEmpty().isSorted().allSatisfy(host -> {
                    Profile profile = of(view, host);
                    long need = Need.of(profile.onDisk().getFirst()).bytes();
                    assertThat(profile.assigned().getFirst().budgetBytes() * 106)
                            .isGreaterThanOrEqualTo(need * 100);
                    assertThat(profile.role()).isNotEqualTo(Role.CLIENT);
                });
        });
    }

    @Test
    void sharesCoverTheModelAndEveryMemberHoldsSome() {
        Props.forAll(CASES, random -> {
            var view = mesh(random);

            if (election.decide(MODEL, view) instanceof Outcome.Split split) {
                int units = Need.of(of(view, split.host()).onDisk().getFirst()).units();
                assertThat(split.shares()).hasSize(split.workers().size() + 1).allMatch(share -> share >= 1);
                assertThat(split.shares().stream().mapToInt(share -> share).sum())
                        .isEqualTo(units);
                assertThat(split.workers())
                        .isNotEmpty()
                        .doesNotHaveDuplicates()
                        .doesNotContain(split.host())
                        .hasSizeLessThanOrEqualTo(Served.WORKERS_MAX);
            }
        });
    }

    @Test
    void nobodyIsGivenMoreThanItsMemoryUnlessTheOperatorSaysSo() {
        Props.forAll(CASES, random -> {
            var view = mesh(random);

            Explanation told = election.explain(MODEL, view);

            if (told.outcome() instanceof Outcome.Split && !told.obeysRatios())
                assertThat(told.considered())
                        .allSatisfy(row ->
                                assertThat(row.shareBytes()).isLessThanOrEqualTo(Member.withSlack(row.budgetBytes())));
        });
    }

    @Test
    void workersMaySplitSpeakTheProtocolAndAreNear() {
        Props.forAll(CASES, random -> {
            var view = mesh(random);

            if (election.decide(MODEL, view) instanceof Outcome.Split split)
                assertThat(split.workers()).allSatisfy(worker -> {
                    Profile profile = of(view, worker);
                    Engine hostEngine = of(view, split.host()).engine();
                    assertThat(profile.splits()).isTrue();
                    assertThat(profile.role()).isNotEqualTo(Role.CLIENT);
                    assertThat(profile.engine().rpcMajor()).isEqualTo(hostEngine.rpcMajor());
                    assertThat(profile.engine().rpcMinor()).isLessThanOrEqualTo(hostEngine.rpcMinor());
                    assertThat(rtt(view, split.host(), worker)).isLessThanOrEqualTo(100);
                });
        });
    }

    @Test
    void unusedCandidateMakesNoDifference() {
        Props.forAll(CASES, random -> {
            var view = mesh(random);
            Explanation told = election.explain(MODEL, view);
            if (told.outcome() instanceof Outcome.Waiting || told.outcome() instanceof Outcome.Refused) return;

            for (NodeId unused : unused(told, view)) {
                var fewer = new TreeMap<>(view);
                fewer.remove(unused);
                assertThat(election.decide(MODEL, fewer)).isEqualTo(told.outcome());
            }
        });
    }

    @Test
    void noWorkerOfAFreshSplitIsNeedless() {
        Props.forAll(CASES, random -> {
            var view = mesh(random);
            view.replaceAll((id, profile) -> idle(profile));

            Explanation told = election.explain(MODEL, view);

            if (told.outcome() instanceof Outcome.Split split && told.forcedBy().isEmpty() && !told.obeysRatios()) {
                Need need = told.need();
                long held = units(view, split.host(), need);
                for (NodeId worker : split.workers()) held += units(view, worker, need);
                for (NodeId worker : split.workers())
                    if (split.workers().size() > 1)
                        assertThat(held - units(view, worker, need)).isLessThan(need.units());
            }
        });
    }

    @Test
    void whatWasStartedGoesOn() {
        Props.forAll(CASES, random -> {
            var view = mesh(random);
            Outcome first = election.decide(MODEL, view);

            var started = started(view, first, Phase.LOADING);
            var ready = started(view, first, Phase.READY);

            assertThat(election.decide(MODEL, started)).isEqualTo(first);
            Outcome then = election.decide(MODEL, ready);
            boolean handsOver =
                    first instanceof Outcome.Split split && !split.alone().isEmpty();
            if (!handsOver) assertThat(then).isEqualTo(first);
        });
    }

    @Test
    void jitterOfMemoryAndDistanceRestartsNothing() {
        Props.forAll(CASES, random -> {
            var view = mesh(random);
            view.replaceAll((id, profile) -> idle(profile));
            Outcome first = election.decide(MODEL, view);
            if (!(first instanceof Outcome.Split)) return;
            var running = started(view, first, Phase.READY);

            running.replaceAll((id, profile) -> shaken(profile, random));

            assertThat(election.decide(MODEL, running)).isEqualTo(first);
        });
    }

    @Test
    void arrivalsAfterTheStartSettleWithinThreeRounds() {
        Props.forAll(CASES, random -> {
            var view = mesh(random);
            var seen = new ArrayList<Outcome>();
            for (int round = 0; round < 4; round++) {
                Outcome outcome = election.decide(MODEL, view);
                seen.add(outcome);
                view = started(view, outcome, Phase.READY);
            }

            assertThat(seen.get(3)).isEqualTo(seen.get(2));
        });
    }

    /** Neither taken, nor asking for the split, nor part of a split that runs: what runs is an input. */
    private static List<NodeId> unused(Explanation told, Map<NodeId, Profile> view) {
        var unused = new ArrayList<NodeId>();
        for (var row : told.considered()) if (row.verdict() == Explanation.Verdict.PASSED_OVER) unused.add(row.node());
        unused.removeAll(told.forcedBy());
        for (Profile profile : view.values()) for (Served served : profile.served()) unused.removeAll(served.workers());
        return unused;
    }

    private static Profile of(Map<NodeId, Profile> view, NodeId node) {
        return Optional.ofNullable(view.get(node)).orElseThrow();
    }

    private static long units(Map<NodeId, Profile> view, NodeId node, Need need) {
        return of(view, node).assigned().getFirst().budgetBytes() / need.unitBytes();
    }

    private static int rtt(Map<NodeId, Profile> view, NodeId a, NodeId b) {
        int ab = of(view, a).links().stream()
                .filter(link -> link.peer().equals(b))
                .mapToInt(Link::rttMillis)
                .findFirst()
                .orElse(0);
        int ba = of(view, b).links().stream()
                .filter(link -> link.peer().equals(a))
                .mapToInt(Link::rttMillis)
                .findFirst()
                .orElse(0);
        return Math.max(ab, ba);
    }

    /** The mesh after everyone did its part of {@code outcome} and announced it. */
    private static SortedMap<NodeId, Profile> started(Map<NodeId, Profile> view, Outcome outcome, Phase phase) {
        var after = new TreeMap<NodeId, Profile>();
        view.forEach((id, profile) -> after.put(
                id,
                switch (outcome.part(id)) {
                    case Part.Alone() -> serving(profile, List.of(), List.of(), phase);
                    case Part.Host(var workers, var shares) -> serving(profile, workers, shares, phase);
                    case Part.Lend(var host) -> idle(profile);
                    case Part.Idle(var reason) -> idle(profile);
                }));
        return after;
    }

    private static Profile serving(Profile profile, List<NodeId> workers, List<Integer> shares, Phase phase) {
        var copy = copy(profile);
        copy.served.clear();
        return copy.serves(MODEL, phase, workers, shares).build();
    }

    private static Profile idle(Profile profile) {
        var copy = copy(profile);
        copy.served.removeIf(s -> s.phase() != Phase.FAILED && s.phase() != Phase.DRAINING);
        return copy.build();
    }

    private static Profile shaken(Profile profile, Random random) {
        var copy = copy(profile);
        copy.assigned.replaceAll(a -> new Profile.Assigned(
                a.model(), a.budgetBytes() - a.budgetBytes() * random.nextInt(4) / 100, a.split(), a.tensorSplit()));
        copy.links.replaceAll(link ->
                new Link(link.peer(), link.rttMillis() + random.nextInt(1 + link.rttMillis() / 5)));
        return copy.build();
    }

    private static Profiles copy(Profile profile) {
        var copy = Profiles.of(profile.usableBytes());
        copy.role = profile.role();
        copy.bandwidth = profile.bandwidthBytesPerSecond();
        copy.engine = profile.engine();
        copy.splits = profile.splits();
        copy.served.addAll(profile.served());
        copy.onDisk.addAll(profile.onDisk());
        copy.assigned.addAll(profile.assigned());
        copy.links.addAll(profile.links());
        return copy;
    }

    /** Two to nine nodes around the size of the model, most of them able, with whatever they might announce. */
    private static SortedMap<NodeId, Profile> mesh(Random random) {
        int nodes = 2 + random.nextInt(8);
        int layers = random.nextInt(8) == 0 ? 0 : 1 + random.nextInt(90);
        long need = (10 + random.nextInt(60)) * GB;
        boolean forcing = random.nextInt(4) == 0;
        var view = new TreeMap<NodeId, Profile>();
        for (int n = 0; n < nodes; n++) view.put(id(n), node(random, nodes, n, need, layers, forcing));
        return view;
    }

    private static Profile node(Random random, int nodes, int n, long need, int layers, boolean forcing) {
        int giant = random.nextInt(8) == 0 ? 20 : 1;
        var profile = Profiles.of(need * giant * (10 + random.nextInt(100)) / 100);
        if (random.nextInt(12) == 0) profile.role = Role.CLIENT;
        if (random.nextInt(10) == 0) profile.splits = false;
        if (random.nextInt(8) == 0) profile.engine = new Engine("x", 7 + random.nextInt(2), random.nextInt(2), 0);
        if (random.nextInt(3) > 0) profile.bandwidth = (50 + random.nextInt(900)) * GB;
        if (random.nextInt(5) > 0)
            profile.onDisk.add(
                    new OnDisk(MODEL, need * 10 / 11, random.nextInt(6) == 0 ? 0 : need, need / 20, layers, 0));
        if (random.nextInt(10) > 0) {
            if (forcing && random.nextInt(3) == 0) profile.forced(MODEL, ratios(random));
            else profile.assigned(MODEL);
        }
        for (int peer = 0; peer < nodes; peer++)
            if (peer != n && random.nextInt(3) > 0) profile.link(id(peer), 1 + random.nextInt(110));
        served(random, nodes, layers).ifPresent(profile.served::add);
        return profile.build();
    }

    private static Integer[] ratios(Random random) {
        if (random.nextBoolean()) return new Integer[0];
        var ratios = new Integer[1 + random.nextInt(3)];
        for (int i = 0; i < ratios.length; i++) ratios[i] = random.nextInt(1_000);
        return ratios;
    }

    /** Sometimes what an honest host would say, sometimes nonsense. */
    private static Optional<Served> served(Random random, int nodes, int layers) {
        if (random.nextInt(4) > 0) return Optional.empty();
        Phase phase = Phase.values()[random.nextInt(Phase.values().length)];
        var workers = new ArrayList<NodeId>();
        var shares = new ArrayList<Integer>();
        if (random.nextBoolean()) {
            workers.add(id(random.nextInt(nodes)));
            int units = layers == 0 ? 100 : layers + 1;
            int share = random.nextInt(units + 1);
            shares.add(units - share);
            shares.add(share);
        }
        var profile = Profiles.of(0).serves(MODEL, phase, workers, shares);
        return Optional.of(profile.served.getFirst());
    }
}
