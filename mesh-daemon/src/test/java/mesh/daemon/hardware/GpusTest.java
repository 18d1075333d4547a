package mesh.daemon.hardware;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import mesh.daemon.hardware.Gpus.Gpu;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What drivers say, and what they say when they are odd. */
class GpusTest {
    private static final long MIB = 1L << 20;

    @TempDir
    Path root;

    @Test
    void nvidiaCardsAreReadLineByLine() {
        assertThat(Gpus.nvidia("""
                NVIDIA GeForce RTX 4090, 24564, 23028
                NVIDIA H200, 143771, 143167
                """))
                .containsExactly(
                        new Gpu("NVIDIA GeForce RTX 4090", 24564 * MIB, 23028 * MIB, false),
                        new Gpu("NVIDIA H200", 143771 * MIB, 143167 * MIB, false));
    }

    @Test
    void oddWordsOfNvidiaAreNoCards() {
        assertThat(Gpus.nvidia("")).isEmpty();
        assertThat(Gpus.nvidia("NVIDIA GB10, [N/A], [N/A]\n")).isEmpty();
        assertThat(Gpus.nvidia("No devices were found\n")).isEmpty();
        assertThat(Gpus.nvidia("NVIDIA-SMI has failed because it couldn't communicate, with, the driver"))
                .isEmpty();
        assertThat(Gpus.nvidia("Card, 100, 200\nCard, -1, 0\nCard, 99999999999999999999, 1\n"))
                .isEmpty();
        assertThat(Gpus.nvidia("Tesla, with a comma, 16384, 16000"))
                .containsExactly(new Gpu("Tesla, with a comma", 16384 * MIB, 16000 * MIB, false));
    }

    @Test
    void amdCardsAreFoundAmongOthers() throws IOException {
        card("card0", "0x8086", "", "", "");
        card("card1", "0x1002", "25753026560", "1753026560", "Radeon RX 7900 XTX");
        card("card2", "0x1002", "odd", "0", "");
        card("card3", "0x1002", "100", "200", "");
        Files.createDirectories(root.resolve("sys/class/drm/card1-HDMI-A-1"));

        assertThat(Gpus.amd(root)).containsExactly(new Gpu("Radeon RX 7900 XTX", 25753026560L, 24_000_000_000L, false));
        assertThat(Gpus.amd(root.resolve("nowhere"))).isEmpty();
    }

    @Test
    void macsShareTheirMemory() {
        String big = "hw.memsize: 68719476736\niogpu.wired_limit_mb: 0\nmachdep.cpu.brand_string: Apple M4 Max\n";

        assertThat(Gpus.apple(big)).containsExactly(new Gpu("Apple M4 Max", 68719476736L, 51539607552L, true));
        assertThat(Gpus.apple(big.replace("_mb: 0", "_mb: 57344")))
                .containsExactly(new Gpu("Apple M4 Max", 68719476736L, 57344 * MIB, true));
        assertThat(Gpus.apple("hw.memsize: 17179869184\nmachdep.cpu.brand_string: Apple M2\n"))
                .extracting(Gpu::freeBytes)
                .containsExactly(17179869184L / 3 * 2);
        assertThat(Gpus.apple(big.replace("Apple M4 Max", "Intel(R) Core(TM) i7")))
                .isEmpty();
        assertThat(Gpus.apple("sysctl: unknown oid 'iogpu.wired_limit_mb'\n")).isEmpty();
    }

    private void card(String name, String vendor, String total, String used, String product) throws IOException {
        Path device = Files.createDirectories(
                root.resolve("sys/class/drm").resolve(name).resolve("device"));
        Files.writeString(device.resolve("vendor"), vendor + "\n");
        if (!total.isEmpty()) Files.writeString(device.resolve("mem_info_vram_total"), total + "\n");
        if (!used.isEmpty()) Files.writeString(device.resolve("mem_info_vram_used"), used + "\n");
        if (!product.isEmpty()) Files.writeString(device.resolve("product_name"), product + "\n");
    }
}
