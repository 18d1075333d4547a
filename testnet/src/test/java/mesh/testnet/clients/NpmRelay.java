package mesh.testnet.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import mesh.daemon.listing.ListingEvent;
import mesh.testnet.engine.RealEngine;

/**
 * A Nostr relay that others wrote, from npm, in a process of its own which ends when its standard input does; and
 * nostr-tools, which reads and writes there. Packages are installed once per checkout; without npm tests are skipped.
 */
public final class NpmRelay implements AutoCloseable {
    /** Lone surrogates travel as escapes. */
    static final JsonMapper JSON =
            JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    private static final Object INSTALL = new Object();

    private final Path temp;
    private final Process process;
    private final URI url;

    private NpmRelay(Path temp, Process process, URI url) {
        this.temp = temp;
        this.process = process;
        this.url = url;
    }

    /** @param temp for logs and answers */
    public static NpmRelay open(Path temp, String... flags) throws Exception {
        Path folder = installed();
        var line = new ArrayList<>(List.of(node(folder), "relay.mjs"));
        line.addAll(List.of(flags));
        Path log = temp.resolve("relay.log");
        Process process = new ProcessBuilder(line)
                .directory(folder.toFile())
                .redirectError(log.toFile())
                .start();
        BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
        String ready = out.readLine();
        if (ready == null) throw new IOException("the relay ended: " + read(log));
        int port = JSON.readTree(ready).path("port").asInt();
        return new NpmRelay(temp, process, URI.create("ws://127.0.0.1:" + port));
    }

    public URI url() {
        return url;
    }

    /** What nostr-tools says to {@code check} or {@code publish}, by event id. */
    public Map<String, JsonNode> tools(String verb) throws Exception {
        var said = new TreeMap<String, JsonNode>();
        for (JsonNode each : run(temp, List.of(verb, url.toString(), Integer.toString(ListingEvent.KIND))))
            said.put(each.path("id").asText(), each);
        return said;
    }

    /** What nostr-tools makes of each line of a file. */
    static List<JsonNode> crossed(Path temp, Path lines) throws Exception {
        return run(temp, List.of("cross", lines.toString()));
    }

    private static List<JsonNode> run(Path temp, List<String> words) throws Exception {
        Path folder = installed();
        Path out = Files.createTempFile(temp, words.getFirst(), ".jsonl");
        var line = new ArrayList<>(List.of(node(folder), "tools.mjs"));
        line.addAll(words);
        assertThat(finish(folder, line, out)).as(() -> read(out)).isZero();
        var said = new ArrayList<JsonNode>();
        for (String each : Files.readAllLines(out)) said.add(JSON.readTree(each));
        return said;
    }

    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        if (process.onExit().completeOnTimeout(null, 10, TimeUnit.SECONDS).join() == null)
            process.destroyForcibly().onExit().join();
    }

    private static String node(Path folder) {
        return folder.resolve("node_modules/.bin/node").toString();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException gone) {
            return gone.toString();
        }
    }

    private static Path installed() throws Exception {
        synchronized (INSTALL) {
            Path source = Path.of("clients", "nostr");
            Path folder = Files.createDirectories(
                    Path.of("target", "clients", "nostr").toAbsolutePath());
            for (String name : List.of("package.json", ".npmrc", "relay.mjs", "tools.mjs"))
                Files.copy(source.resolve(name), folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
            if (Files.exists(folder.resolve("node_modules/.bin/node"))) return folder;
            Path log = folder.resolve("install.log");
            try {
                if (finish(folder, List.of("npm", "install"), log) != 0)
                    throw RealEngine.missing("npm install failed: " + Files.readString(log));
            } catch (IOException noNpm) {
                throw RealEngine.missing("npm does not start: " + noNpm.getMessage());
            }
            return folder;
        }
    }

    private static int finish(Path folder, List<String> command, Path out) throws Exception {
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start();
        try {
            assertThat(process.waitFor(180, TimeUnit.SECONDS))
                    .as("%s ends", command)
                    .isTrue();
            return process.exitValue();
        } finally {
            process.destroyForcibly();
        }
    }
}
