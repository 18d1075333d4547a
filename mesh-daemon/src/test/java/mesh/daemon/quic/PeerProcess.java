package mesh.daemon.quic;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import mesh.core.id.Checked;
import mesh.core.id.Invite;
import mesh.daemon.store.Ed25519Verifier;
import mesh.daemon.store.KeyFile;
import mesh.daemon.store.MeshFiles;

/** A node in a process of its own: joins by the token on its input, or dials as the member it is, and echoes. */
final class PeerProcess {
    private PeerProcess() {}

    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        var key = KeyFile.open(folder.resolve("node.key"));
        var membership = Membership.open(key, new MeshFiles(folder.resolve("mesh")));
        try (var node = new TestNode()) {
            var endpoint = QuicEndpoint.open(TestNode.loopback(), key, membership, node);
            var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
            String token = in.readLine();
            var invite =
                    (Checked.Good<Invite>) Invite.parse(token, Ed25519Verifier.ED25519, System.currentTimeMillis());
            if (membership.standing().isEmpty()) endpoint.join(invite.value(), PeerProcess::report);
            else
                endpoint.dial(
                        invite.value().issuer(),
                        invite.value().terms().addresses().stream()
                                .flatMap(text -> Addresses.parse(text).stream())
                                .toList(),
                        java.util.Optional.empty(),
                        PeerProcess::report);
            // Until the parent closes our input, or kills us.
            while (in.readLine() != null) Thread.onSpinWait();
            endpoint.close();
        }
    }

    private static void report(Dialled outcome) {
        System.out.println(outcome.getClass().getSimpleName());
        System.out.flush();
    }
}
