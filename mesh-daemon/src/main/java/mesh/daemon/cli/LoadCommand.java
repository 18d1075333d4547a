package mesh.daemon.cli;

import java.util.concurrent.Callable;
import mesh.daemon.Refusal;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mesh load}: has the running node serve one more model. */
@Command(name = "load", description = "Has the running node serve one more model.")
final class LoadCommand implements Callable<Integer> {
    @Mixin
    final NodeOption node = new NodeOption();

    @Parameters(paramLabel = "MODEL", description = "As after --model: a path, a name on disk, or a demo.")
    String model = "";

    @Spec
    CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    @Override
    public Integer call() throws Refusal {
        String name = node.node()
                .post("models", Json.object("model", model))
                .path("name")
                .asText();
        spec.commandLine().getOut().println(name + " is loading; see: mesh status");
        return 0;
    }
}
