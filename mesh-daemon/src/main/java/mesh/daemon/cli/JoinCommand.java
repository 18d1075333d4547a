package mesh.daemon.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.time.Duration;
import java.util.concurrent.Callable;
import mesh.daemon.Refusal;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mesh join}: takes the running node into another mesh, models and all. */
@Command(name = "join", description = "Takes the running node into the mesh of an invite, without a restart.")
final class JoinCommand implements Callable<Integer> {
    private static final JsonMapper JSON = new JsonMapper();

    /** Longer than the node tries to reach the other mesh. */
    private static final Duration PATIENCE = Duration.ofSeconds(45);

    @Mixin
    final NodeOption node = new NodeOption();

    @Parameters(paramLabel = "TOKEN", description = "The invite.")
    String token = "";

    @Option(names = "--leave", description = "Also when that means to leave others behind.")
    boolean leaves;

    @Spec
    CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    @Override
    public Integer call() throws Refusal {
        String wish =
                JSON.createObjectNode().put("token", token).put("leave", leaves).toString();
        JsonNode joined = node.node().post("join", wish, PATIENCE);
        spec.commandLine().getOut().println("joined mesh " + joined.path("name").asText());
        return 0;
    }
}
