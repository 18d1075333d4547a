package mesh.testnet.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who was put out of a mesh of real daemons is out everywhere, whoever was away and whoever restarts. */
class RevokeIT {
    /** The design's time for a dead member; a revoked one is told of and is faster. */
    private static final Duration PROMISED = Duration.ofSeconds(3);

    /** Exit code of a node that may not join because somebody revoked something. */
    private static final int REVOKED = 15;

    @TempDir
    Path folder;

    private final List<RealNode> nodes = new ArrayList<>();

    @AfterEach
    void end() {
        for (RealNode node : nodes) node.close();
    }

    @Test
    void revokedMemberIsOutEverywhereAndForGood() throws Exception {
        RealNode founder = start("founder");
        String invite = founder.invite();
        RealNode loyal = joined("loyal", invite);
        RealNode traitor = joined("traitor", invite);
        RealNode absent = joined("absent", invite);
        sees(loyal, "founder", "traitor", "absent");
        sees(absent, "founder", "traitor", "loyal");
        absent.close();

        assertThat(run("invite", "revoke", "traitor")).contains("out of the mesh");
        long revoked = System.nanoTime();

        sees(founder, "loyal");
        sees(loyal, "founder");
        assertThat(System.nanoTime() - revoked).isLessThan(PROMISED.toNanos());
        assertThat(traitor.awaitExit()).isEqualTo(REVOKED);

        founder.close();
        loyal.close();
        loyal = start("loyal");
        RealNode returned = start("absent");
        returned.await("revocation.learned");
        sees(loyal, "absent");
        try (var knowing = start("traitor")) {
            knowing.await("membership.revoked");
        }
        // A traitor forgets on purpose.
        Files.delete(folder.resolve("traitor/mesh/revocations"));
        start("traitor").await("member.refused", e -> e.path("reason").asText().equals("revoked"));
        sees(loyal, "absent");
        assertThat(refused(loyal) + refused(returned)).isPositive();
    }

    @Test
    void anyAdminAdmitsAndRevokesWhenTheFounderIsGone() throws Exception {
        RealNode founder = start("founder");
        RealNode admin = joined("admin", create(founder, "admin"));
        RealNode member = joined("member", create(founder, "split"));
        founder.handle().destroyForcibly();

        RealNode newcomer = joined("newcomer", create(admin, "split"));

        sees(member, "admin", "newcomer");
        sees(newcomer, "admin", "member");
        assertThat(Ask.delete(admin.management() + "/mesh/v1/peers/newcomer").status())
                .isEqualTo(200);
        sees(member, "admin");
        assertThat(Ask.delete(member.management() + "/mesh/v1/peers/admin").code())
                .isEqualTo("not_admin");
        assertThat(Ask.delete(admin.management() + "/mesh/v1/peers/nobody").code())
                .isEqualTo("peer_unknown");
    }

    private static void sees(RealNode node, String... names) throws Exception {
        long deadline = System.nanoTime() + RealNode.PATIENCE.toNanos();
        List<String> seen = List.of();
        while (System.nanoTime() < deadline) {
            seen = new ArrayList<>();
            for (JsonNode peer : Ask.get(node.management() + "/mesh/v1/peers").json())
                seen.add(peer.path("name").asText());
            if (seen.size() == names.length && seen.containsAll(List.of(names))) return;
            TimeUnit.MILLISECONDS.sleep(20);
        }
        assertThat(seen).containsExactlyInAnyOrder(names);
    }

    private static int refused(RealNode node) throws Exception {
        return Ask.get(node.management() + "/mesh/v1/status")
                .json()
                .at("/refused/refused_revoked")
                .asInt();
    }

    private static String create(RealNode node, String role) throws Exception {
        node.await("endpoint.opened");
        return Ask.post(node.management() + "/mesh/v1/invites", "{\"role\": \"" + role + "\"}")
                .json()
                .path("token")
                .asText();
    }

    private String run(String... command) throws Exception {
        var line = new ArrayList<>(List.of(command));
        line.addAll(List.of("--data-dir", folder.resolve("founder").toString()));
        try (var program = RealNode.start(Map.of(), line)) {
            assertThat(program.awaitExit()).as(program.said()).isZero();
            return program.said();
        }
    }

    private RealNode joined(String name, String token) throws Exception {
        RealNode node = start(name, "--join", token);
        node.await("mesh.joined");
        return node;
    }

    private RealNode start(String name, String... more) throws Exception {
        RealNode node = RealNode.offline(folder, name, more);
        nodes.add(node);
        return node;
    }
}
