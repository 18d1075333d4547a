package mesh.core;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.net.Socket;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The core is pure: no I/O, clock, threads or unordered collections with a salted order, so that a run replays from its
 * seed. Each rule is also shown to catch a violation planted below.
 */
class CoreArchitectureTest {
    private static final ArchRule NO_IO = noClasses()
            .should()
            .dependOnClassesThat(resideInAnyPackage(
                            "java.net..",
                            "java.nio.channels..",
                            "java.nio.file..",
                            "java.util.concurrent..",
                            "io.netty..")
                    .or(com.tngtech.archunit.base.DescribedPredicate.describe(
                            "are threads or files",
                            c -> c.isAssignableTo(Thread.class) || c.isAssignableTo(java.io.File.class))));

    private static final ArchRule NO_CLOCK_NO_CHANCE = noClasses()
            .should()
            .callMethod(System.class, "nanoTime")
            .orShould()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .callMethod(java.time.Instant.class, "now")
            .orShould()
            .callMethod(java.util.UUID.class, "randomUUID")
            .orShould()
            .callMethod(Math.class, "random")
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(java.time.Clock.class);

    /** {@code Set.of} and {@code Map.of} iterate in an order salted per JVM: two runs of one seed would differ. */
    private static final ArchRule NO_SALTED_ORDER = noClasses()
            .should()
            .callMethodWhere(com.tngtech.archunit.base.DescribedPredicate.describe(
                    "Set.of, Set.copyOf, Map.of, Map.copyOf, Map.ofEntries",
                    call -> (call.getTargetOwner().isEquivalentTo(java.util.Set.class)
                                    || call.getTargetOwner().isEquivalentTo(Map.class))
                            && (call.getName().equals("of")
                                    || call.getName().equals("copyOf")
                                    || call.getName().equals("ofEntries"))));

    private static final JavaClasses CORE = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("mesh.core");

    @Test
    void coreTouchesNoInputOrOutput() {
        NO_IO.check(CORE);
    }

    @Test
    void coreReadsNoClockAndRollsNoDice() {
        NO_CLOCK_NO_CHANCE.check(CORE);
    }

    @Test
    void coreIteratesInNoSaltedOrder() {
        NO_SALTED_ORDER.check(CORE);
    }

    @Test
    void packagesFormNoCycle() {
        slices().matching("mesh.core.(*)..").should().beFreeOfCycles().check(CORE);
    }

    @Test
    void subPackagesDoNotKnowTheNode() {
        noClasses()
                .that(resideInAPackage("mesh.core.(*)"))
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("mesh.core.Node")
                .allowEmptyShould(true)
                .check(CORE);
    }

    @Test
    void eachRuleCatchesItsPlantedViolation() {
        JavaClasses planted = new ClassFileImporter().importClasses(Planted.class);

        assertThat(NO_IO.evaluate(planted).hasViolation()).isTrue();
        assertThat(NO_CLOCK_NO_CHANCE.evaluate(planted).hasViolation()).isTrue();
        assertThat(NO_SALTED_ORDER.evaluate(planted).hasViolation()).isTrue();
    }

    /** What must never be written in the core. */
    static final class Planted {
        Object violate() throws java.io.IOException {
            try (var socket = new Socket()) {
                return Map.of(System.nanoTime(), socket);
            }
        }
    }
}
