package mesh.daemon.models;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import mesh.core.id.ModelRef;

/**
 * Models that other tools have fetched: the hub's own cache, llama.cpp's, Ollama's. Read where they lie, never written,
 * moved or deleted. Every answer comes from the disk as it is now; any thread that may wait.
 *
 * @param hub holds a folder {@code models--ORG--REPO} for each repository, with its files under {@code snapshots/REVISION}
 * @param llama holds files called {@code ORG_REPO_FILE}
 * @param ollama holds {@code manifests} that name {@code blobs} by their hash
 */
public record Caches(List<Path> hub, List<Path> llama, List<Path> ollama) {
    public static final Caches NONE = new Caches(List.of(), List.of(), List.of());

    /** Repository folder, snapshots, revision, a folder in it, file. */
    private static final int HUB_DEPTH = 6;

    /** Registry, owner, name, tag. */
    private static final int OLLAMA_DEPTH = 4;

    private static final int FOUND_MAX = 500;
    private static final long MANIFEST_BYTES_MAX = 1 << 20;
    private static final String OLLAMA_MODEL = "application/vnd.ollama.image.model";
    private static final Pattern DIGEST = Pattern.compile("sha256:([0-9a-f]{64})");

    /** {@code /ORG/REPO/resolve/REVISION/FILE}, as addresses of the hub end. */
    private static final Pattern HUB_PATH = Pattern.compile(".*/([\\w.-]+)/([\\w.-]+)/resolve/[\\w.-]+/(.+)");

    public Caches {
        hub = List.copyOf(hub);
        llama = List.copyOf(llama);
        ollama = List.copyOf(ollama);
    }

    /** One model there. {@code path} is its first part. */
    public record Cached(ModelRef ref, Path path) {}

    /** Where these tools keep their models on this machine, by their own rules. */
    public static Caches of(Map<String, String> environment, Path home) {
        Path cache = path(environment, "XDG_CACHE_HOME").orElse(home.resolve(".cache"));
        Path hub = path(environment, "HF_HUB_CACHE")
                .or(() -> path(environment, "HF_HOME").map(root -> root.resolve("hub")))
                .orElse(cache.resolve("huggingface/hub"));
        List<Path> llama = path(environment, "LLAMA_CACHE")
                .map(List::of)
                .orElse(List.of(cache.resolve("llama.cpp"), home.resolve("Library/Caches/llama.cpp")));
        List<Path> ollama = path(environment, "OLLAMA_MODELS")
                .map(List::of)
                .orElse(List.of(home.resolve(".ollama/models"), Path.of("/usr/share/ollama/.ollama/models")));
        return new Caches(List.of(hub), llama, ollama);
    }

    private static Optional<Path> path(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name))
                .filter(text -> !text.isEmpty())
                .map(Path::of);
    }

    /** Everything there, by name; of several revisions one. */
    List<Cached> list() {
        var found = new ArrayList<Cached>();
        for (Path root : hub)
            for (Path file : files(root, HUB_DEPTH))
                if (ModelNames.isFirst(file)) found.add(new Cached(ModelNames.ref(ModelNames.fileName(file)), file));
        for (Path root : llama)
            for (Path file : files(root, 1))
                if (ModelNames.isFirst(file)) found.add(new Cached(ModelNames.ref(ModelNames.fileName(file)), file));
        for (Path root : ollama)
            for (Path manifest : files(root.resolve("manifests"), OLLAMA_DEPTH))
                blob(root, manifest).ifPresent(blob -> found.add(new Cached(tagged(manifest), blob)));
        return found;
    }

    /** The first part of what a source would bring, if all parts lie in one of the first two. */
    Optional<Path> first(ModelSource source) {
        if (source.files().isEmpty()) return Optional.empty();
        Matcher path = HUB_PATH.matcher(
                Optional.ofNullable(source.files().getFirst().uri().getPath()).orElse(""));
        if (!path.matches()) return Optional.empty();
        String repository = "models--" + path.group(1) + "--" + path.group(2);
        String flat = path.group(1) + "_" + path.group(2) + "_" + path.group(3).replace('/', '_');
        var candidates = new ArrayList<Path>();
        for (Path root : hub)
            for (Path revision : folders(root.resolve(repository).resolve("snapshots")))
                candidates.add(revision.resolve(path.group(3)));
        for (Path root : llama) candidates.add(root.resolve(flat));
        return candidates.stream()
                .filter(file -> ModelNames.parts(file).stream().allMatch(Files::isRegularFile))
                .findFirst();
    }

    /** {@code name:tag}; the name alone stands for its latest, as Ollama understands it. */
    private static ModelRef tagged(Path manifest) {
        String tag = ModelNames.fileName(manifest);
        Path name = manifest.getName(Math.max(0, manifest.getNameCount() - 2));
        return new ModelRef((name + ":" + tag).replaceAll("[^!-~]|[\"\\\\]", "-"));
    }

    private static Optional<Path> blob(Path root, Path manifest) {
        try {
            if (Files.size(manifest) > MANIFEST_BYTES_MAX) return Optional.empty();
            JsonNode layers =
                    new JsonMapper().readTree(Files.readAllBytes(manifest)).path("layers");
            for (JsonNode layer : layers) {
                Matcher digest = DIGEST.matcher(layer.path("digest").asText());
                if (!layer.path("mediaType").asText().equals(OLLAMA_MODEL) || !digest.matches()) continue;
                Path blob = root.resolve("blobs").resolve("sha256-" + digest.group(1));
                return Files.isRegularFile(blob) ? Optional.of(blob) : Optional.empty();
            }
            return Optional.empty();
        } catch (IOException unreadable) {
            return Optional.empty();
        }
    }

    private static List<Path> folders(Path root) {
        try (Stream<Path> entries = Files.list(root)) {
            return entries.filter(Files::isDirectory).sorted().toList();
        } catch (IOException missing) {
            return List.of();
        }
    }

    /** Links are followed: the hub's cache is made of them. */
    private static List<Path> files(Path root, int depth) {
        try (Stream<Path> entries = Files.walk(root, depth, FileVisitOption.FOLLOW_LINKS)) {
            return entries.filter(Files::isRegularFile)
                    .limit(FOUND_MAX)
                    .sorted()
                    .toList();
        } catch (IOException | UncheckedIOException missing) {
            return List.of();
        }
    }
}
