package mesh.daemon.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import mesh.daemon.process.Command;
import mesh.daemon.process.Readiness;

/** Builds the command line of an rpc-server, which lends this machine's memory to one split. Pure. */
public final class WorkerCommand {
    private WorkerCommand() {}

    /**
     * Listens on 127.0.0.1 only. Its own cache of tensors is left off: it would keep a second copy of weights on disk and
     * use it without looking whether it is whole.
     */
    public static Command of(Engine.Worker worker, int port, int threads) {
        var words = new ArrayList<>(List.of(
                worker.program().toString(),
                "-H",
                "127.0.0.1",
                "-p",
                Integer.toString(port),
                "-t",
                Integer.toString(threads)));
        if (!worker.device().isEmpty()) words.addAll(List.of("-d", worker.device()));
        return new Command(words, Map.of()).within(new Command.Sight(List.of(), false));
    }

    /** Ready once it answers HELLO; it logs nothing that every build flushes. */
    public static Readiness readiness() {
        return port -> RpcHandshake.isAnswering(port) ? Readiness.Answer.READY : Readiness.Answer.ABSENT;
    }
}
