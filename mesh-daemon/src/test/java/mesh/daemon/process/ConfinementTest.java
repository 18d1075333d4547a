package mesh.daemon.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a program sees that runs confined, asked by a shell script in its place. */
class ConfinementTest {
    @TempDir
    Path folder;

    @Test
    void confinedProgramSeesNeitherKeysNorVariablesAndCanGainNothing() throws Exception {
        Path data = Files.createDirectories(folder.resolve("data"));
        Files.writeString(data.resolve("node.key"), "secret");
        Path program = program(Files.createDirectories(data.resolve("engine")));
        var confinement = new Confinement(data);

        Command confined = confinement.of(new Command(List.of(program.toString(), "look", data.toString()), Map.of()));

        assumeThat(confined.words().getFirst()).as("namespaces for users").isEqualTo("env");
        assertThat(said(confined))
                .contains("here", "NoNewPrivs:\t1", "CapBnd:\t0000000000000000")
                .doesNotContain("node.key", "JAVA_HOME=");
    }

    @Test
    void programThatDoesNotStartConfinedRunsAsItIs() throws Exception {
        Path program = folder.resolve("broken");
        Files.writeString(program, "#!/bin/sh\nexit 3\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
        var command = new Command(List.of(program.toString()), Map.of());

        assertThat(new Confinement(folder.resolve("data")).of(command)).isEqualTo(command);
    }

    /** Stands in for an engine, in a folder that is hidden but for itself. */
    private static Path program(Path engine) throws Exception {
        Path program = engine.resolve("engine");
        Files.writeString(program, """
                #!/bin/sh
                [ "$1" = look ] || exit 0
                echo here; ls -R "$2"; env; grep -E 'NoNewPrivs|CapBnd' /proc/self/status
                """);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
        return program;
    }

    private static String said(Command command) throws Exception {
        Process process =
                new ProcessBuilder(command.words()).redirectErrorStream(true).start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
}
