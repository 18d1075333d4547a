package mesh.testnet.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two real daemons become one mesh by an invite, and stay one. */
class TwoNodesIT {
    @TempDir
    Path folder;

    @Test
    void joinerAndFounderSeeEachOther() throws Exception {
        try (var founder = start("founder");
                var joiner = start("joiner", "--join", founder.invite())) {
            founder.await("peer.joined", e -> e.path("name").asText().equals("joiner"));
            joiner.await("peer.joined", e -> e.path("name").asText().equals("founder"));

            assertThat(joiner.await("mesh.joined").path("meshId").asText())
                    .isEqualTo(founder.await("mesh.founded").path("meshId").asText());
            JsonNode seen = status(founder).at("/peers/0");
            assertThat(seen.path("name").asText()).isEqualTo("joiner");
            assertThat(seen.path("state").asText()).isEqualTo("alive");
            assertThat(seen.path("path").asText()).isEqualTo("direct");
            assertThat(seen.path("memoryBytes").asLong()).isPositive();
            assertThat(status(founder).at("/node/role").asText()).isEqualTo("admin");
            assertThat(status(joiner).at("/node/role").asText()).isEqualTo("split");
        }
    }

    @Test
    void stoppedNodeSaysGoodbyeAndComesBackWithoutItsInvite() throws Exception {
        try (var founder = start("founder")) {
            try (var joiner = start("joiner", "--join", founder.invite())) {
                joiner.await("mesh.joined");
            }
            founder.await("peer.left", e -> e.path("name").asText().equals("joiner"));

            try (var again = start("joiner")) {
                again.await("mesh.joined");
            }
            assertThat(founder.events("peer.lost")).isEmpty();
        }
    }

    @Test
    void ephemeralNodeLeavesNoKeyBehind() throws Exception {
        try (var founder = start("founder");
                var passing = start("passing", "--ephemeral", "--join", founder.invite())) {
            passing.await("mesh.joined");
        }

        assertThat(folder.resolve("passing/identity")).doesNotExist();
        assertThat(folder.resolve("passing/mesh")).doesNotExist();
    }

    @Test
    void keyThatOthersMayReadIsRefusedWithTheFix() throws Exception {
        try (var founder = start("founder")) {
            founder.await("mesh.founded");
        }
        Path key = folder.resolve("founder/identity/node.key");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(key)))
                .isEqualTo("rw-------");
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));

        try (var founder = start("founder")) {
            assertThat(founder.awaitExit()).isEqualTo(1);
            assertThat(founder.said()).contains("chmod 600 " + key);
        }
    }

    private RealNode start(String name, String... more) throws Exception {
        return RealNode.offline(folder, name, more);
    }

    private static JsonNode status(RealNode node) throws Exception {
        return Ask.get(node.management() + "/mesh/v1/status").json();
    }
}
