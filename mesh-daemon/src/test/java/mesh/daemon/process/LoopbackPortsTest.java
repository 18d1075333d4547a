package mesh.daemon.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.LinkedHashSet;
import org.junit.jupiter.api.Test;

class LoopbackPortsTest {
    @Test
    void portsLieBelowWhatTheSystemLendsToOutgoingConnections() throws IOException {
        var ports = new LoopbackPorts(5000);
        var seen = new LinkedHashSet<Integer>();

        for (int i = 0; i < 50; i++) seen.add(ports.borrow());

        assertThat(seen).hasSize(50).allMatch(port -> port >= 1024 && port < 5000);
    }

    @Test
    void systemThatLendsNearlyAllPortsStillGivesSome() throws IOException {
        assertThat(new LoopbackPorts(1024).borrow()).isBetween(1024, 32_767);
    }
}
