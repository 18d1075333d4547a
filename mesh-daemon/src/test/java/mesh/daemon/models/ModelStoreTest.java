package mesh.daemon.models;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import mesh.core.id.ModelRef;
import mesh.core.model.GgufWriter;
import mesh.core.model.TensorType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelStoreTest {
    private static final String CATALOG = """
            {"models": [
              {"name": "Small-1B", "family": "a", "repository": "who/small-gguf", "files": [{"name": "small-1b-q4.gguf", "bytes": 7}],
               "quantization": "Q4_K_M", "parametersBillions": 1, "context": 4096, "capabilities": ["chat"],
               "license": "mit"},
              {"name": "Small-1B-Coder", "family": "a", "repository": "who/coder-gguf", "files": [{"name": "q4/coder-q4.gguf"}],
               "quantization": "Q4_K_M", "parametersBillions": 1, "context": 4096, "capabilities": ["chat"],
               "license": "mit"},
              {"name": "Eyes-1B", "family": "e", "repository": "who/eyes-gguf", "files": [{"name": "eyes-1b-q4.gguf", "bytes": 7}],
               "quantization": "Q4_K_M", "parametersBillions": 1, "context": 4096, "capabilities": ["chat", "vision"],
               "projector": {"name": "mmproj-model-f16.gguf", "bytes": 5}, "license": "mit"}
            ]}""";

    @TempDir
    Path temp;

    private Path folder;
    private ModelStore store;

    @BeforeEach
    void open() throws IOException {
        folder = temp.resolve("models");
        Catalog catalog = Catalog.read(new ByteArrayInputStream(CATALOG.getBytes(StandardCharsets.UTF_8)));
        store = new ModelStore(folder, () -> catalog);
    }

    @Test
    void demoIsMadeOnTheSpotAndFoundAgain() throws Exception {
        ModelFile made = found(store.find("demo-tiny"));
        var written = Files.getLastModifiedTime(made.path());

        ModelFile again = found(store.find("demo-tiny"));

        assertThat(made.path()).isEqualTo(folder.resolve("demo-tiny.gguf"));
        assertThat(made.ref()).isEqualTo(new ModelRef("demo-tiny"));
        assertThat(made.isDemo()).isTrue();
        assertThat(made.bytes()).isEqualTo(Files.size(made.path()));
        assertThat(Files.getLastModifiedTime(again.path())).isEqualTo(written);
        assertThat(names(folder)).containsExactly("demo-tiny.gguf");
    }

    @Test
    void demoThatSeesHasItsProjectorBesideIt() throws Exception {
        ModelFile made = found(store.find("demo-vision"));

        Path projector = made.projector().orElseThrow().path();
        assertThat(projector).isEqualTo(folder.resolve("mmproj-demo-vision.gguf"));
        assertThat(made.files()).containsExactly(made.path(), projector);
        assertThat(made.bytes()).isEqualTo(Files.size(made.path()) + Files.size(projector));
        assertThat(made.fit().needBytes(2048, 1)
                        - made.seeing(Optional.empty()).fit().needBytes(2048, 1))
                .isGreaterThan(Files.size(projector) * 9 / 10);
        assertThat(store.list().models())
                .extracting(model -> model.ref().name())
                .containsExactly("demo-vision");
        assertThat(store.list().broken()).isEmpty();
    }

    @Test
    void onlyProjectorInTheModelsOwnFolderIsUsed() throws Exception {
        Path alone = write(temp.resolve("one/big-q4.gguf"), sound());
        Path sight = write(temp.resolve("one/mmproj-model-f16.gguf"), projector());
        Path torn = write(temp.resolve("two/big-q4.gguf"), sound());
        write(temp.resolve("two/mmproj-f16.gguf"), projector());
        write(temp.resolve("two/mmproj-bf16.gguf"), projector());
        Path flat = write(folder.resolve("big-q4.gguf"), sound());
        write(folder.resolve("mmproj-other.gguf"), projector());

        assertThat(found(store.find(alone.toString())).files()).containsExactly(alone, sight);
        assertThat(found(store.find(torn.toString())).projector()).isEmpty();
        assertThat(found(store.find(flat.toString())).projector()).isEmpty();
        Path own = write(folder.resolve("mmproj-big-q4.gguf"), projector());
        assertThat(found(store.find("big-q4")).files()).containsExactly(flat, own);
    }

    @Test
    void damagedProjectorLeavesTheModelBlind() throws Exception {
        Path model = write(temp.resolve("one/big-q4.gguf"), sound());
        write(temp.resolve("one/mmproj-f16.gguf"), "no projector".getBytes(StandardCharsets.UTF_8));

        assertThat(found(store.find(model.toString())).projector()).isEmpty();
    }

    @Test
    void projectorIsNoModel() throws Exception {
        Path sight = write(folder.resolve("mmproj-f16.gguf"), projector());

        assertThat(refused(store.find(sight.toString())).code()).isEqualTo("projector");
        assertThat(store.list().models()).isEmpty();
    }

    @Test
    void operatorNamesAProjectorOrForbidsThem() throws Exception {
        Path model = write(temp.resolve("one/big-q4.gguf"), sound());
        write(temp.resolve("one/mmproj-f16.gguf"), projector());
        Path other = write(temp.resolve("other.gguf"), projector());
        String said = model.toString();

        assertThat(found(with(new Eyes(Optional.of(other), said, false)).find(said))
                        .files())
                .containsExactly(model, other);
        assertThat(found(with(new Eyes(Optional.empty(), "", true)).find(said)).projector())
                .isEmpty();
        assertThat(refused(with(new Eyes(Optional.of(model), said, false)).find(said))
                        .code())
                .isEqualTo("no_projector");
    }

    @Test
    void modelOfTheCatalogThatSeesComesWithItsProjectorUnderANameOfItsOwn() throws Exception {
        ModelSource source = fetchable(store.find("Eyes-1B"));

        assertThat(source.files())
                .extracting(ModelSource.RemoteFile::name)
                .containsExactly("eyes-1b-q4.gguf", "mmproj-eyes-1b-q4.gguf");
        assertThat(uris(source)).last().asString().endsWith("/who/eyes-gguf/resolve/main/mmproj-model-f16.gguf");
        assertThat(source.bytes()).hasValue(12);
        assertThat(fetchable(with(new Eyes(Optional.empty(), "", true)).find("Eyes-1B"))
                        .files())
                .hasSize(1);
        write(folder.resolve("eyes-1b-q4.gguf"), sound());
        assertThat(store.find("Eyes-1B")).isInstanceOf(Resolved.Fetchable.class);
        assertThat(store.here("Eyes-1B").orElseThrow().projector()).isEmpty();
    }

    private ModelStore with(Eyes eyes) throws IOException {
        Catalog catalog = Catalog.read(new ByteArrayInputStream(CATALOG.getBytes(StandardCharsets.UTF_8)));
        return new ModelStore(folder, () -> catalog, Hub.usual(), Caches.NONE, eyes);
    }

    private static byte[] projector() {
        return file(new GgufWriter().text("general.architecture", "clip").u32("clip.vision.embedding_length", 32), 0);
    }

    @Test
    void damagedDemoIsMadeAgain() throws Exception {
        ModelFile made = found(store.find("demo-tiny"));
        byte[] sound = Files.readAllBytes(made.path());
        try (var file = new RandomAccessFile(made.path().toFile(), "rw")) {
            file.seek(file.length() - 100);
            file.write(new byte[100]);
        }

        found(store.find("demo-tiny"));

        assertThat(Files.readAllBytes(made.path())).isEqualTo(sound);
    }

    @Test
    void existingPathIsFoundUnderItsStem() throws Exception {
        Path file = write(temp.resolve("My Model.gguf"), sound());

        ModelFile model = found(store.find(file.toString()));

        assertThat(model.ref()).isEqualTo(new ModelRef("My-Model"));
        assertThat(model.isDemo()).isFalse();
    }

    @Test
    void fileInTheFolderIsFoundByNameAndByStem() throws Exception {
        Files.createDirectories(folder);
        write(folder.resolve("mine.gguf"), sound());

        assertThat(found(store.find("mine")).ref().name()).isEqualTo("mine");
        assertThat(found(store.find("mine.gguf")).ref().name()).isEqualTo("mine");
    }

    @Test
    void catalogNameFindsItsFileAndNamesIt() throws Exception {
        Files.createDirectories(folder);
        write(folder.resolve("coder-q4.gguf"), sound());

        assertThat(found(store.find("small-1b-coder")).ref().name()).isEqualTo("Small-1B-Coder");
        assertThat(found(store.find("Coder")).ref().name()).isEqualTo("Small-1B-Coder");
        assertThat(found(store.find("coder-q4")).ref().name()).isEqualTo("Small-1B-Coder");
    }

    @Test
    void catalogNameWithoutItsFileCanBeFetched() {
        ModelSource source = fetchable(store.find("Small-1B"));

        assertThat(source.ref().name()).isEqualTo("Small-1B");
        assertThat(source.said()).isEqualTo("Small-1B");
        assertThat(source.bytes()).hasValue(7);
        assertThat(uris(source)).containsExactly("https://huggingface.co/who/small-gguf/resolve/main/small-1b-q4.gguf");
        assertThat(uris(fetchable(store.find("coder"))))
                .containsExactly("https://huggingface.co/who/coder-gguf/resolve/main/q4/coder-q4.gguf");
    }

    @Test
    void unknownNameIsToldWithNearOnes() {
        var unknown = notFound(store.find("smal-1b"));

        assertThat(unknown.reason().code()).isEqualTo("unknown_model");
        assertThat(unknown.near()).containsExactly("Small-1B");
        assertThat(notFound(store.find("demmo")).near()).contains("demo");
    }

    @Test
    void partOfSeveralNamesIsNotGuessed() throws Exception {
        var several = notFound(store.find("small"));
        Files.createDirectories(folder);
        write(folder.resolve("my-small.gguf"), sound());

        assertThat(several.reason().code()).isEqualTo("ambiguous");
        assertThat(several.near()).containsExactly("Small-1B", "Small-1B-Coder");
        assertThat(found(store.find("small")).ref().name()).isEqualTo("my-small");
    }

    @Test
    void hubNamesAndPagesAndUrlsCanBeFetched() {
        String there = "https://huggingface.co/org/Repo-GGUF/resolve/main/m-q4.gguf";

        assertThat(uris(fetchable(store.find("org/Repo-GGUF/m-q4.gguf")))).containsExactly(there);
        assertThat(uris(fetchable(
                        store.find("https://huggingface.co/org/Repo-GGUF/blob/main/m-q4.gguf?download=true"))))
                .containsExactly(there);
        assertThat(uris(fetchable(store.find("hf.co/org/Repo-GGUF/resolve/v2/m-q4.gguf"))))
                .containsExactly("https://huggingface.co/org/Repo-GGUF/resolve/v2/m-q4.gguf");
        assertThat(uris(fetchable(store.find("http://files.example/a/m.gguf?token=1"))))
                .containsExactly("http://files.example/a/m.gguf?token=1");
        assertThat(notFound(store.find("https://files.example/page.html"))
                        .reason()
                        .code())
                .isEqualTo("no_such_file");
        assertThat(notFound(store.find("../org/m.gguf")).reason().code()).isEqualTo("no_such_file");
    }

    @Test
    void anyPartOfASetStandsForTheWhole() throws Exception {
        ModelSource source = fetchable(store.find("org/repo/q4/big-00002-of-00003.gguf"));

        assertThat(source.ref().name()).isEqualTo("big");
        assertThat(source.files().stream().map(ModelSource.RemoteFile::name))
                .containsExactly("big-00001-of-00003.gguf", "big-00002-of-00003.gguf", "big-00003-of-00003.gguf");
        assertThat(uris(source).getLast()).endsWith("/org/repo/resolve/main/q4/big-00003-of-00003.gguf");

        // A set that is not whole is fetched on, not refused.
        Files.createDirectories(folder);
        write(folder.resolve("big-00001-of-00003.gguf"), sound());
        assertThat(store.find("org/repo/q4/big-00002-of-00003.gguf")).isInstanceOf(Resolved.Fetchable.class);
    }

    @Test
    void mirrorStandsInForTheHub() throws Exception {
        Catalog catalog = Catalog.read(new ByteArrayInputStream(CATALOG.getBytes(StandardCharsets.UTF_8)));
        var mirrored = new ModelStore(folder, () -> catalog, new Hub(URI.create("http://mirror.example:8080/hub/")));

        assertThat(uris(fetchable(mirrored.find("Small-1B"))))
                .containsExactly("http://mirror.example:8080/hub/who/small-gguf/resolve/main/small-1b-q4.gguf");
        assertThat(uris(fetchable(mirrored.find("https://huggingface.co/a/b/resolve/main/c.gguf"))))
                .containsExactly("http://mirror.example:8080/hub/a/b/resolve/main/c.gguf");
    }

    @Test
    void othersAreToldWhereAModelIsToBeHad() {
        assertThat(store.elsewhere("Small-1B")).contains("Small-1B");
        assertThat(store.elsewhere("org/repo/m.gguf")).contains("org/repo/m.gguf");
        assertThat(store.elsewhere("mine")).isEmpty();
    }

    @Test
    void missingPathIsSaidToBeAPath() {
        var missing = notFound(store.find("/nowhere/small-1b.gguf"));

        assertThat(missing.reason().code()).isEqualTo("no_such_file");
        assertThat(missing.message()).isEqualTo("no such model file path=/nowhere/small-1b.gguf");
        assertThat(missing.near()).contains("Small-1B");
        assertThat(notFound(store.find("\0")).reason().code()).isEqualTo("unknown_model");
        assertThat(refused(store.find(temp + "/")).code()).isEqualTo("not_a_file");
    }

    @Test
    void brokenFilesAreRefusedWithWhatIsWrong() throws Exception {
        byte[] sound = sound();
        Path cut = write(temp.resolve("cut.gguf"), java.util.Arrays.copyOf(sound, sound.length - 10));
        Path page = write(temp.resolve("page.gguf"), "<!DOCTYPE html>".getBytes(StandardCharsets.UTF_8));
        Path empty = write(temp.resolve("empty.gguf"), new byte[0]);

        assertThat(refused(store.find(cut.toString())))
                .isEqualTo(new Resolved.Refused(
                        "cut_data",
                        "model file cut path=" + cut + " bytes=" + (sound.length - 10) + " expected=" + sound.length));
        assertThat(refused(store.find(page.toString())).message())
                .isEqualTo("not a GGUF file path=" + page + " found=web-page");
        assertThat(refused(store.find(empty.toString())).code()).isEqualTo("cut_header");
    }

    @Test
    void setOfPartsIsOneModelWhicheverPartIsNamed() throws Exception {
        Files.createDirectories(folder);
        for (int part = 0; part < 3; part++) write(folder.resolve(partName(part + 1)), part(part, 3));

        ModelFile byStem = found(store.find("big"));
        ModelFile byPart = found(store.find(folder.resolve(partName(2)).toString()));

        assertThat(byStem.paths()).hasSize(3);
        assertThat(byStem.header().tensors()).hasSize(3);
        assertThat(byStem.ref().name()).isEqualTo("big");
        assertThat(byPart).isEqualTo(byStem);
        assertThat(store.list().models()).containsExactly(byStem);

        Files.delete(folder.resolve(partName(3)));

        assertThat(refused(store.find("big")).code()).isEqualTo("missing_part");
    }

    @Test
    void listShowsSoundModelsAndNamesBrokenOnes() throws Exception {
        Files.createDirectories(folder);
        write(folder.resolve("b.gguf"), sound());
        write(folder.resolve("a.gguf"), sound());
        write(folder.resolve("bad.gguf"), new byte[100]);
        write(folder.resolve(".a.gguf.1-1.part"), sound());
        write(folder.resolve("half.gguf.part"), sound());
        write(folder.resolve("notes.txt"), sound());

        ModelStore.Shelf shelf = store.list();

        assertThat(shelf.models()).extracting(model -> model.ref().name()).containsExactly("a", "b");
        assertThat(shelf.broken()).extracting(Resolved.Refused::code).containsExactly("not_gguf");
        assertThat(shelf.isWhole()).isTrue();
    }

    @Test
    void listOfNoFolderIsEmpty() {
        assertThat(store.list().models()).isEmpty();
    }

    @Test
    void folderThatCannotBeWrittenIsRefusedAndLeftAsItWas() throws Exception {
        Path file = write(temp.resolve("file"), new byte[1]);

        Resolved resolved = new ModelStore(file.resolve("models"), Catalog::bundled).find("demo-tiny");

        assertThat(refused(resolved).message()).startsWith("model cannot be made path=" + file);
        assertThat(names(temp)).containsExactly("file");
    }

    @Test
    void causesThatAUserCanActOnHaveCodes() {
        Path path = Path.of("m.gguf");

        assertThat(ModelStore.failed("model cannot be made", path, new IOException("No space left on device")))
                .isEqualTo(new Resolved.Refused("disk_full", "model cannot be made path=m.gguf cause=disk-full"));
        assertThat(ModelStore.failed("w", path, new FileSystemException("m", null, "Read-only file system"))
                        .code())
                .isEqualTo("read_only");
        assertThat(ModelStore.failed("w", path, new AccessDeniedException("m")).code())
                .isEqualTo("access_denied");
        assertThat(ModelStore.failed("w", path, new FileSystemException("m", null, "Too many links"))
                        .message())
                .isEqualTo("w path=m.gguf cause=Too many links");
    }

    private static byte[] sound() {
        return file(new GgufWriter().text("general.architecture", "llama"), 0);
    }

    private static byte[] part(int number, int count) {
        var writer = new GgufWriter();
        if (number == 0) writer.text("general.architecture", "llama").u32("llama.block_count", 1);
        writer.u16("split.no", number).u16("split.count", count).u32("split.tensors.count", count);
        return file(writer, number);
    }

    private static byte[] file(GgufWriter writer, int number) {
        byte[] header = writer.tensor("t" + number, TensorType.F32, 32).header();
        return java.util.Arrays.copyOf(header, header.length + 128);
    }

    private static String partName(int number) {
        return "big-%05d-of-00003.gguf".formatted(number);
    }

    private static Path write(Path file, byte[] bytes) throws IOException {
        Files.createDirectories(file.toAbsolutePath().resolveSibling("."));
        return Files.write(file, bytes);
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    private static ModelFile found(Resolved resolved) {
        assertThat(resolved).isInstanceOf(Resolved.Found.class);
        return ((Resolved.Found) resolved).file();
    }

    private static List<String> uris(ModelSource source) {
        return source.files().stream().map(file -> file.uri().toString()).toList();
    }

    private static ModelSource fetchable(Resolved resolved) {
        assertThat(resolved).isInstanceOf(Resolved.Fetchable.class);
        return ((Resolved.Fetchable) resolved).source();
    }

    private static Resolved.NotFound notFound(Resolved resolved) {
        assertThat(resolved).isInstanceOf(Resolved.NotFound.class);
        return (Resolved.NotFound) resolved;
    }

    private static Resolved.Refused refused(Resolved resolved) {
        assertThat(resolved).isInstanceOf(Resolved.Refused.class);
        return (Resolved.Refused) resolved;
    }
}
