package mesh.daemon.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import mesh.core.Effect;
import mesh.core.id.MeshId;
import mesh.core.id.NodeId;
import mesh.core.member.Announcement;
import mesh.core.member.Carried;
import mesh.core.member.Change;
import org.junit.jupiter.api.Test;

class DispatcherTest {
    private static final int KNOWN_MAX = 20_000;

    private final Links links = new Links();
    private final Dispatcher dispatcher = new Dispatcher(new MeshId(id(0)), links, new Bystander(), snapshot -> {});

    @Test
    void addressOfAnOldMemberInUseOutlivesThoseWhoCameAndWent() {
        joined(1);

        for (int i = 2; i < KNOWN_MAX + 10; i++) {
            joined(i);
            // A living member is written to now and then.
            if (i % 1_000 == 0) links.addresses(id(1));
        }

        assertThat(links.addresses(id(1))).containsExactly(new InetSocketAddress("127.0.0.1", 7));
        assertThat(links.addresses(id(2))).isEmpty();
    }

    private void joined(int number) {
        var said = new Announcement(
                id(number),
                1,
                1,
                Bystander.profile("guest", List.of("127.0.0.1:7")),
                new Carried(new byte[0], new byte[0]));
        dispatcher.carry(new Effect.Noticed(new Change.Joined(id(number), said)));
    }

    private static NodeId id(int number) {
        return NodeId.of(ByteBuffer.allocate(NodeId.BYTES).putInt(number).array());
    }
}
