package mesh.testnet.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.Stream;
import mesh.core.Node;
import mesh.core.PlantedNode;
import mesh.core.member.PlantedRules;
import mesh.core.member.Rules;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** A simulation that finds nothing proves nothing: each planted fault must be found, by the check that should. */
class PlantedFaultsSim {
    private static final int SEEDS = 12;

    private record Planted(String fault, Supplier<Rules> rules, String foundBy) {}

    @TestFactory
    Stream<DynamicTest> stormsFindFaultsOfJudgement() {
        return Stream.of(
                        new Planted("old news wins", PlantedRules::oldNewsWins, "old news of .* won"),
                        new Planted("the dead rise", PlantedRules::theDeadRise, "ghost .* revived"),
                        new Planted("the accused keeps silent", PlantedRules::theAccusedKeepsSilent, "no agreement"),
                        new Planted("no answer counts", PlantedRules::noAnswerCounts, "ghost .* revived|no agreement"),
                        new Planted(
                                "doubt outlives its life",
                                PlantedRules::doubtOutlivesItsLife,
                                "ghost .* revived|no agreement"))
                .map(planted -> DynamicTest.dynamicTest(planted.fault, () -> isFoundByAStorm(planted)));
    }

    @TestFactory
    Stream<DynamicTest> starvationFindsHaste() {
        return Stream.of(
                        new Planted("doubt is a verdict", PlantedRules::doubtIsAVerdict, ""),
                        new Planted("the accused keeps silent", PlantedRules::theAccusedKeepsSilent, ""))
                .map(planted -> DynamicTest.dynamicTest(
                        planted.fault,
                        () -> assertThat(removedByMistake(planted)).isPositive()));
    }

    /** Each side of a split mesh holds the other dead; whoever believes that of its own side evicts the living. */
    @Test
    void healingFindsBeliefInOldVerdicts() {
        assertThat(TwoMeshesMergeSim.lossesWhileHealing(Node::new)).isZero();
        assertThat(TwoMeshesMergeSim.lossesWhileHealing(PlantedNode.judgingBy(PlantedRules.oldVerdictsAreBelieved())))
                .isPositive();
    }

    @Test
    void forgeryFindsTrustInAnySignature() {
        var mesh = ForgerySim.mesh(PlantedNode.judgingBy(PlantedRules.anySignatureWillDo()));

        assertThatThrownBy(() -> ForgerySim.announceAsTheVictim(mesh)).hasMessageContaining("never said");
    }

    @Test
    void splitsFindTrustInAnyCertificate() {
        var mesh = ForgerySim.splitBesideALiar(36, PlantedNode.judgingBy(PlantedRules.anySignatureWillDo()));

        assertThatThrownBy(() -> mesh.run(20_000)).hasMessageContaining("never said");
    }

    private static void isFoundByAStorm(Planted planted) {
        String found = Stream.iterate(1L, seed -> seed + 1)
                .limit(SEEDS)
                .parallel()
                .map(seed -> Trial.run(30, seed, 30_000, PlantedNode.judgingBy(planted.rules.get())))
                .filter(verdict -> !verdict.isGood())
                .map(Verdict::failure)
                .reduce("", (all, one) -> all + one);

        assertThat(found).containsPattern(planted.foundBy);
    }

    private static int removedByMistake(Planted planted) {
        var mesh = Simulation.of(40)
                .seed(5)
                .faults(Faults.starvation(300))
                .maker(PlantedNode.judgingBy(planted.rules.get()))
                .build();
        mesh.startAllThrough(0);
        mesh.converge(10_000);
        var losses = Losses.seenByAll(mesh);
        Starvation.oneInTen(mesh, 300, 1_000, new SplittableRandom(5));
        mesh.run(120_000);
        return losses.count();
    }
}
