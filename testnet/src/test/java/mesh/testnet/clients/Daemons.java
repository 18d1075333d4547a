package mesh.testnet.clients;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import mesh.daemon.models.Catalog;
import mesh.daemon.models.ModelStore;
import mesh.daemon.models.Resolved;
import mesh.testnet.node.RealNode;

/** A real daemon that serves the models, and where wanted a second one without any, which is the one that is asked. */
final class Daemons implements SetUp {
    private final String name;
    private final List<RealNode> nodes;
    private final String root;

    private Daemons(String name, List<RealNode> nodes) throws InterruptedException {
        this.name = name;
        this.nodes = nodes;
        this.root = nodes.getLast().api();
    }

    /** The node that has the models is asked. */
    static Daemons local(Path engine, Path folder) throws Exception {
        return new Daemons("local edge", List.of(serving(engine, folder.resolve("local"))));
    }

    /** A node that has none is asked; the answers come from its peer, over QUIC. */
    static Daemons peer(Path engine, Path folder) throws Exception {
        RealNode serving = serving(engine, folder.resolve("serving"));
        RealNode asked = RealNode.serve(
                folder.resolve("asked"),
                Map.of(),
                "--name",
                "asked",
                "--offline",
                "--client",
                "--join",
                serving.invite());
        asked.await("mesh.joined");
        return new Daemons("edge, QUIC, peer", List.of(serving, asked));
    }

    private static RealNode serving(Path engine, Path folder) throws Exception {
        RealNode node = RealNode.serve(
                folder,
                Map.of(),
                "--name",
                "serving",
                "--offline",
                "--parallel",
                "1",
                "--bin-dir",
                engine.toString(),
                "--model",
                RECITES,
                "--model",
                ENDLESS,
                "--model",
                EMBEDS,
                "--model",
                broken(folder));
        for (String model : List.of(RECITES, ENDLESS, EMBEDS))
            node.await("model.ready", event -> event.path("model").asText().equals(model));
        return node;
    }

    /** Of the same length, so that every offset in the file stays true. */
    private static String broken(Path folder) throws IOException {
        Path models = Files.createDirectories(folder.resolve("strange"));
        if (!(new ModelStore(models, Catalog::bundled).find("demo-tiny") instanceof Resolved.Found(var demo)))
            throw new AssertionError("no demo");
        String sound = new String(Files.readAllBytes(demo.path()), StandardCharsets.ISO_8859_1);
        String strange = sound.replace("llama", "lhama");
        return Files.writeString(models.resolve(BROKEN + ".gguf"), strange, StandardCharsets.ISO_8859_1)
                .toString();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String root() {
        return root;
    }

    @Override
    public boolean isMesh() {
        return true;
    }

    @Override
    public long victim() {
        List<JsonNode> started = nodes.getFirst().events("child.started").stream()
                .filter(event -> event.path("child").asText().equals(ENDLESS))
                .toList();
        return started.getLast().path("pid").asLong();
    }

    @Override
    public void close() {
        nodes.reversed().forEach(RealNode::close);
    }
}
