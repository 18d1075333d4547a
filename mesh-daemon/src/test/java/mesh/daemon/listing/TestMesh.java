package mesh.daemon.listing;

import java.util.HexFormat;
import java.util.List;
import mesh.core.id.Certificate;
import mesh.core.id.Credential;
import mesh.core.id.Invite;
import mesh.core.id.MeshId;
import mesh.core.id.Role;
import mesh.core.id.Serial;
import mesh.core.listing.Listing;
import mesh.core.listing.ListingProof;
import mesh.daemon.nostr.Event;
import mesh.daemon.nostr.KeyPow;
import mesh.daemon.nostr.NostrKey;
import mesh.daemon.store.NodeKey;

/** A mesh of one node with real keys, and the listings it would publish, true ones and ones that lie. */
final class TestMesh {
    /** Enough to tell work from none, little enough for thousands of keys. */
    static final int WORK_BITS = 4;

    static final long TTL_SECONDS = 180;

    final NodeKey meshKey = NodeKey.fresh();
    final NodeKey node = NodeKey.fresh();
    final NostrKey publisher = NostrKey.fresh();
    final Credential credential;
    final long nowSeconds = System.currentTimeMillis() / 1_000;
    final long powNonce;
    List<String> addresses = List.of("127.0.0.1:4433");
    List<String> sealed = List.of();
    private long serial;

    TestMesh() {
        long now = nowSeconds * 1_000;
        credential = Credential.root(
                Certificate.issue(meshKey, node.id(), Role.ADMIN, now - 60_000, now + 3_600_000, new Serial(1, 1)));
        powNonce = worked(publisher);
    }

    static long worked(NostrKey key) {
        try {
            return KeyPow.mine(ListingEvent.APPLICATION, key.author(), WORK_BITS);
        } catch (InterruptedException never) {
            throw new AssertionError(never);
        }
    }

    MeshId id() {
        return new MeshId(meshKey.id());
    }

    Listing listing(String name, String... serving) {
        return new Listing(
                id(),
                name,
                "AU",
                List.of(serving),
                serving.length,
                List.of(),
                List.of(),
                8L << 30,
                1,
                0,
                0,
                Listing.PROTOCOL,
                new Listing.Entry(node.id(), "", "", ""));
    }

    String token(Role role, long notAfterSeconds) {
        return Invite.issue(
                        node,
                        new Invite.Terms(
                                credential,
                                addresses,
                                role,
                                notAfterSeconds * 1_000,
                                Invite.UNCOUNTED,
                                new Serial(2, ++serial)))
                .token();
    }

    Event listed(Listing bare) {
        return listed(bare, publisher, powNonce, nowSeconds, nowSeconds + TTL_SECONDS);
    }

    /** With invites and proof that belong to it. */
    Event listed(Listing bare, NostrKey by, long nonce, long createdAt, long expiration) {
        long until = Math.max(expiration, nowSeconds + 10);
        return listed(bare, by, nonce, createdAt, expiration, token(Role.CLIENT, until), token(Role.SERVE, until));
    }

    Event listed(
            Listing bare,
            NostrKey by,
            long nonce,
            long createdAt,
            long expiration,
            String clientToken,
            String serveToken) {
        byte[] proof = ListingProof.sign(node, by.author(), id(), expiration, clientToken, serveToken);
        var entry = new Listing.Entry(
                node.id(), clientToken, serveToken, HexFormat.of().formatHex(proof));
        return by.sign(ListingEvent.listed(bare.at(entry), nonce, sealed, createdAt, expiration));
    }
}
