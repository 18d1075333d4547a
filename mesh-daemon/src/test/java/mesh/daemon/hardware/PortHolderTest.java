package mesh.daemon.hardware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PortHolderTest {
    @Test
    void ownListenerIsFound() throws Exception {
        assumeTrue(Files.isReadable(Path.of("/proc/net/tcp")), "needs Linux's /proc");
        try (var listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var holder = PortHolder.of(listener.getLocalPort());

            assertThat(holder)
                    .hasValueSatisfying(h -> assertThat(h.pid())
                            .isEqualTo(ProcessHandle.current().pid()));
        }
    }

    @Test
    void freePortAndForeignSystemHaveNoHolder(@TempDir Path empty) {
        assertThat(PortHolder.of(1)).isEmpty();
        assertThat(PortHolder.of(80, empty)).isEmpty();
    }

    @Test
    void oddTableIsNoMistakeOfOurs(@TempDir Path proc) throws Exception {
        Files.createDirectories(proc.resolve("net"));
        Files.writeString(proc.resolve("net/tcp"), "header\n  0: garbage\n\n 1: :0050 : 0A\n");

        assertThat(PortHolder.of(0x50, proc)).isEmpty();
    }
}
