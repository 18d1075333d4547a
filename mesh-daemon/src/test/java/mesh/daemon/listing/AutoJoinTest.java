package mesh.daemon.listing;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import mesh.core.id.MeshId;
import mesh.core.id.Role;
import mesh.core.listing.Candidate.Probe;
import mesh.core.listing.Wish;
import mesh.daemon.loop.Finder;
import org.junit.jupiter.api.Test;

/** Which of the meshes that were found are tried, in which order, as what, and what becomes of whoever finds none. */
class AutoJoinTest {
    private final Found slow = found(new Probe.Failed("timed_out"));
    private final Found near = found(new Probe.Answered(1));
    private final Found gone = found(new Probe.Failed("unreachable"));
    private final Found unasked = found(new Probe.Untried());

    @Test
    void triesThoseThatAnsweredAndThoseThatMayYetInTheOrderOfTheirRank() throws Exception {
        var auto = new AutoJoin(always(near, gone, unasked, slow), wish("", false), Duration.ZERO);

        assertThat(auto.ways(Optional.empty()))
                .extracting(way -> way.invite().mesh())
                .containsExactly(mesh(near), mesh(slow));
        assertThat(auto.patience()).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(30));
    }

    @Test
    void comesInAsWhatItIs() throws Exception {
        Finder client = new AutoJoin(always(near), wish("", true), Duration.ZERO);
        Finder server = new AutoJoin(always(near), wish("", false), Duration.ZERO);

        assertThat(client.ways(Optional.empty()))
                .extracting(way -> way.invite().terms().role())
                .containsExactly(Role.CLIENT);
        assertThat(server.ways(Optional.empty()))
                .extracting(way -> way.invite().terms().role())
                .containsExactly(Role.SERVE);
    }

    @Test
    void listingOfOnesOwnLonelyMeshIsNoWay() throws Exception {
        var auto = new AutoJoin(always(near), wish("", false), Duration.ZERO);

        assertThat(auto.ways(Optional.of(mesh(near)))).isEmpty();
    }

    @Test
    void whoeverBringsModelsMayFoundAMeshAndOthersEndWithTheReason() throws Exception {
        var server = new AutoJoin(always(), wish("", false), Duration.ZERO);
        var client = new AutoJoin(always(), wish("", true), Duration.ZERO);
        var named = new AutoJoin(always(), wish("Sydney Lab", false), Duration.ZERO);
        for (AutoJoin each : List.of(server, client, named))
            assertThat(each.ways(Optional.empty())).isEmpty();

        assertThat(server.unanswered()).isEmpty();
        assertThat(client.unanswered().orElseThrow().code()).isEqualTo("mesh_not_found");
        assertThat(named.unanswered().orElseThrow().message()).contains("Sydney Lab", "no relay answered");
    }

    @Test
    void whoeverWouldListAMeshLooksAgainForOneThatBeganAtTheSameMoment() throws Exception {
        var looks = new ArrayList<Wish>();
        AutoJoin.Look late = (wish, probes) -> {
            looks.add(wish);
            return outcome(looks.size() == 1 ? List.of() : List.of(near));
        };
        var publisher = new AutoJoin(late, wish("", false), Duration.ofMillis(20));

        assertThat(publisher.ways(Optional.empty()))
                .extracting(way -> way.invite().mesh())
                .containsExactly(mesh(near));
        assertThat(looks).hasSize(2);

        looks.clear();
        assertThat(new AutoJoin(late, wish("", true), Duration.ofMillis(20)).ways(Optional.empty()))
                .as("a client founds nothing, so it need not wait")
                .isEmpty();
    }

    private static AutoJoin.Look always(Found... found) {
        return (wish, probes) -> outcome(List.of(found));
    }

    private static Discovery.Outcome outcome(List<Found> found) {
        return new Discovery.Outcome(found, found.size(), Map.of(), Map.of());
    }

    private static Wish wish(String name, boolean asClient) {
        return new Wish(name, "", "", 0, List.of(), asClient, Optional.empty());
    }

    private static MeshId mesh(Found found) {
        return found.candidate().listing().mesh();
    }

    private static Found found(Probe probe) {
        var mesh = new TestMesh();
        var verifier = new ListingVerifier(Set.of(), TestMesh.WORK_BITS);
        var verdict = verifier.check(mesh.listed(mesh.listing("a")), true, mesh.nowSeconds);
        return ((ListingVerifier.Verdict.Good) verdict).found().probed(probe);
    }
}
