package mesh.daemon.cli;

import java.util.concurrent.Callable;
import mesh.daemon.Refusal;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Spec;

/** {@code mesh leave}: says goodbye to the mesh, forgets it and ends the running node. */
@Command(name = "leave", description = "Leaves the mesh for good and stops the running node.")
final class LeaveCommand implements Callable<Integer> {
    @Mixin
    final NodeOption node = new NodeOption();

    @Spec
    CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    @Override
    public Integer call() throws Refusal {
        node.node().post("leave", "{}");
        spec.commandLine().getOut().println("left; the old membership is kept in the data dir as mesh-left-…");
        return 0;
    }
}
