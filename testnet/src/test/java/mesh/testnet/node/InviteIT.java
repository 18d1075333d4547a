package mesh.testnet.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import mesh.testnet.fake.FakeLlamaProgram;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every way in which an invite can fail has its own reason and exit code; none leaves the newcomer hanging. */
class InviteIT {
    private static final int MALFORMED = 11;
    private static final int TAMPERED = 12;
    private static final int EXPIRED = 13;
    private static final int REVOKED = 15;
    private static final int USED_UP = 16;
    private static final int WRONG_MESH = 17;

    @TempDir
    Path folder;

    RealNode founder;

    @BeforeEach
    void found() throws Exception {
        founder = start("founder");
        founder.invite();
    }

    @AfterEach
    void end() {
        founder.close();
    }

    @Test
    void noInviteAtAllIsMalformed() throws Exception {
        assertThat(refused(MALFORMED, "hello")).contains("mesh1.");
        assertThat(refused(MALFORMED, founder.invite().substring(0, 60))).contains("no invite");
    }

    @Test
    void changedInviteIsTampered() throws Exception {
        String token = founder.invite();
        int at = token.length() - 20;
        String changed = token.substring(0, at) + (token.charAt(at) == 'A' ? 'B' : 'A') + token.substring(at + 1);

        assertThat(refused(TAMPERED, changed)).contains("signature");
    }

    @Test
    void inviteEndsWithItsTime() throws Exception {
        JsonNode invite = create("{\"expiresSeconds\": 1}");
        Instant end = Instant.parse(invite.path("expires").asText());
        while (!Instant.now().isAfter(end)) Thread.onSpinWait();

        assertThat(refused(EXPIRED, invite.path("token").asText())).contains("expired");
    }

    @Test
    void revokedInviteLetsNobodyIn() throws Exception {
        JsonNode invite = create("{}");
        String id = invite.path("id").asText();

        assertThat(Ask.delete(invites() + "/" + id).status()).isEqualTo(200);

        assertThat(refused(REVOKED, invite.path("token").asText())).contains("revoked");
        assertThat(Ask.get(invites()).text()).contains(id).contains("revoked");
        String another = (id.charAt(0) == 'f' ? "e" : "f") + id.substring(1);
        assertThat(Ask.delete(invites() + "/" + another).status()).isEqualTo(404);
    }

    @Test
    void inviteLetsInAsManyAsItSaysEvenAfterItsIssuersRestart() throws Exception {
        String token = create("{\"uses\": 1}").path("token").asText();
        try (var first = start("first", "--join", token)) {
            first.await("mesh.joined");
        }
        founder.close();
        founder = start("founder");
        founder.invite();

        assertThat(refused(USED_UP, token)).contains("as many");
    }

    @Test
    void memberOfAnotherMeshIsToldToLeaveFirst() throws Exception {
        try (var member = start("member", "--join", founder.invite())) {
            member.await("mesh.joined");
        }
        try (var other = start("other");
                var member = start("member", "--join", other.invite())) {
            assertThat(member.awaitExit()).isEqualTo(WRONG_MESH);
            assertThat(member.said()).contains("mesh leave");
        }
    }

    @Test
    void nodeThatWasAloneGivesUpItsOwnMesh() throws Exception {
        try (var alone = start("alone")) {
            alone.await("mesh.founded");
        }
        try (var alone = start("alone", "--join", founder.invite())) {
            alone.await("mesh.joined");
        }
    }

    @Test
    void runningNodeGoesOverWithItsModel() throws Exception {
        Path engine = Files.createDirectory(folder.resolve("engine"));
        FakeLlamaProgram.install(engine, "firstTokenMillis=5");
        try (var node = start("node", "--model", "demo-tiny", "--bin-dir", engine.toString())) {
            node.await("model.ready");
            var engines = node.descendants();

            assertThat(run("node", "join", founder.invite())).startsWith("joined mesh");
            node.await("mesh.joined");
            founder.await("peer.joined");
            RoutingIT.awaitModel(founder, "demo-tiny", "ready");
            assertThat(node.descendants()).isEqualTo(engines);
            assertThat(join(node, founder.invite(), false).code()).isEqualTo("already_member");
        }
    }

    @Test
    void nodeLeavesOthersOnlyWhenToldTo() throws Exception {
        try (var other = start("other");
                var member = start("member", "--join", founder.invite())) {
            member.await("mesh.joined");

            assertThat(join(member, other.invite(), false).code()).isEqualTo("in_a_mesh");
            assertThat(join(member, other.invite(), true).status()).isEqualTo(200);
            other.await("peer.joined");
            founder.await("peer.left");
        }
    }

    private static Ask.Answer join(RealNode node, String token, boolean leave) throws Exception {
        return Ask.post(node.management() + "/mesh/v1/join", "{\"token\":\"" + token + "\",\"leave\":" + leave + "}");
    }

    @Test
    void inviteIsReadFromStandardInput() throws Exception {
        try (var joiner = start("joiner", "--join", "-")) {
            joiner.say(founder.invite());

            joiner.await("mesh.joined");
        }
    }

    @Test
    void newcomerRunsAloneUntilSomebodyAnswers() throws Exception {
        String token = founder.invite();
        founder.close();

        try (var joiner = start("joiner", "--join", token)) {
            joiner.await("mesh.unreached");
            assertThat(Ask.get(joiner.api() + "/livez").status()).isEqualTo(200);

            founder = start("founder");
            joiner.await("mesh.joined");
        }
    }

    @Test
    void commandsMakeListAndRevokeInvites() throws Exception {
        assertThat(run("founder", "invite", "create", "--role", "serve", "--uses", "2", "--expires", "30m"))
                .startsWith("mesh --join mesh1.");
        String listed = run("founder", "invite", "list");
        assertThat(listed).contains("serve").contains("0 of 2");

        String id = listed.lines()
                .filter(line -> line.contains("serve"))
                .findFirst()
                .orElseThrow()
                .split(" ")[0];
        run("founder", "invite", "revoke", id);

        assertThat(run("founder", "invite", "list")).containsPattern(id + " +serve +revoked");
    }

    private JsonNode create(String wanted) throws Exception {
        return Ask.post(invites(), wanted).json();
    }

    private String invites() throws Exception {
        return founder.management() + "/mesh/v1/invites";
    }

    private String refused(int exitCode, String token) throws Exception {
        try (var newcomer = start("newcomer", "--join", token)) {
            assertThat(newcomer.awaitExit()).as(newcomer.said()).isEqualTo(exitCode);
            return newcomer.said();
        }
    }

    private String run(String node, String... command) throws Exception {
        var line = new ArrayList<>(List.of(command));
        line.addAll(List.of("--data-dir", folder.resolve(node).toString()));
        try (var program = RealNode.start(Map.of(), line)) {
            assertThat(program.awaitExit()).as(program.said()).isZero();
            return program.said();
        }
    }

    private RealNode start(String name, String... more) throws Exception {
        return RealNode.offline(folder, name, more);
    }
}
