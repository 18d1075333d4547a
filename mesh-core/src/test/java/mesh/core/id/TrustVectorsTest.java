package mesh.core.id;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The bytes that other versions and languages must read; {@code -Dgolden.rewrite=true} writes them anew. */
class TrustVectorsTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden/trust.txt");
    private static final long NOW = 1_800_000_000_000L;

    @Test
    void bytesAreThoseOfTheGoldenFile() throws IOException {
        String vectors = vectors();
        if (Boolean.getBoolean("golden.rewrite")) Files.writeString(GOLDEN, vectors);

        assertThat(Files.readString(GOLDEN)).isEqualTo(vectors);
    }

    @Test
    void fieldsOfALaterVersionAreSkipped() throws IOException {
        // The array grows by one text field; the signature then covers it as it is carried.
        byte[] body = HexFormat.of().parseHex("84" + "66666f6f626172" + "01" + "6161" + "6162");

        var read = Signed.decode(body, body.length, "foobar", fields -> fields.number(1));

        assertThat(read).isEqualTo(Checked.good(1L));
    }

    private static String vectors() {
        var mesh = new TestKey(1);
        var founder = new TestKey(2);
        var root = Certificate.issue(mesh, founder.id(), Role.ADMIN, NOW, NOW + 1_000, new Serial(1, 2));
        var own = Credential.root(root);
        var invite = Invite.issue(
                founder, new Invite.Terms(own, List.of("192.0.2.7:4433"), Role.SERVE, NOW + 500, 3, new Serial(3, 4)));
        var ofNode = Revocation.issue(
                mesh,
                new Revocation.Terms(
                        new MeshId(mesh.id()),
                        new Revocation.Target.Node(founder.id()),
                        Optional.empty(),
                        NOW,
                        NOW + 1_000));
        var ofInvite = Revocation.issue(
                founder,
                new Revocation.Terms(
                        new MeshId(mesh.id()),
                        new Revocation.Target.Numbered(new Serial(3, 4)),
                        Optional.of(own),
                        NOW,
                        NOW + 500));
        var hello = new Hello(Optional.of(own), Optional.empty(), 5, 6, 7, "192.0.2.7:4433", false);
        var welcome = new Welcome(Optional.empty(), Optional.of(own), Optional.empty(), 8, "192.0.2.9:1", false);
        var refused = Welcome.refused(Refusal.USED_UP, 8, "192.0.2.9:1");
        return """
                keys: Ed25519, seeds of 32 equal bytes, mesh 01, founder 02; times from 1800000000000
                ----
                certificate %s
                invite %s
                revocation-of-node %s
                revocation-of-invite %s
                hello %s
                welcome %s
                refused %s
                """.formatted(
                        hex(root.bytes()),
                        invite.token(),
                        hex(ofNode.bytes()),
                        hex(ofInvite.bytes()),
                        hex(hello.bytes()),
                        hex(welcome.bytes()),
                        hex(refused.bytes()));
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
