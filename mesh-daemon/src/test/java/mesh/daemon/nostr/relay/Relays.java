package mesh.daemon.nostr.relay;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Set;

/** Relays of ours on loopback, for tests of other packages. */
public final class Relays {
    private Relays() {}

    public static EmbeddedRelay open(int kind) throws IOException {
        return EmbeddedRelay.open(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new EmbeddedRelay.Rules(Set.of(kind), Set.of()));
    }
}
