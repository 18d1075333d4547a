package mesh.testnet.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import mesh.core.id.ModelRef;
import mesh.testnet.fake.FakeLlamaProgram;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What clients cost the mesh they ask. {@code -Dmesh.crowd.clients=200} for the figures; the build has fewer. */
class CrowdIT {
    private static final int CLIENTS = Integer.getInteger("mesh.crowd.clients", 25);
    private static final int ROUNDS = 5;

    /** The design's own bound on a client's cost to its host. */
    private static final long BYTES_PER_CLIENT_MAX = 64 << 10;

    @TempDir
    Path folder;

    private final List<RealNode> nodes = new ArrayList<>();

    @AfterEach
    void end() {
        for (RealNode node : nodes) node.close();
    }

    @Test
    void clientsAreInNobodysViewAndCostTheirHostLittle() throws Exception {
        Path engine = folder.resolve("engine");
        FakeLlamaProgram.install(engine, "firstTokenMillis=5");
        RealNode host = start("host", "--model", "demo-tiny", "--bin-dir", engine.toString(), "--parallel", "16");
        RealNode member = start(
                "member",
                "--bin-dir",
                Files.createDirectories(folder.resolve("none")).toString(),
                "--join",
                host.invite());
        host.await("model.ready");
        member.await("mesh.joined");
        askInTurn(host.api());
        long alone = host.heapBytes();

        var crowd = new Crowd(folder, clientInvite(host), CLIENTS, new ModelRef("demo-tiny"));
        try {
            askInTurn(crowd.api());
            long asked = host.heapBytes();
            for (int round = 1; round < ROUNDS; round++) askInTurn(crowd.api());
            long askedOften = host.heapBytes();

            System.getLogger(CrowdIT.class.getName())
                    .log(
                            System.Logger.Level.INFO,
                            String.format(
                                    Locale.ROOT,
                                    "clients=%d heapBytes alone=%d asked=%d asked%dTimes=%d perClient=%d",
                                    CLIENTS,
                                    alone,
                                    asked,
                                    ROUNDS,
                                    askedOften,
                                    (askedOften - alone) / CLIENTS));
            assertThat((asked - alone) / CLIENTS).isLessThan(BYTES_PER_CLIENT_MAX);
            assertThat((askedOften - alone) / CLIENTS).isLessThan(BYTES_PER_CLIENT_MAX);
            assertThat(peersOf(host)).containsExactly("member");
            assertThat(peersOf(member)).containsExactly("host");
        } finally {
            crowd.end();
        }
    }

    private static void askInTurn(String api) throws Exception {
        for (int i = 0; i < CLIENTS; i++) {
            var answer = Ask.chat(api, "demo-tiny");
            assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        }
    }

    private static List<String> peersOf(RealNode node) throws Exception {
        return Ask.get(node.management() + "/mesh/v1/peers").json().findValuesAsText("name");
    }

    private static String clientInvite(RealNode host) throws Exception {
        return Ask.post(host.management() + "/mesh/v1/invites", "{\"role\":\"client\",\"uses\":" + CLIENTS + "}")
                .json()
                .path("token")
                .asText();
    }

    private RealNode start(String name, String... more) throws Exception {
        RealNode node = RealNode.offline(folder, name, more);
        nodes.add(node);
        return node;
    }
}
