package mesh.testnet.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import mesh.testnet.fake.FakeLlamaProgram;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an invite makes of whoever joins by it. */
class RolesIT {
    @TempDir
    Path folder;

    private final List<RealNode> nodes = new ArrayList<>();

    @AfterEach
    void end() {
        for (RealNode node : nodes) node.close();
    }

    @Test
    void clientIsLetInAndIsInNobodysGossip() throws Exception {
        RealNode founder = start("founder");
        RealNode member = start("member", "--join", founder.invite());
        member.await("mesh.joined");
        String token = Ask.post(founder.management() + "/mesh/v1/invites", "{\"role\": \"client\"}")
                .json()
                .path("token")
                .asText();

        RealNode client = start("client", "--join", token);

        awaitRole(client, "client");
        // The founder has granted it when it knows; what it would say of the client it has said by its next rounds.
        RealNode late = start("late", "--join", founder.invite());
        late.await("mesh.joined");
        for (RealNode node : List.of(founder, member, late))
            assertThat(Ask.get(node.management() + "/mesh/v1/peers").text()).doesNotContain("\"client\"");
        assertThat(founder.events("peer.joined"))
                .noneMatch(e -> e.path("name").asText().equals("client"));
        assertThat(Ask.post(client.management() + "/mesh/v1/invites", "{}").code())
                .isEqualTo("not_admin");
    }

    @Test
    void joinerServesTheModelItBrings() throws Exception {
        Path engine = folder.resolve("engine");
        FakeLlamaProgram.install(engine, "");
        RealNode founder = start("founder");

        RealNode joiner =
                start("joiner", "--join", founder.invite(), "--model", "demo-tiny", "--bin-dir", engine.toString());

        joiner.await("mesh.joined");
        joiner.await("model.ready");
        assertThat(Ask.chat(joiner.api(), "demo-tiny").status()).isEqualTo(200);
        long deadline = System.nanoTime() + RealNode.PATIENCE.toNanos();
        while (!Ask.get(founder.management() + "/mesh/v1/peers").text().contains("demo-tiny")) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    private static void awaitRole(RealNode node, String role) throws Exception {
        long deadline = System.nanoTime() + RealNode.PATIENCE.toNanos();
        while (!Ask.get(node.management() + "/mesh/v1/status")
                .json()
                .at("/node/role")
                .asText()
                .equals(role)) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    private RealNode start(String name, String... more) throws Exception {
        var line = new ArrayList<>(List.of("--name", name, "--offline"));
        line.addAll(List.of(more));
        if (!line.contains("--bin-dir"))
            line.addAll(List.of("--bin-dir", folder.resolve("none").toString()));
        RealNode node = RealNode.serve(folder.resolve(name), Map.of(), line.toArray(String[]::new));
        nodes.add(node);
        return node;
    }
}
