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

        Command confined = confined(data, new Command.Sight(List.of(), false), program, data);

        assertThat(said(confined))
                .contains("here", "NoNewPrivs:\t1", "CapBnd:\t0000000000000000")
                .doesNotContain("node.key", "JAVA_HOME=", "compiled");
    }

    /** As a hub's cache has it: what is named is a link, and the content lies beside what others fetched. */
    @Test
    void programThatReadsFilesSeesThoseAloneAndCannotChangeThem() throws Exception {
        Path data = Files.createDirectories(folder.resolve("data"));
        Path program = program(Files.createDirectories(data.resolve("engine")));
        Path blobs = Files.createDirectories(data.resolve("cache/blobs"));
        Path names = Files.createDirectories(data.resolve("cache/names"));
        Files.writeString(blobs.resolve("other"), "another's");
        Files.writeString(blobs.resolve("1a2b"), "weights");
        Files.createSymbolicLink(names.resolve("a model.gguf"), Path.of("../blobs/1a2b"));
        Path plain = Files.writeString(
                Files.createDirectories(data.resolve("models")).resolve("b.gguf"), "more");
        var sight = new Command.Sight(List.of(names.resolve("a model.gguf"), plain), true);

        String said = said(confined(data, sight, program, data));

        assertThat(said)
                .contains("a model.gguf", "1a2b", "b.gguf", "read weights", "read more", "compiled kept")
                .doesNotContain("other", "written");
        assertThat(plain).hasContent("more");
        assertThat(data.resolve("state/compiled/shader")).hasContent("kept\n");
    }

    @Test
    void filesThatTheCommandNamesAreSeenInAnyCase() throws Exception {
        Path data = Files.createDirectories(folder.resolve("data"));
        Path program = program(Files.createDirectories(data.resolve("engine")));
        Path models = Files.createDirectories(data.resolve("models"));
        Path named = Files.writeString(models.resolve("named.gguf"), "weights");
        Files.writeString(models.resolve("kept.gguf"), "others");
        var words = List.of(program.toString(), "look", data.toString(), "-m", named.toString());
        var command = new Command(words, Map.of()).within(new Command.Sight(List.of(), false));

        Command confined = new Confinement(data).of(command);

        assumeThat(confined.words().getFirst()).as("namespaces for users").isEqualTo("env");
        assertThat(said(confined)).contains("read weights").doesNotContain("kept.gguf");
    }

    @Test
    void programWhoseFilesCannotBeShownRunsAsItIs() throws Exception {
        Path data = Files.createDirectories(folder.resolve("data"));
        Path program = program(Files.createDirectories(folder.resolve("engine")));
        var command = new Command(List.of(program.toString()), Map.of())
                .within(new Command.Sight(List.of(data.resolve("gone.gguf")), false));

        assertThat(new Confinement(data).of(command)).isEqualTo(command);
    }

    /** Whatever is asked of it on a command line, everybody on the machine can read. */
    @Test
    void secretsStayInTheVariables() throws Exception {
        Path data = Files.createDirectories(folder.resolve("data"));
        Path program = program(Files.createDirectories(data.resolve("engine")));
        var command = new Command(List.of(program.toString(), "look", data.toString()), Map.of("LLAMA_API_KEY", "s3"))
                .within(new Command.Sight(List.of(), false));

        Command confined = new Confinement(data).of(command);

        assumeThat(confined.words().getFirst()).as("namespaces for users").isEqualTo("env");
        assertThat(String.join(" ", confined.words())).doesNotContain("s3");
        assertThat(said(confined)).contains("LLAMA_API_KEY=s3");
    }

    @Test
    void programThatDoesNotStartConfinedRunsAsItIs() throws Exception {
        Path program = folder.resolve("broken");
        Files.writeString(program, "#!/bin/sh\nexit 3\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
        var command = new Command(List.of(program.toString()), Map.of()).within(new Command.Sight(List.of(), false));

        assertThat(new Confinement(folder.resolve("data")).of(command)).isEqualTo(command);
    }

    private static Command confined(Path data, Command.Sight sight, Path program, Path looksAt) {
        var words = List.of(program.toString(), "look", looksAt.toString());
        Command confined = new Confinement(data).of(new Command(words, Map.of()).within(sight));
        assumeThat(confined.words().getFirst()).as("namespaces for users").isEqualTo("env");
        return confined;
    }

    /** Stands in for an engine, in a folder that is hidden but for itself. */
    private static Path program(Path engine) throws Exception {
        Path program = engine.resolve("engine");
        Files.writeString(program, """
                #!/bin/sh
                [ "$1" = look ] || exit 0
                echo here; ls -R "$2"; env; grep -E 'NoNewPrivs|CapBnd' /proc/self/status
                for file in "$2"/cache/names/* "$2"/models/*; do
                  [ -e "$file" ] && echo "read $(cat "$file")"
                  echo x 2>/dev/null > "$file" && echo written
                done
                [ -z "$CUDA_CACHE_PATH" ] || { echo kept > "$CUDA_CACHE_PATH/shader" && echo compiled kept; }
                """);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
        return program;
    }

    private static String said(Command command) throws Exception {
        var program = new ProcessBuilder(command.words()).redirectErrorStream(true);
        program.environment().putAll(command.variables());
        Process process = program.start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
}
