package mesh.daemon.engine;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mesh.daemon.process.Command;
import mesh.daemon.process.Readiness;

/** Builds the command line of an rpc-server, which lends this machine's memory to one split. Pure. */
public final class WorkerCommand {
    private WorkerCommand() {}

    /**
     * Listens on 127.0.0.1 only.
     *
     * @param cache where it looks for tensors by their hash and keeps large ones; empty = nowhere
     */
    public static Command of(Engine.Worker worker, int port, int threads, Optional<Path> cache) {
        var words = new ArrayList<String>(
                List.of(worker.program().toString(), "-H", "127.0.0.1", "-p", Integer.toString(port)));
        words.addAll(List.of("-t", Integer.toString(threads)));
        Map<String, String> variables = new LinkedHashMap<>();
        cache.ifPresent(folder -> {
            words.add("-c");
            variables.put("LLAMA_CACHE", folder.toString());
        });
        return new Command(words, variables);
    }

    /** Ready once it answers HELLO; it logs nothing that every build flushes. */
    public static Readiness readiness() {
        return port -> RpcHandshake.isAnswering(port) ? Readiness.Answer.READY : Readiness.Answer.ABSENT;
    }
}
