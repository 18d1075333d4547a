package mesh.daemon.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import mesh.daemon.hardware.Device;
import org.jspecify.annotations.Nullable;

/**
 * Runs a folder's llama.cpp to learn what it is: {@code --version}, {@code --help}, and the worker's handshake. Blocks for
 * some tens of milliseconds, seconds where a GPU driver wakes up; call it on a virtual thread.
 */
public final class EngineProbe {
    /** What upstream and its packagers have called the tensor worker so far. */
    private static final List<String> WORKER_NAMES = List.of("ggml-rpc-server", "rpc-server", "llama-rpc-server");

    private static final String SERVER_NAME = "llama-server";
    private static final String VERSION_HEAD = "version: ";

    private EngineProbe() {}

    /** What a folder turned out to hold. */
    public sealed interface Answer {
        record Works(Engine engine) implements Answer {}

        /** There is no llama-server. */
        record Absent() implements Answer {}

        /** There is one, and it cannot be used. */
        record Broken(String message) implements Answer {}
    }

    public static Answer of(Path folder) throws InterruptedException {
        Path server = folder.resolve(SERVER_NAME);
        if (!Files.isRegularFile(server)) return new Answer.Absent();
        if (!Files.isExecutable(server)) return new Answer.Broken("not executable file=" + server);
        try {
            ToolRun.Result version = ToolRun.of(List.of(server.toString(), "--version"));
            String name = version.lines()
                    .filter(line -> line.startsWith(VERSION_HEAD))
                    .findFirst()
                    .map(line -> line.substring(VERSION_HEAD.length()).strip())
                    .orElse(null);
            if (name == null) return new Answer.Broken("tells no version: " + version.lastLine());
            ServerFlags flags = ServerFlags.parse(
                    ToolRun.of(List.of(server.toString(), "--help")).output());
            if (!flags.knows("-m") || !flags.knows("--port"))
                return new Answer.Broken("its help lists no flags we know");
            Path worker = worker(folder);
            return new Answer.Works(new Engine(
                    folder,
                    server,
                    name,
                    flags,
                    devices(server, flags),
                    worker,
                    worker == null ? null : RpcHandshake.versionOf(worker)));
        } catch (IOException refused) {
            return new Answer.Broken(String.valueOf(refused.getMessage()));
        }
    }

    private static List<Device> devices(Path server, ServerFlags flags) throws IOException, InterruptedException {
        if (!flags.knows("--list-devices")) return List.of();
        return Device.parse(
                ToolRun.of(List.of(server.toString(), "--list-devices")).output());
    }

    /** Beside the server, or where distributions keep programs that people do not call themselves. */
    private static @Nullable Path worker(Path folder) throws IOException {
        for (Path place : workerPlaces(folder))
            for (String name : WORKER_NAMES) {
                Path file = place.resolve(name);
                if (Files.isExecutable(file)) return file;
            }
        return null;
    }

    private static List<Path> workerPlaces(Path folder) throws IOException {
        var places = new ArrayList<>(List.of(folder));
        Path libexec = folder.resolveSibling("libexec");
        if (!Files.isDirectory(libexec)) return places;
        try (Stream<Path> processors = Files.list(libexec)) {
            processors.map(processor -> processor.resolve("llama/bin")).sorted().forEach(places::add);
        }
        return places;
    }
}
