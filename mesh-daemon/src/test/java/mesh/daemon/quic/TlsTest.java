package mesh.daemon.quic;

import static mesh.daemon.quic.TestNode.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;
import mesh.core.id.Role;
import mesh.daemon.store.NodeKey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TlsTest {
    /** Native code holds what it calls back; held by that in turn, contexts and keys would stay for ever. */
    @Test
    void contextsOfAClosedEndpointAreFreed() throws Exception {
        WeakReference<Tls> contexts = used();

        eventually(() -> {
            System.gc();
            return contexts.refersTo(null);
        });
    }

    private static WeakReference<Tls> used() throws Exception {
        NodeKey key = NodeKey.fresh();
        var tls = new Tls(key);
        try (var founder = new TestNode().found();
                var node = new TestNode(TestNode.loopback(), key, tls)) {
            assertThat(node.join(founder.invite(Role.SPLIT))).isInstanceOf(Dialled.Reached.class);
        }
        return new WeakReference<>(tls);
    }
}
