package mesh.daemon.cli;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import mesh.daemon.Refusal;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Spec;

/** {@code mesh stop}: ends the running node in order and waits until it is gone. */
@Command(name = "stop", description = "Stops the running node and waits until it is gone.")
final class StopCommand implements Callable<Integer> {
    /** What the daemon gives its requests and children before it lets go, and a little more. */
    private static final long WAIT_SECONDS = 60;

    @Mixin
    final NodeOption node = new NodeOption();

    @Spec
    CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    @Override
    public Integer call() throws Refusal, InterruptedException {
        ManagementClient client = node.node();
        var process = ProcessHandle.of(client.pid());
        client.post("shutdown", "{}");
        try {
            if (process.isPresent()) process.get().onExit().get(WAIT_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException stillThere) {
            throw new Refusal(
                    Refusal.FAILED,
                    "still_running",
                    "the node with pid " + client.pid() + " is still stopping; see mesh logs");
        }
        spec.commandLine().getOut().println("stopped");
        return 0;
    }
}
