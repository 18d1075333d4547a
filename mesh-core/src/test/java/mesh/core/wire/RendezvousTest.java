package mesh.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import mesh.core.id.NodeId;
import org.junit.jupiter.api.Test;

/** The messages of a meeting against their golden vectors, and against what no honest peer sends. */
class RendezvousTest {
    private static final Path VECTORS = Path.of("src/test/resources/golden/rendezvous.txt");
    private static final NodeId NODE = NodeId.parse("0123456789abcdef".repeat(4));
    private static final List<Rendezvous> ALL = List.of(
            new Rendezvous.Seek(17, NODE, List.of("192.168.1.2:4000", "[2001:db8::1]:4000")),
            new Rendezvous.Meet(17, NODE, List.of("203.0.113.9:4001"), 35, 1_234_567_890_123L),
            new Rendezvous.Apart(17, "not_connected"));

    @Test
    void bytesAreTheVectors() throws IOException {
        var lines = new ArrayList<String>();
        for (Rendezvous each : ALL) {
            lines.add(each.toString());
            lines.add(HexFormat.of().formatHex(each.bytes()));
        }
        if (Boolean.getBoolean("golden.rewrite")) Files.write(VECTORS, lines);

        assertThat(lines).isEqualTo(Files.readAllLines(VECTORS));
        for (Rendezvous each : ALL) assertThat(Rendezvous.decode(each.bytes())).contains(each);
    }

    @Test
    void fieldsOfALaterVersionArePassedOver() {
        byte[] bytes = new Rendezvous.Apart(1, "busy").bytes();
        byte[] longer = Arrays.copyOf(bytes, bytes.length + 1);
        longer[0]++;
        longer[bytes.length] = 7;

        assertThat(Rendezvous.decode(longer)).contains(new Rendezvous.Apart(1, "busy"));
    }

    @Test
    void whatIsNoneIsRejected() {
        assertThat(Rendezvous.decode(new byte[0])).isEmpty();
        assertThat(Rendezvous.decode(new Rendezvous.Apart(0, "meeting of no number").bytes()))
                .isEmpty();
        assertThat(Rendezvous.decode(new Rendezvous.Meet(1, NODE, List.of(), 60_000, 1).bytes()))
                .isEmpty();
        var many = java.util.Collections.nCopies(17, "192.0.2.1:1");
        assertThat(Rendezvous.decode(new Rendezvous.Seek(1, NODE, many).bytes()))
                .isEmpty();
    }

    @Test
    void damagedBytesNeverThrow() {
        var chance = new Random(4);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = ALL.get(chance.nextInt(ALL.size())).bytes();
            bytes[chance.nextInt(bytes.length)] = (byte) chance.nextInt();
            byte[] cut = Arrays.copyOf(bytes, chance.nextInt(bytes.length + 1));

            assertThat(Rendezvous.decode(cut)).isNotNull();
        }
    }
}
