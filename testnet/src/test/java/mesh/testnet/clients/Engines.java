package mesh.testnet.clients;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import mesh.daemon.models.Catalog;
import mesh.daemon.models.ModelStore;
import mesh.daemon.models.Resolved;

/** Plain llama-servers, one for each model, as whoever has no mesh runs them. */
final class Engines implements SetUp {
    private static final String KEY = "test-key";

    private final Path engine;
    private final Path folder;
    private final Running recites;
    private final Running embeds;
    private Running endless;
    private boolean isVictim;

    private record Running(Process process, int port) {
        String root() {
            return "http://127.0.0.1:" + port;
        }
    }

    /** {@code engine} is llama.cpp's folder, {@code folder} takes models and logs. */
    Engines(Path engine, Path folder) throws Exception {
        this.engine = engine;
        this.folder = Files.createDirectories(folder);
        recites = start(RECITES);
        endless = start(ENDLESS);
        embeds = start(EMBEDS, "--embeddings", "--pooling", "mean");
    }

    @Override
    public String name() {
        return "engine directly";
    }

    @Override
    public String root() {
        return recites.root();
    }

    @Override
    public String endlessRoot() {
        return endless.root();
    }

    @Override
    public String embedRoot() {
        return embeds.root();
    }

    @Override
    public String key() {
        return KEY;
    }

    @Override
    public boolean isMesh() {
        return false;
    }

    @Override
    public long victim() {
        isVictim = true;
        return endless.process().pid();
    }

    @Override
    public void repair() throws Exception {
        // Who has been given away to be killed may need a moment to be gone; nobody else is waited for.
        if (!endless.process().waitFor(isVictim ? 5 : 0, TimeUnit.SECONDS)) return;
        endless = start(ENDLESS);
        isVictim = false;
    }

    @Override
    public void close() throws Exception {
        for (Running each : List.of(recites, endless, embeds)) {
            each.process().destroyForcibly();
            if (!each.process().waitFor(10, TimeUnit.SECONDS)) throw new IllegalStateException("does not end");
        }
    }

    private Running start(String model, String... more) throws Exception {
        int port = freePort();
        var command = new ArrayList<>(List.of(
                engine.resolve("llama-server").toString(),
                "-m",
                file(model),
                "--host",
                "127.0.0.1",
                "--port",
                Integer.toString(port),
                "-t",
                "1",
                "-c",
                "8192",
                "-np",
                "1",
                "--alias",
                model,
                "--api-key",
                KEY,
                "--offline"));
        command.addAll(List.of(more));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(model + ".log").toFile())
                .start();
        return new Running(process, port);
    }

    private String file(String model) {
        return switch (new ModelStore(folder, Catalog::bundled).find(model)) {
            case Resolved.Found(var found) -> found.path().toString();
            case Resolved.Fetchable(var source) -> throw new AssertionError(source.said() + " is not here");
            case Resolved.NotFound(var reason, var message, var near, var advice) -> throw new AssertionError(message);
            case Resolved.Refused(var code, var message) -> throw new AssertionError(message);
        };
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
