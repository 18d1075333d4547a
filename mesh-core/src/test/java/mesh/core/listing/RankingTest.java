package mesh.core.listing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import mesh.core.id.MeshId;
import mesh.core.id.NodeId;
import org.junit.jupiter.api.Test;

/** What a seeker knows and measured itself outweighs whatever a listing claims. */
class RankingTest {
    private static final NodeId SEEKER = id(99);

    @Test
    void wishFiltersByModelRegionMemoryNameAndRoom() {
        Listing lab = listing(1, "Sydney Lab", "AU", List.of("demo"), 50L << 30, 1, 0, 5);

        assertThat(wish("", "DEMO", "au", 50L << 30).isMetBy(lab)).isTrue();
        assertThat(wish("sydney lab", "", "", 0).isMetBy(lab)).isTrue();
        assertThat(wish("", "other", "", 0).isMetBy(lab)).isFalse();
        assertThat(wish("", "", "NZ", 0).isMetBy(lab)).isFalse();
        assertThat(wish("", "", "", 51L << 30).isMetBy(lab)).isFalse();
        assertThat(wish("", "", "", 0).isMetBy(listing(1, "", "", List.of(), 0, 1, 5, 5)))
                .isFalse();
    }

    @Test
    void trustAndAnsweringOutweighEveryClaim() {
        Candidate boastful = candidate(1, 64, false, new Candidate.Probe.Untried());
        Candidate trusted = candidate(2, 1, true, new Candidate.Probe.Untried());
        Candidate dead = candidate(3, 64, true, new Candidate.Probe.Failed("timed_out"));

        assertThat(order(List.of(dead, boastful, trusted))).containsExactly(trusted, boastful, dead);
    }

    @Test
    void whoeverWasNotAskedStandsBehindWhoeverAnsweredHoweverLate() {
        Candidate late = candidate(1, 1, false, new Candidate.Probe.Answered(2_900));
        Candidate boast = candidate(7, Integer.MAX_VALUE, false, new Candidate.Probe.Untried());
        var wish = new Wish("", "", "", 0, List.of("m7"), false, Optional.empty());

        assertThat(Ranking.order(List.of(boast, late), wish, 0, SEEKER)).containsExactly(late, boast);
    }

    @Test
    void nearerIsBetterAndSoIsTheMeshOfLastTime() {
        Candidate far = candidate(1, 4, false, new Candidate.Probe.Answered(300));
        Candidate near = candidate(2, 4, false, new Candidate.Probe.Answered(3));
        var returning = new Wish(
                "", "", "", 0, List.of(), false, Optional.of(far.listing().mesh()));

        assertThat(order(List.of(far, near))).containsExactly(near, far);
        assertThat(Ranking.order(List.of(far, near), returning, 0, SEEKER)).containsExactly(far, near);
    }

    @Test
    void severalWaysIntoOneMeshAreOneEntryTheBestOne() {
        Candidate dead = candidate(1, 4, false, new Candidate.Probe.Failed("timed_out"));
        Candidate alive = new Candidate(dead.listing(), "b", false, 0, new Candidate.Probe.Answered(1));

        assertThat(order(List.of(dead, alive))).containsExactly(alive);
    }

    @Test
    void tenThousandBoastsLeaveTheRightMeshOnTop() {
        var random = new Random(7);
        var all = new ArrayList<Candidate>();
        for (int i = 0; i < 10_000; i++) all.add(candidate(1_000 + i, 1 << 20, false, new Candidate.Probe.Untried()));
        Candidate right = candidate(7, 3, false, new Candidate.Probe.Answered(20));
        all.add(random.nextInt(all.size()), right);
        var wish = new Wish("", "", "", 0, List.of("m7"), false, Optional.empty());

        assertThat(Ranking.order(all, wish, 0, SEEKER).getFirst()).isEqualTo(right);
    }

    @Test
    void equalMeshesAreTriedInAnotherOrderByAnotherSeeker() {
        var equal = new ArrayList<Candidate>();
        for (int i = 0; i < 8; i++) equal.add(candidate(i, 4, false, new Candidate.Probe.Untried()));
        var firsts = new TreeSet<String>();

        for (int seeker = 0; seeker < 50; seeker++)
            firsts.add(Ranking.order(equal, Wish.ANY, 0, id(seeker)).getFirst().author());

        assertThat(firsts).hasSizeGreaterThan(3);
    }

    private static List<Candidate> order(List<Candidate> candidates) {
        return Ranking.order(candidates, Wish.ANY, 0, SEEKER);
    }

    private static Candidate candidate(int number, int nodes, boolean isTrusted, Candidate.Probe probe) {
        Listing listing = listing(number, "", "", List.of("m" + number), 1L << 30, nodes, 0, 0);
        return new Candidate(listing, "author" + number, isTrusted, 0, probe);
    }

    private static Wish wish(String name, String model, String region, long memoryBytes) {
        return new Wish(name, model, region, memoryBytes, List.of(), false, Optional.empty());
    }

    private static Listing listing(
            int number,
            String name,
            String region,
            List<String> serving,
            long memoryBytes,
            int nodes,
            int clients,
            int clientsMax) {
        return new Listing(
                new MeshId(id(number)),
                name,
                region,
                serving,
                serving.size(),
                List.of(),
                List.of(),
                memoryBytes,
                nodes,
                clients,
                clientsMax,
                Listing.PROTOCOL,
                new Listing.Entry(id(number), "", "", ""));
    }

    private static NodeId id(int number) {
        byte[] key = new byte[NodeId.BYTES];
        for (int i = 0; i < 4; i++) key[i] = (byte) (number >>> (8 * i));
        return NodeId.of(key);
    }
}
