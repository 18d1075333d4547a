package mesh.daemon.models;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import mesh.daemon.models.Housekeeping.Removal;
import mesh.daemon.models.Housekeeping.Verdict;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What may go and what may not, and what is sound. */
class HousekeepingTest {
    private static final String SOME_HASH = "0".repeat(64);

    @TempDir
    Path folder;

    private ModelStore store;
    private Housekeeping housekeeping;
    private Path file;

    @BeforeEach
    void putAModelThere() throws Exception {
        store = new ModelStore(folder, Catalog::bundled);
        housekeeping = new Housekeeping(store, Catalog.bundled());
        Path made = ((Resolved.Found) store.find("demo-tiny")).file().path();
        file = Files.copy(made, folder.resolve("mine.gguf"));
    }

    @Test
    void whatSomebodyElsePutThereIsNeverRemoved() throws Exception {
        Removal removal = housekeeping.remove("mine");

        assertThat(removal).isInstanceOf(Removal.Refused.class);
        assertThat(((Removal.Refused) removal).code()).isEqualTo("not_ours");
        assertThat(file).exists();
    }

    @Test
    void whatWasFetchedIsRemovedWithItsNote() throws Exception {
        store.notes().fetched(file, "somewhere", SOME_HASH, Files.size(file));

        assertThat(housekeeping.remove("mine")).isInstanceOf(Removal.Removed.class);

        assertThat(file).doesNotExist();
        assertThat(store.notes().of(file).isOurs()).isFalse();
    }

    @Test
    void demosWereMadeHereAndMayGo() throws Exception {
        assertThat(housekeeping.remove("demo-tiny")).isInstanceOf(Removal.Removed.class);
        assertThat(file).exists();
    }

    @Test
    void halfFetchedModelIsRemovedByItsName() throws Exception {
        Path part = Files.createFile(folder.resolve("some.gguf.part"));
        Path note = Files.createFile(folder.resolve("some.gguf.part.json"));

        assertThat(housekeeping.remove("org/repo/some.gguf")).isInstanceOf(Removal.Removed.class);

        assertThat(part).doesNotExist();
        assertThat(note).doesNotExist();
        assertThat(((Removal.Refused) housekeeping.remove("org/repo/some.gguf")).code())
                .isEqualTo("not_here");
    }

    @Test
    void damageIsSeenAndAHashNobodySaidIsCalledThat() throws Exception {
        ModelFile model = ((Resolved.Found) store.find("mine")).file();
        Verdict unknown = housekeeping.verify(model, (done, total) -> {}).getFirst();
        store.notes().fetched(file, "somewhere", ((Verdict.Unknown) unknown).sha256(), Files.size(file));
        Verdict sound = housekeeping.verify(model, (done, total) -> {}).getFirst();
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);

        assertThat(unknown).isInstanceOf(Verdict.Unknown.class);
        assertThat(sound).isInstanceOf(Verdict.Sound.class);
        assertThat(housekeeping.verify(model, (done, total) -> {}).getFirst()).isInstanceOf(Verdict.Damaged.class);
    }

    @Test
    void servingIsRemembered() {
        ModelFile model = ((Resolved.Found) store.find("mine")).file();

        store.used(model);

        assertThat(store.notes().of(file).usedAt()).isNotNull();
        assertThat(store.notes().of(file).isOurs()).isFalse();
    }
}
