package mesh.daemon.cli;

import java.util.concurrent.Callable;
import mesh.daemon.Refusal;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mesh drop}: has the running node stop serving a model. */
@Command(name = "drop", description = "Has the running node stop serving a model. Its file stays.")
final class DropCommand implements Callable<Integer> {
    @Mixin
    final NodeOption node = new NodeOption();

    @Parameters(paramLabel = "MODEL", description = "Its name, as mesh status shows it.")
    String model = "";

    @Spec
    CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    @Override
    public Integer call() throws Refusal {
        node.node().delete("models/" + Json.pathSegment(model));
        spec.commandLine().getOut().println(model + " is no longer served");
        return 0;
    }
}
