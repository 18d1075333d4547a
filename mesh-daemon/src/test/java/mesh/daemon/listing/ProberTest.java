package mesh.daemon.listing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import mesh.core.listing.Candidate.Probe;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A flood of listings makes no scanner and no battering ram of whoever reads it. */
class ProberTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1:1",
                "10.0.0.1:1",
                "192.168.1.1:1",
                "172.16.0.1:1",
                "169.254.1.1:1",
                "100.64.0.1:1",
                "0.0.0.0:1",
                "224.0.0.1:1",
                "[::1]:1",
                "[fe80::1]:1",
                "[fd00::1]:1",
                "[ff02::1]:1",
                "localhost:1",
            })
    void whatAnOpenRelaySaysIsNeverDialledOnPrivateAddresses(String address) {
        assertThat(at(address, false).addresses()).isEmpty();
        assertThat(chosen(List.of(at(address, false)))).isEmpty();
    }

    @Test
    void relayOfOurOwnNetworkMayNameOurOwnNetwork() {
        assertThat(at("192.168.1.1:1", true).addresses()).hasSize(1);
        assertThat(chosen(List.of(at("127.0.0.1:1", true), at("127.0.0.1:2", true))))
                .hasSize(2);
    }

    @Test
    void oneVictimNamedByAThousandIsKnockedAtOnce() {
        var listings = new ArrayList<Found>();
        for (int i = 0; i < 1_000; i++) listings.add(at("93.184.216.34:" + (1_000 + i), false));

        assertThat(chosen(listings)).hasSize(1);
    }

    @Test
    void oneNetworkIsKnockedAtTwiceAndAllTogetherEightTimes() {
        var neighbours = new ArrayList<Found>();
        var scattered = new ArrayList<Found>();
        for (int i = 1; i < 20; i++) {
            neighbours.add(at("93.184.216." + i + ":1", false));
            scattered.add(at("93.184." + i + ".1:1", false));
        }

        assertThat(chosen(neighbours)).hasSize(2);
        assertThat(chosen(scattered)).hasSize(Prober.PROBES_MAX);
    }

    @Test
    void nodeThatIsNotThereFailsItsProbeAndTheOrderStays() throws Exception {
        List<Found> inOrder = List.of(at("127.0.0.1:9", true), at("127.0.0.1:10", true));

        List<Found> probed;
        try (var prober = new Prober(300)) {
            probed = prober.probed(inOrder);
        }

        assertThat(probed)
                .extracting(Found::event)
                .isEqualTo(inOrder.stream().map(Found::event).toList());
        assertThat(probed).allMatch(found -> found.candidate().probe() instanceof Probe.Failed);
    }

    @Test
    void whileNobodyAnswersTheNextOnesAreKnockedAtAndNobodyTwice() {
        var scattered = new ArrayList<Found>();
        for (int i = 1; i < 20; i++) scattered.add(at("93.184." + i + ".1:1", false));
        var targets = new Prober.Targets();

        var knocked = new ArrayList<>(targets.next(scattered));
        knocked.addAll(targets.next(scattered));
        knocked.addAll(targets.next(scattered));

        assertThat(knocked).containsExactlyElementsOf(scattered);
        assertThat(targets.next(scattered)).isEmpty();
    }

    @Test
    void halfOfThoseWhoAreKnockedAtAreDrawn() {
        var inOrder = new ArrayList<Found>();
        for (int i = 1; i < 40; i++) inOrder.add(at("93.184." + i + ".1:1", false));

        List<Found> turns = Prober.turns(inOrder, new Random(7));

        assertThat(turns).containsExactlyInAnyOrderElementsOf(inOrder);
        assertThat(turns.subList(0, 8)).contains(inOrder.get(0), inOrder.get(1), inOrder.get(2), inOrder.get(3));
        assertThat(turns.subList(0, 8)).anyMatch(drawn -> inOrder.indexOf(drawn) > 8);
    }

    private static List<Found> chosen(List<Found> inOrder) {
        return new Prober.Targets().next(inOrder);
    }

    private static Found at(String address, boolean isLocal) {
        var mesh = new TestMesh();
        mesh.addresses = List.of(address);
        var verifier = new ListingVerifier(Set.of(), 0);
        var verdict = verifier.check(mesh.listed(mesh.listing("a")), isLocal, mesh.nowSeconds);
        return ((ListingVerifier.Verdict.Good) verdict).found();
    }
}
