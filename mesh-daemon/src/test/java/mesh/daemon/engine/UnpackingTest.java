package mesh.daemon.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UnpackingTest {
    @TempDir
    Path folder;

    private Path target;

    @BeforeEach
    void makeTarget() throws IOException {
        target = Files.createDirectory(folder.resolve("target"));
    }

    @Test
    void tarGivesItsFilesItsProgramsAndItsLinks() throws Exception {
        unpack(TestArchive.good().tarGz());

        assertThat(target.resolve("llama-b1/llama-server"))
                .hasContent(TestArchive.SERVER)
                .isExecutable();
        assertThat(Files.readSymbolicLink(target.resolve("llama-b1/libllama.so")))
                .hasToString("libllama.so.0");
        assertThat(target.resolve("llama-b1/libllama.so")).isExecutable();
    }

    @Test
    void zipGivesItsFilesAndItsPrograms() throws Exception {
        unpack(TestArchive.zip("build/bin/llama-server", TestArchive.SERVER, "build/README", "words"));

        assertThat(target.resolve("build/bin/llama-server")).isExecutable();
        assertThat(Files.isExecutable(target.resolve("build/README"))).isFalse();
    }

    @Test
    void longNamesOfBothKindsAreRead() throws Exception {
        String gnu = "g".repeat(150);
        String pax = "p".repeat(150);
        byte[] record = ("160 path=" + pax + "\n").getBytes(StandardCharsets.UTF_8);

        unpack(new TestArchive()
                .entry("././@LongLink", 'L', "", (gnu + "\0").getBytes(StandardCharsets.UTF_8))
                .file("short", "one")
                .entry("pax", 'x', "", record)
                .file("short", "two")
                .file("short", "three")
                .tarGz());

        assertThat(target.resolve(gnu)).hasContent("one");
        assertThat(target.resolve(pax)).hasContent("two");
        assertThat(target.resolve("short")).hasContent("three");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../out", "/tmp/out", "a/../../out", "a\\..\\out", ".."})
    void nameThatLeavesTheFolderIsRefused(String name) {
        assertThat(refusal(new TestArchive().file(name, "x").tarGz())).isEqualTo(InstallReason.BAD_ARCHIVE);
        assertThat(refusal(TestArchive.zip(name, "x"))).isEqualTo(InstallReason.BAD_ARCHIVE);
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/etc/passwd", "../out", "..", "a/b", ""})
    void linkThatLeavesItsFolderIsRefused(String to) {
        assertThat(refusal(new TestArchive().link("link", to).tarGz())).isEqualTo(InstallReason.BAD_ARCHIVE);
    }

    @Test
    void fileIsNotWrittenThroughALink() {
        byte[] overALink = new TestArchive().link("a", "b").file("a", "x").tarGz();
        byte[] belowALink =
                new TestArchive().folder("b").link("a", "b").file("a/x", "x").tarGz();

        assertThat(refusal(overALink)).isEqualTo(InstallReason.BAD_ARCHIVE);
        assertThat(refusal(belowALink)).isEqualTo(InstallReason.BAD_ARCHIVE);
    }

    @Test
    void hardLinksAndDevicesAreRefused() {
        assertThat(refusal(new TestArchive().entry("a", '1', "b", new byte[0]).tarGz()))
                .isEqualTo(InstallReason.BAD_ARCHIVE);
        assertThat(refusal(new TestArchive().entry("a", '3', "", new byte[0]).tarGz()))
                .isEqualTo(InstallReason.BAD_ARCHIVE);
    }

    @Test
    void archiveCutOrBentAnywhereIsRefusedOrUnpackedButNeverThrows() throws Exception {
        byte[] whole = TestArchive.good().tarGz();
        var random = new Random(7);

        for (int i = 0; i < 300; i++) {
            byte[] bent = Arrays.copyOf(whole, 1 + random.nextInt(whole.length));
            if (i % 2 == 0) bent[random.nextInt(bent.length)] ^= (byte) (1 + random.nextInt(255));
            Path own = Files.createDirectory(folder.resolve("bent-" + i));
            try {
                Unpacking.unpack(Files.write(folder.resolve("bent.tar.gz"), bent), own);
            } catch (InstallRefused refused) {
                assertThat(refused.reason()).as("round %s of seed 7", i).isEqualTo(InstallReason.BAD_ARCHIVE);
            }
        }
    }

    private void unpack(byte[] archive) throws IOException, InstallRefused {
        Unpacking.unpack(Files.write(folder.resolve("archive"), archive), target);
    }

    private InstallReason refusal(byte[] archive) {
        InstallRefused refused = catchThrowableOfType(InstallRefused.class, () -> {
            Path own = Files.createTempDirectory(folder, "own");
            Unpacking.unpack(Files.write(folder.resolve("archive"), archive), own);
        });
        assertThat(refused).isNotNull();
        return refused.reason();
    }
}
