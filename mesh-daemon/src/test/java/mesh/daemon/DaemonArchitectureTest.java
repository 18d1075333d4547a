package mesh.daemon;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import mesh.core.Event;
import mesh.core.Node;
import org.junit.jupiter.api.Test;

/** The daemon's arrows: who may touch bytes on the network, children and the core's loop. */
class DaemonArchitectureTest {
    private static final ArchRule NETTY_AT_THE_BYTES_ONLY = noClasses()
            .that(outside(
                    "mesh.daemon.quic..",
                    "mesh.daemon.tunnel..",
                    "mesh.daemon.edge..",
                    "mesh.daemon.api..",
                    "mesh.daemon.nostr.relay..",
                    "mesh.daemon"))
            .should()
            .dependOnClassesThat(resideInAnyPackage("io.netty.."));

    private static final ArchRule CHILDREN_IN_TWO_ROOMS_ONLY = noClasses()
            .that(outside("mesh.daemon.process..", "mesh.daemon.engine..", "mesh.daemon.hardware.."))
            .should()
            .dependOnClassesThat()
            .areAssignableTo(ProcessBuilder.class);

    private static final ArchRule ONE_LOOP_STEPS_THE_CORE = noClasses()
            .that(outside("mesh.daemon.loop.."))
            .should()
            .callMethod(Node.class, "step", Event.class, long.class, List.class);

    private static final JavaClasses DAEMON = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("mesh.daemon");

    @Test
    void nettyStaysAtTheBytes() {
        NETTY_AT_THE_BYTES_ONLY.check(DAEMON);
    }

    @Test
    void onlySupervisorsStartProcesses() {
        CHILDREN_IN_TWO_ROOMS_ONLY.check(DAEMON);
    }

    @Test
    void onlyTheLoopStepsTheCore() {
        ONE_LOOP_STEPS_THE_CORE.check(DAEMON);
    }

    @Test
    void packagesFormNoCycle() {
        slices().matching("mesh.daemon.(*)..").should().beFreeOfCycles().check(DAEMON);
    }

    @Test
    void nobodyCallsTheCommandLine() {
        noClasses()
                .that(outside("mesh.daemon.cli.."))
                .should()
                .dependOnClassesThat(resideInAnyPackage("mesh.daemon.cli.."))
                .check(DAEMON);
    }

    @Test
    void eachRuleCatchesItsPlantedViolation() {
        JavaClasses planted = new ClassFileImporter().importPackages("mesh.daemon.planted");

        assertThat(NETTY_AT_THE_BYTES_ONLY.evaluate(planted).hasViolation()).isTrue();
        assertThat(CHILDREN_IN_TWO_ROOMS_ONLY.evaluate(planted).hasViolation()).isTrue();
        assertThat(ONE_LOOP_STEPS_THE_CORE.evaluate(planted).hasViolation()).isTrue();
    }

    private static DescribedPredicate<JavaClass> outside(String... packages) {
        return DescribedPredicate.not(resideInAnyPackage(packages));
    }
}
