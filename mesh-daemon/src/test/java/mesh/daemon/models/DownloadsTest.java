package mesh.daemon.models;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import mesh.core.model.GgufWriter;
import mesh.core.model.TensorType;
import mesh.daemon.fetch.Network;
import mesh.daemon.fetch.Patience;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models that see come with their projector, and serve without it rather than not at all. */
class DownloadsTest {
    private static final String CATALOG = """
            {"models": [{"name": "Eyes-1B", "family": "e", "repository": "who/eyes-gguf", "files": [{"name": "eyes.gguf"}],
             "quantization": "Q4_K_M", "parametersBillions": 1, "context": 4096, "capabilities": ["chat", "vision"],
             "projector": {"name": "mmproj-model-f16.gguf"}, "license": "mit"}]}""";

    @TempDir
    Path folder;

    private final Map<String, byte[]> files = new ConcurrentHashMap<>();
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private HttpServer hub;
    private ModelStore store;

    @BeforeEach
    void start() throws IOException {
        files.put("/who/eyes-gguf/resolve/main/eyes.gguf", file("llama"));
        files.put("/who/eyes-gguf/resolve/main/mmproj-model-f16.gguf", file("clip"));
        hub = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        hub.createContext("/", call -> {
            String path = call.getRequestURI().getPath();
            asked.add(path);
            byte[] bytes = files.get(path);
            call.sendResponseHeaders(bytes == null ? 404 : 200, bytes == null ? -1 : bytes.length);
            if (bytes != null) call.getResponseBody().write(bytes);
            call.close();
        });
        hub.start();
        Catalog catalog = Catalog.read(new ByteArrayInputStream(CATALOG.getBytes(StandardCharsets.UTF_8)));
        store = new ModelStore(folder, () -> catalog, new Hub(address()));
    }

    @AfterEach
    void stop() {
        hub.stop(0);
    }

    @Test
    void projectorComesInTheSameDownload() {
        ModelFile model = here(run(false));

        assertThat(model.files()).containsExactly(folder.resolve("eyes.gguf"), folder.resolve("mmproj-eyes.gguf"));
        assertThat(model.files()).allMatch(file -> store.notes().of(file).isOurs());
        assertThat(store.find("Eyes-1B")).isEqualTo(new Resolved.Found(model));
    }

    @Test
    void modelThatWasHereFetchesItsProjectorAlone() throws Exception {
        Files.write(folder.resolve("eyes.gguf"), file("llama"));

        assertThat(here(run(false)).projector()).isPresent();
        assertThat(asked).allMatch(path -> path.endsWith("mmproj-model-f16.gguf"));
    }

    @Test
    void modelIsServedBlindWhenItsProjectorCannotBeHad() throws Exception {
        files.remove("/who/eyes-gguf/resolve/main/mmproj-model-f16.gguf");

        assertThat(here(run(false)).projector()).isEmpty();
        assertThat(here(run(true)).projector()).isEmpty();
    }

    @Test
    void offlineWithoutTheModelItselfIsRefused() {
        assertThat(run(true)).isInstanceOf(Downloads.Brought.Refused.class);
        assertThat(asked).isEmpty();
    }

    private Downloads.Brought run(boolean isOffline) {
        var network = Network.of(Map.of(), address(), 0, Patience.USUAL);
        var source = ((Resolved.Fetchable) store.find("Eyes-1B")).source();
        return new Downloads(store, network, isOffline, Neighbours.none())
                .within(new Cramped())
                .of(source, (phase, done, total) -> {})
                .run();
    }

    /** Has no room, so that headers are looked at first, and hopes for more. */
    private static final class Cramped implements Downloads.Gauge {
        @Override
        public long usableBytes() {
            return 1;
        }

        @Override
        public long meshBytes() {
            return 1;
        }

        @Override
        public boolean mayGrow() {
            return true;
        }
    }

    private URI address() {
        return URI.create("http://127.0.0.1:" + hub.getAddress().getPort());
    }

    private static ModelFile here(Downloads.Brought brought) {
        assertThat(brought).isInstanceOf(Downloads.Brought.Here.class);
        return ((Downloads.Brought.Here) brought).file();
    }

    private static byte[] file(String architecture) {
        byte[] header = new GgufWriter()
                .text("general.architecture", architecture)
                .tensor("t", TensorType.F32, 32)
                .header();
        return java.util.Arrays.copyOf(header, header.length + 128);
    }
}
