package mesh.core.member;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.SplittableRandom;
import mesh.core.id.NodeId;
import org.junit.jupiter.api.Test;

class PeersByIdTest {
    private static final int IDS = 300;

    @Test
    void behavesAsAMapDoes() {
        var random = new SplittableRandom(1);
        var peers = new PeersById();
        var map = new HashMap<NodeId, Peer>();

        for (int step = 0; step < 20_000; step++) {
            Peer peer = peer(random.nextInt(IDS));
            // Fills and empties in turn, so that long rows of slots form and break.
            if (random.nextInt(100) < (step / 2_000 % 2 == 0 ? 70 : 30))
                assertThat(peers.add(peer)).isEqualTo(map.putIfAbsent(peer.id(), peer) == null);
            else {
                peers.remove(peer.id());
                map.remove(peer.id());
            }
            assertThat(peers.size()).isEqualTo(map.size());
            assertThat(peers.get(peer.id())).isSameAs(map.get(peer.id()));
        }

        for (int node = 0; node < IDS; node++)
            assertThat(peers.get(Profiles.id(node))).isSameAs(map.get(Profiles.id(node)));
    }

    private static Peer peer(int node) {
        var word = new Announcement(
                Profiles.id(node), 1, 1, Profiles.of(1).build(), new Carried(new byte[0], new byte[0]));
        return new Peer(word, 0);
    }
}
