package mesh.daemon.models;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models of other tools, in folders laid out as those tools do. */
class CachesTest {
    private static final String HASH = "ab".repeat(32);

    @TempDir
    Path home;

    private ModelStore store;

    CachesTest(@TempDir Path folder) {
        store = new ModelStore(folder, Catalog::bundled);
    }

    @BeforeEach
    void useThem() {
        store = new ModelStore(
                store.folder(), Catalog::bundled, new Hub(URI.create("http://localhost:1")), Caches.of(Map.of(), home));
    }

    @Test
    void filesOfTheHubsCacheAreServedThroughTheirLinks() throws IOException {
        Path repository = home.resolve(".cache/huggingface/hub/models--who--where-gguf");
        Path blob = model(repository.resolve("blobs/" + HASH));
        Path link = repository.resolve("snapshots/0123abcd/q4/wanted-Q4.gguf");
        Files.createDirectories(link.getParent());
        Files.createSymbolicLink(link, blob);

        assertThat(found("wanted-Q4").path()).isEqualTo(link);
        assertThat(found("who/where-gguf/q4/wanted-Q4.gguf").path()).isEqualTo(link);
        assertThat(store.find("other/where-gguf/q4/wanted-Q4.gguf")).isInstanceOf(Resolved.Fetchable.class);
    }

    @Test
    void setOfPartsInACacheIsWholeOrNotThere() throws IOException {
        Path snapshot = home.resolve(".cache/huggingface/hub/models--who--where/snapshots/1");
        model(snapshot.resolve("big-00001-of-00002.gguf"));

        assertThat(store.find("who/where/big-00001-of-00002.gguf")).isInstanceOf(Resolved.Fetchable.class);
    }

    @Test
    void filesOfLlamaCppsCacheAreFoundByWhatTheyWereFetchedAs() throws IOException {
        Path file = model(home.resolve(".cache/llama.cpp/who_where-gguf_wanted.gguf"));

        assertThat(found("who/where-gguf/wanted.gguf").path()).isEqualTo(file);
        assertThat(found("who/where-gguf/wanted.gguf").ref().name()).isEqualTo("wanted");
        assertThat(found("who_where-gguf_wanted").path()).isEqualTo(file);
    }

    @Test
    void modelsOfOllamaAreFoundByTheirTags() throws IOException {
        Path root = home.resolve(".ollama/models");
        Path blob = model(root.resolve("blobs/sha256-" + HASH));
        manifest(root, "qwen3/latest", "sha256:" + HASH);
        manifest(root, "qwen3/8b", "sha256:" + HASH);
        manifest(root, "gone/latest", "sha256:" + "cd".repeat(32));
        manifest(root, "climbs/latest", "sha256:../../../secret");
        Files.writeString(root.resolve("manifests/registry.ollama.ai/library/qwen3/odd"), "{");

        assertThat(found("qwen3:8b").path()).isEqualTo(blob);
        assertThat(found("qwen3").ref().name()).isEqualTo("qwen3:latest");
        assertThat(Caches.of(Map.of(), home).list())
                .extracting(cached -> cached.ref().name())
                .containsExactly("qwen3:8b", "qwen3:latest");
    }

    @Test
    void nothingOfOthersIsListedUnlessAskedForAndNothingIsEverRemoved() throws IOException {
        Path file = model(home.resolve(".cache/llama.cpp/who_where_wanted.gguf"));

        var removal = new Housekeeping(store, Catalog.bundled()).remove("who_where_wanted");

        assertThat(removal).isInstanceOf(Housekeeping.Removal.Refused.class);
        assertThat(file).exists();
        assertThat(store.list().models()).extracting(ModelFile::path).containsExactly(file);
        assertThat(new ModelStore(store.folder(), Catalog::bundled).list().models())
                .isEmpty();
    }

    @Test
    void toolsOwnVariablesSayWhereTheirCachesAre() {
        Map<String, String> environment =
                Map.of("HF_HOME", "/hf", "LLAMA_CACHE", "/llama", "OLLAMA_MODELS", "/ollama", "XDG_CACHE_HOME", "/xdg");

        assertThat(Caches.of(environment, home))
                .isEqualTo(new Caches(
                        List.of(Path.of("/hf/hub")), List.of(Path.of("/llama")), List.of(Path.of("/ollama"))));
        assertThat(Caches.of(Map.of("XDG_CACHE_HOME", "/xdg"), home).hub())
                .containsExactly(Path.of("/xdg/huggingface/hub"));
    }

    private ModelFile found(String said) {
        assertThat(store.find(said)).isInstanceOf(Resolved.Found.class);
        return ((Resolved.Found) store.find(said)).file();
    }

    private static Path model(Path file) throws IOException {
        Files.createDirectories(file.getParent());
        DemoFiles.make(DemoModel.named("demo-tiny").orElseThrow(), file);
        return file;
    }

    private static void manifest(Path root, String name, String digest) throws IOException {
        Path file = root.resolve("manifests/registry.ollama.ai/library").resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, """
                {"layers": [{"mediaType": "application/vnd.ollama.image.license", "digest": "sha256:%s"},
                {"mediaType": "application/vnd.ollama.image.model", "digest": "%s"}]}""".formatted("ef".repeat(32), digest));
    }
}
