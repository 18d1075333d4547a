package mesh.core.route;

import static mesh.core.member.Profiles.id;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import mesh.core.Props;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Profile.Phase;
import mesh.core.member.Profile.Served;
import mesh.core.member.Profile.Skill;
import mesh.core.route.Choice.Chosen;
import mesh.core.route.Choice.Rejected;
import mesh.core.route.Routes.Ending;
import mesh.core.route.Standing.Admission;
import org.junit.jupiter.api.Test;

/** What holds of every choice, whatever the hosts and the request. */
class RouteProperties {
    private static final int CASES = 3_000;
    private static final NodeId SELF = id(50);

    @Test
    void orderOfTheHostsNeverMatters() {
        Props.forAll(CASES, random -> {
            var hosts = hosts(random);
            var ask = ask(random);
            var standings = standings(hosts, random);
            var shuffled = new ArrayList<>(hosts);
            Collections.shuffle(shuffled, random);

            assertThat(choose(shuffled, ask, standings)).isEqualTo(choose(hosts, ask, standings));
        });
    }

    @Test
    void chosenHostMayAnswer() {
        Props.forAll(CASES, random -> {
            var hosts = hosts(random);
            var ask = ask(random);
            var standings = standings(hosts, random);

            if (choose(hosts, ask, standings) instanceof Chosen chosen) {
                Served served = chosen.host().served();
                assertThat(served.phase()).isEqualTo(Phase.READY);
                assertThat(served.skills()).containsAll(ask.skills());
                assertThat(served.ctxTokens()).isGreaterThanOrEqualTo(ask.promptTokens());
                assertThat(ask.tried()).doesNotContain(chosen.host().node());
                assertThat(ask.exclude()).doesNotContain(chosen.host().node());
                assertThat(ask.target().orElse(chosen.host().node()))
                        .isEqualTo(chosen.host().node());
                assertThat(standings.getOrDefault(chosen.host(), Standing.CLEAN).admission())
                        .isIn(Admission.ADMITTED, Admission.PROBE);
                if (!ask.model().equals(Ask.AUTO)) assertThat(chosen.model()).isEqualTo(new ModelRef(ask.model()));
            }
        });
    }

    @Test
    void everyOtherHostOfTheModelIsRejectedWithAReason() {
        Props.forAll(CASES, random -> {
            var hosts = hosts(random);
            var ask = ask(random);

            if (choose(hosts, ask, standings(hosts, random)) instanceof Chosen chosen) {
                var named = new ArrayList<Target>();
                named.add(Target.of(chosen.host()));
                for (Rejected one : chosen.rejected()) named.add(new Target(one.node(), one.model()));
                var expected = hosts.stream()
                        .map(Target::of)
                        .filter(t ->
                                ask.model().equals(Ask.AUTO) || t.model().name().equals(ask.model()))
                        .toList();
                assertThat(named).containsExactlyInAnyOrderElementsOf(expected);
            }
        });
    }

    @Test
    void rejectedHostMakesNoDifference() {
        Props.forAll(CASES, random -> {
            var hosts = hosts(random);
            var ask = ask(random);
            // Between models it may: auto weighs each model by its best host.
            if (ask.model().equals(Ask.AUTO)) return;
            var standings = standings(hosts, random);

            if (choose(hosts, ask, standings) instanceof Chosen chosen)
                for (Rejected loser : chosen.rejected()) {
                    var fewer = new ArrayList<>(hosts);
                    fewer.removeIf(
                            h -> h.node().equals(loser.node()) && h.model().equals(loser.model()));
                    assertThat(((Chosen) choose(fewer, ask, standings)).host()).isEqualTo(chosen.host());
                }
        });
    }

    @Test
    void everythingInFlightEndsAndThenNothingIsOutstanding() {
        Props.forAll(300, random -> {
            var routes = new Routes();
            var hosts = hosts(random);
            var table = RouteTable.of(SELF, hosts, new LinkedHashMap<>());
            var open = new ArrayList<Chosen>();
            var endings = Ending.values();
            long now = 0;
            for (int i = 0; i < 200; i++) {
                now += random.nextInt(2_000);
                if (random.nextBoolean() && routes.choose(table, Ask.of("a"), now) instanceof Chosen chosen)
                    open.add(chosen);
                else if (!open.isEmpty())
                    routes.ended(
                            open.remove(random.nextInt(open.size())),
                            Ask.of("a"),
                            endings[random.nextInt(endings.length)],
                            now);
            }
            for (Chosen chosen : open) routes.ended(chosen, Ask.of("a"), Ending.NEUTRAL, now);

            Choice after = routes.preview(table, Ask.of("a"), now + Breaker.WINDOW_MILLIS);
            var fresh = new Routes().preview(table, Ask.of("a"), 0);
            if (after instanceof Chosen a && fresh instanceof Chosen f && a.reason() != RouteReason.PROBE)
                assertThat(a.costMicros()).isEqualTo(f.costMicros());
        });
    }

    private static Choice choose(List<Host> hosts, Ask ask, Map<Host, Standing> standings) {
        var table = RouteTable.of(SELF, hosts, new LinkedHashMap<>());
        return RoutePolicy.choose(table, ask, host -> standings.getOrDefault(host, Standing.CLEAN), Optional.empty());
    }

    private static Map<Host, Standing> standings(List<Host> hosts, Random random) {
        var standings = new LinkedHashMap<Host, Standing>();
        var admissions = Admission.values();
        for (Host host : hosts) {
            Admission admission =
                    random.nextInt(3) > 0 ? Admission.ADMITTED : admissions[random.nextInt(admissions.length)];
            standings.put(host, new Standing(random.nextInt(6), admission, random.nextInt(15_000)));
        }
        return standings;
    }

    private static Ask ask(Random random) {
        var models = List.of("a", "b", Ask.AUTO);
        List<Skill> skills = random.nextInt(4) > 0 ? List.of() : List.of(Skill.CHAT, Skill.VISION);
        Optional<NodeId> target = random.nextInt(5) > 0 ? Optional.empty() : Optional.of(id(random.nextInt(6)));
        List<NodeId> exclude = random.nextInt(3) > 0 ? List.of() : List.of(id(random.nextInt(6)));
        List<NodeId> tried = random.nextInt(3) > 0 ? List.of() : List.of(id(random.nextInt(6)));
        int tokens = random.nextInt(3) > 0 ? 0 : random.nextInt(20_000);
        return new Ask(models.get(random.nextInt(3)), skills, 0, tokens, target, exclude, tried);
    }

    /** Up to six nodes with two models between them, in every state. */
    private static List<Host> hosts(Random random) {
        var hosts = new ArrayList<Host>();
        for (int n = 0; n < 6; n++)
            for (String model : List.of("a", "b")) if (random.nextInt(3) > 0) hosts.add(host(random, n, model));
        return hosts;
    }

    private static Host host(Random random, int node, String model) {
        var phases = Phase.values();
        Phase phase = random.nextInt(4) > 0 ? Phase.READY : phases[random.nextInt(phases.length)];
        List<Skill> skills = random.nextInt(3) > 0 ? List.of(Skill.CHAT, Skill.VISION) : List.of(Skill.CHAT);
        var served = new Served(
                new ModelRef(model),
                phase,
                1 + random.nextInt(4),
                random.nextInt(12),
                random.nextInt(3) * 25_000L,
                List.of(),
                4_096 << random.nextInt(4),
                random.nextInt(3),
                skills,
                false,
                List.of());
        return new Host(id(node), served, random.nextInt(100) - 1, false, random.nextInt(6) == 0);
    }
}
