package mesh.daemon.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import mesh.daemon.process.Children.Start;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Children are real processes here: small shell programs. */
class ChildrenTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @TempDir
    Path data;

    private Children children;

    @BeforeEach
    void open() throws IOException {
        children = open(data);
    }

    @AfterEach
    void leaveNothingBehind() throws InterruptedException {
        children.killAll();
        children.stopAll();
    }

    @Test
    void childSeesAScrubbedEnvironmentAndWhatItWasGiven() throws Exception {
        Child child = start("env", Map.of("LLAMA_API_KEY", "given"), "sh", "-c", "env");
        child.ended();

        assertThat(child.newestLines())
                .contains("GGML_NO_BACKTRACE=1", "LLAMA_API_KEY=given")
                .noneMatch(line -> line.startsWith("LLAMA_ARG_") || line.startsWith("LD_LIBRARY_PATH="));
    }

    @Test
    void childThatEndsOnTermIsGoneAtOnce() throws Exception {
        Child child = start("obeys", Map.of(), "sleep", "600");

        long startNanos = System.nanoTime();
        child.stop();

        assertThat(Duration.ofNanos(System.nanoTime() - startNanos)).isLessThan(Duration.ofSeconds(2));
        assertThat(child.isAlive()).isFalse();
    }

    @Test
    void childThatIgnoresTermIsKilled() throws Exception {
        Child child = start("ignores", Map.of(), "sh", "-c", "trap '' TERM; echo armed; while :; do sleep 1; done");
        awaitLine(child, "armed");

        child.stop();

        assertThat(child.exitCode()).isEqualTo(137);
    }

    @Test
    void secondTermReachesAChildThatWaitsForItsClients() throws Exception {
        Child child = start(
                "waits",
                Map.of(),
                "sh",
                "-c",
                "n=0; trap 'n=$((n+1)); [ $n -lt 2 ] || exit 7' TERM; echo armed; while :; do sleep 0.05; done");
        awaitLine(child, "armed");

        child.stop();

        assertThat(child.exitCode()).isEqualTo(7);
    }

    @Test
    void grandchildDoesNotOutliveItsParent() throws Exception {
        Child child = start("parent", Map.of(), "sh", "-c", "sleep 600 & echo $!; wait");
        long grandchild = Long.parseLong(awaitLine(child, "\\d+"));

        child.kill();

        awaitGone(grandchild);
    }

    @Test
    void leftoverOfACrashedDaemonIsEndedAtTheNextStart() throws Exception {
        Process left = new ProcessBuilder("sleep", "600").start();
        String birth = ProcessBirth.of(left.pid()).orElseThrow();
        Files.writeString(data.resolve("run/children"), left.pid() + " " + birth + " 21000 llama-demo\n");

        int ended = open(data).endLeftovers();

        assertThat(ended).isEqualTo(1);
        assertThat(left.waitFor(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void strangerThatGotTheSameIdIsLeftAlone() throws Exception {
        Process stranger = new ProcessBuilder("sleep", "600").start();
        String birth = ProcessBirth.of(ProcessHandle.current().pid()).orElseThrow();
        Files.writeString(
                data.resolve("run/children"), stranger.pid() + " " + birth + " 21000 llama-demo\nnot a line\n1 2\n\n");

        int ended = open(data).endLeftovers();

        assertThat(ended).isZero();
        assertThat(stranger.isAlive()).isTrue();
        stranger.destroyForcibly();
    }

    @Test
    void rosterNamesTheLivingOnly() throws Exception {
        Child first = start("first", Map.of(), "sleep", "600");
        Child second = start("second", Map.of(), "sleep", "600");
        first.stop();

        awaitRoster(text -> !text.contains(" first") && text.contains(second.pid() + " ") && text.contains(" second"));

        assertThat(new Roster(data.resolve("run/children")).earlier())
                .extracting(Roster.Entry::name)
                .containsExactly("second");
    }

    @Test
    void nothingIsStartedAfterTheEnd() throws Exception {
        start("last", Map.of(), "sleep", "600");

        children.stopAll();

        assertThat(children.start("late", 0, new Command(List.of("sleep", "600"), Map.of())))
                .isInstanceOf(Start.Refused.class);
    }

    @Test
    void programThatIsNotThereSaysSo() throws Exception {
        Child child = start("absent", Map.of(), data.resolve("absent").toString());

        assertThat(child.ended().reason()).isEqualTo(ExitReason.NOT_EXECUTABLE);
    }

    private static Children open(Path data) throws IOException {
        return new Children(data.resolve("run"), data.resolve("log"), new Confinement(data));
    }

    private Child start(String name, Map<String, String> variables, String... words) {
        return ((Start.Started) children.start(name, 0, new Command(List.of(words), variables))).child();
    }

    private static String awaitLine(Child child, String pattern) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() < deadlineNanos) {
            for (String line : child.newestLines()) if (line.matches(pattern)) return line;
            TimeUnit.MILLISECONDS.sleep(5);
        }
        throw new AssertionError("no line " + pattern + " in " + child.newestLines());
    }

    private static void awaitGone(long pid) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + PATIENCE.toNanos();
        while (isRunning(pid))
            if (System.nanoTime() > deadlineNanos) throw new AssertionError("still runs pid=" + pid);
            else TimeUnit.MILLISECONDS.sleep(5);
    }

    /** A zombie that nobody collects counts as gone. */
    private static boolean isRunning(long pid) {
        try {
            return !Files.readString(Path.of("/proc", Long.toString(pid), "stat"))
                    .matches("(?s).*\\) Z .*");
        } catch (IOException gone) {
            return false;
        }
    }

    private void awaitRoster(java.util.function.Predicate<String> fits) throws Exception {
        long deadlineNanos = System.nanoTime() + PATIENCE.toNanos();
        while (!fits.test(Files.readString(data.resolve("run/children"))))
            if (System.nanoTime() > deadlineNanos)
                throw new AssertionError(Files.readString(data.resolve("run/children")));
            else TimeUnit.MILLISECONDS.sleep(5);
    }
}
