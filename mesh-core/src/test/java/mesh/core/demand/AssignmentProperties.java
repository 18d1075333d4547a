package mesh.core.demand;

import static mesh.core.member.Profiles.GB;
import static mesh.core.member.Profiles.id;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import mesh.core.Props;
import mesh.core.demand.Task.Serve;
import mesh.core.elect.Election;
import mesh.core.elect.SplitLimits;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Profile;
import mesh.core.member.Profile.Assigned;
import mesh.core.member.Profile.Role;
import mesh.core.member.Profiles;
import org.junit.jupiter.api.Test;

/** What holds of idle nodes, however many come at once and whatever they hold. */
class AssignmentProperties {
    private static final int CASES = 1_000;
    private static final List<ModelRef> MODELS =
            List.of(new ModelRef("a"), new ModelRef("b"), new ModelRef("c"), new ModelRef("d"));

    private final Assignment assignment = new Assignment(new Election(SplitLimits.DEFAULT));

    @Test
    void orderOfTheViewNeverMatters() {
        Props.forAll(CASES, random -> {
            var view = mesh(random);

            for (NodeId joiner : joiners(view))
                assertThat(assignment.joining(joiner, Props.shuffled(view, random), Set.of()))
                        .isEqualTo(assignment.joining(joiner, view, Set.of()));
        });
    }

    @Test
    void whatIsTakenUpFitsOrCompletesASplit() {
        Props.forAll(CASES, random -> {
            var view = mesh(random);

            for (NodeId joiner : joiners(view))
                if (assignment.joining(joiner, view, Set.of()) instanceof Serve serve
                        && serve.reason() != AssignReason.COMPLETES_SPLIT)
                    assertThat(needBytes(serve.model())).isLessThanOrEqualTo(usable(view, joiner));
        });
    }

    @Test
    void unservedModelIsTakenOnceAndBeforeAnyOther() {
        Props.forAll(CASES, random -> {
            var view = mesh(random);
            var unserved = new ArrayList<ModelRef>();
            for (Supply supply : Supply.of(view).values())
                if (supply.isWanted() && supply.servers() == 0) unserved.add(supply.model());

            for (NodeId joiner : joiners(view)) {
                boolean hasOne = profile(view, joiner).onDisk().stream()
                        .anyMatch(file -> unserved.contains(file.model()) && file.needBytes() <= usable(view, joiner));
                Task task = assignment.joining(joiner, view, Set.of());
                assertThat(task.reason() == AssignReason.WANTED_ON_DISK).isEqualTo(hasOne);
                boolean isFirst = hasOne || task.reason() == AssignReason.WANTED_TO_FETCH;
                if (isFirst) assertThat(unserved.remove(((Serve) task).model())).isTrue();
            }
        });
    }

    @Test
    void standbysComeToRest() {
        Props.forAll(200, random -> {
            var view = mesh(random);
            var standbys = new TreeMap<NodeId, Standby>();
            for (NodeId joiner : joiners(view)) standbys.put(joiner, new Standby(assignment));

            long lastMillis = 0;
            for (long now = 0; now <= 120_000; now += 1_000) {
                var seen = new TreeMap<>(view);
                for (var entry : standbys.entrySet()) {
                    Profile profile = profile(seen, entry.getKey());
                    if (!profile.assigned().isEmpty()) continue;
                    var serve = entry.getValue().observe(entry.getKey(), seen, Set.of(), now);
                    if (serve.isEmpty()) continue;
                    lastMillis = now;
                    view.put(entry.getKey(), serving(profile, serve.get().model()));
                }
            }

            assertThat(lastMillis).isLessThan(60_000);
        });
    }

    private static Profile profile(Map<NodeId, Profile> view, NodeId node) {
        return Optional.ofNullable(view.get(node)).orElseThrow();
    }

    private static Profile serving(Profile profile, ModelRef model) {
        return profile.withAssigned(List.of(new Assigned(model, profile.usableBytes(), false, List.of())));
    }

    private static List<NodeId> joiners(Map<NodeId, Profile> view) {
        return view.entrySet().stream()
                .filter(entry -> entry.getValue().role() == Role.STANDBY)
                .map(Map.Entry::getKey)
                .toList();
    }

    private static long usable(Map<NodeId, Profile> view, NodeId node) {
        return profile(view, node).usableBytes();
    }

    private static long needBytes(ModelRef model) {
        return (5 + 10L * MODELS.indexOf(model)) * GB;
    }

    /** A seeder that wants some models, a few servers, and one to six nodes that come without one. */
    private static SortedMap<NodeId, Profile> mesh(Random random) {
        var view = new TreeMap<NodeId, Profile>();
        var seeder = Profiles.of(GB);
        for (ModelRef model : MODELS)
            if (random.nextBoolean()) seeder.wants(model, random.nextBoolean() ? "hub/" + model : "", needBytes(model));
        view.put(id(random.nextInt(100)), seeder.build());
        for (int n = random.nextInt(3); n > 0; n--) {
            ModelRef model = MODELS.get(random.nextInt(MODELS.size()));
            var server = Profiles.of((5 + random.nextInt(40)) * GB);
            server.holds(model, needBytes(model), 30).assigned(model).asked(model, random.nextInt(40));
            view.put(id(100 + random.nextInt(100)), server.build());
        }
        for (int n = 1 + random.nextInt(6); n > 0; n--) {
            var joiner = Profiles.of((5 + random.nextInt(40)) * GB);
            joiner.role = Role.STANDBY;
            joiner.fetchBytes = random.nextInt(3) * 20L * GB;
            for (ModelRef model : MODELS) if (random.nextBoolean()) joiner.holds(model, needBytes(model), 30);
            view.put(id(200 + random.nextInt(100)), joiner.build());
        }
        return view;
    }
}
