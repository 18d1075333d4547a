package mesh.daemon.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import mesh.daemon.process.Command;
import org.junit.jupiter.api.Test;

class ServerCommandTest {
    private static final Serving SERVING = new Serving(Path.of("/models/a b.gguf"), "demo", 4096, 2, 3, 256L << 20);
    private static final String CORE =
            "-m FNAME\n--host H\n--port N\n-c, --ctx-size N\n-np, --parallel N\n-t, --threads N\n";

    @Test
    void newBuildGetsItsNewSpellingsAndTheKeyInItsEnvironment() {
        Command command = command(CORE
                + "-a, --alias S\n--api-key KEY   key\n   (env: LLAMA_API_KEY)\n--metrics   m\n-cram, --cache-ram N   c\n"
                + "--jinja, --no-jinja   j\n--offline   o\n--ui, --webui, --no-ui, --no-webui   ui\n");

        assertThat(command.words())
                .containsExactly(
                        "/opt/llama/llama-server",
                        "-m",
                        "/models/a b.gguf",
                        "--host",
                        "127.0.0.1",
                        "--port",
                        "21000",
                        "--ctx-size",
                        "4096",
                        "--parallel",
                        "2",
                        "--threads",
                        "3",
                        "--alias",
                        "demo",
                        "--cache-ram",
                        "256",
                        "--metrics",
                        "--jinja",
                        "--offline",
                        "--no-ui");
        assertThat(command.variables()).containsEntry("LLAMA_API_KEY", "secret");
        assertThat(command.toString()).doesNotContain("secret");
    }

    @Test
    void oldBuildGetsNoFlagItDoesNotKnow() {
        Command command = command(CORE + "--api-key KEY   key\n--no-webui   no ui\n");

        assertThat(command.words())
                .contains("--no-webui", "--api-key", "secret")
                .doesNotContain("--no-ui", "--offline", "--jinja", "--metrics", "--alias");
    }

    @Test
    void modelsThatMakeVectorsOrCompareAreServedForThat() {
        var embeds = new Serving(Path.of("e.gguf"), "e", 512, 1, 1, 0, Optional.empty(), Pooling.LAST);
        var compares = new Serving(Path.of("r.gguf"), "r", 512, 1, 1, 0, Optional.empty(), Pooling.RANK);

        assertThat(command(CORE + "--api-key KEY   key\n", embeds).words())
                .containsSequence("--embeddings", "--pooling", "last", "--ubatch-size", "2048");
        assertThat(command(CORE + "--api-key KEY   key\n", compares).words()).contains("--reranking");
        assertThat(command(CORE + "--api-key KEY   key\n").words()).doesNotContain("--embeddings", "--reranking");
    }

    @Test
    void draftIsNamedInTheWordsOfTheBuild() {
        var drafted = SERVING.with(Optional.of(new Serving.Draft(Path.of("/m/d.gguf"), 8)));

        assertThat(command(
                                CORE + "--api-key K   key\n-md, --model-draft F   d\n--spec-type T   t\n"
                                        + "--spec-draft-n-max N   n\n",
                                drafted)
                        .words())
                .containsSequence("-md", "/m/d.gguf", "--spec-type", "draft-simple", "--spec-draft-n-max", "8")
                .doesNotContain("-devd", "-ngld");
        assertThat(command(CORE + "--api-key K   key\n-md, --model-draft F   d\n--draft-max N   n\n", drafted)
                        .words())
                .containsSequence("-md", "/m/d.gguf", "--draft-max", "8");
    }

    @Test
    void draftOfASplitStaysOnItsHost() {
        var split = SERVING.with(Optional.of(new Serving.Draft(Path.of("/m/d.gguf"), 8)))
                .over(new Serving.Workers(List.of("127.0.0.1:1"), List.of(3)));
        String help = CORE + "--api-key K   key\n-md, --model-draft F   d\n--draft-max N   n\n";

        assertThat(command(help + "-devd, --device-draft D   d\n", split).words())
                .containsSequence("-devd", "none");
        assertThat(command(help + "-ngld N   d\n", split).words()).containsSequence("-ngld", "0");
    }

    @Test
    void hostsShareOfASplitLiesOnItsCardBeforeTheWorkers() {
        var workers = new Serving.Workers(List.of("127.0.0.1:1", "127.0.0.1:2"), List.of(3, 2));
        var drafted = SERVING.with(Optional.of(new Serving.Draft(Path.of("/m/d.gguf"), 8)))
                .over(workers);
        String help = CORE + "--api-key K   key\n-md, --model-draft F   d\n-devd D   d\n";

        assertThat(command(help, drafted.on(Optional.of(new Serving.Place("CUDA0", 8))))
                        .words())
                .containsSequence("--device", "CUDA0,RPC0,RPC1", "-ngl", "13", "-ts", "8,3,2")
                .containsSequence("-devd", "CUDA0");
        assertThat(command(help, drafted.on(Optional.of(new Serving.Place("none", 0))))
                        .words())
                .containsSequence("--device", "RPC0,RPC1", "-ngl", "5", "-ts", "3,2")
                .containsSequence("-devd", "none");
        assertThat(command(help, drafted).words())
                .containsSequence("-ngl", "5", "-ts", "3,2")
                .doesNotContain("--device");
        assertThat(command(help, SERVING.on(Optional.of(new Serving.Place("CUDA1", 0))))
                        .words())
                .containsSequence("--device", "CUDA1");
    }

    @Test
    void projectorStaysOnThisMachineAndFindsNoFfmpeg() {
        var seeing = SERVING.seeing(Optional.of(Path.of("/models/p.gguf")));
        var split = seeing.over(new Serving.Workers(List.of("127.0.0.1:1"), List.of(3)));
        String now = CORE + "--api-key K   key\n-mm, --mmproj F   p\n-mmdev, --mmproj-device D   d\n"
                + "--video-ffmpeg-dir D   v\n--mmproj-offload, --no-mmproj-offload   o\n";
        String before = CORE + "--api-key K   key\n--mmproj F   p\n--no-mmproj-offload   o\n";

        assertThat(command(now, seeing).words())
                .containsSequence("--mmproj", "/models/p.gguf", "--video-ffmpeg-dir", "/dev/null")
                .doesNotContain("--mmproj-device", "--no-mmproj-offload");
        assertThat(command(now, split).words()).containsSequence("--mmproj-device", "none");
        assertThat(command(now, split.on(Optional.of(new Serving.Place("CUDA0", 8))))
                        .words())
                .containsSequence("--mmproj-device", "CUDA0");
        assertThat(command(before, split).words())
                .containsSequence("--mmproj", "/models/p.gguf", "--no-mmproj-offload")
                .doesNotContain("--video-ffmpeg-dir");
        assertThat(command(now).words()).doesNotContain("--mmproj", "--video-ffmpeg-dir");
    }

    private static Command command(String help) {
        return command(help, SERVING);
    }

    private static Command command(String help, Serving serving) {
        Path folder = Path.of("/opt/llama");
        var engine =
                new Engine(folder, folder.resolve("llama-server"), "1", ServerFlags.parse(help), List.of(), null, null);
        return ServerCommand.of(engine, serving, 21000, "secret");
    }
}
