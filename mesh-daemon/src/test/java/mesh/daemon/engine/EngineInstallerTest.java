package mesh.daemon.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import mesh.daemon.engine.EngineInstaller.Outcome;
import mesh.daemon.fetch.Patience;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Installing from archives, against a server on loopback that sends them well and badly. */
class EngineInstallerTest {
    private static final byte[] ARCHIVE = TestArchive.good().tarGz();

    private static final Patience IMPATIENT = new Patience(4, 1, 10, 5_000, 1_000);

    @TempDir
    Path data;

    private final List<String> ranges = new ArrayList<>();
    private EngineShelf shelf;
    private HttpServer server;

    @BeforeEach
    void serve() throws IOException {
        shelf = new EngineShelf(data.resolve("engine"));
        server = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
        server.start();
    }

    @AfterEach
    void close() {
        server.stop(0);
    }

    @Test
    void archiveIsInstalledPutToUseAndNotFetchedTwice() throws Exception {
        serve(exchange -> send(exchange, 200, ARCHIVE));

        Outcome first = install(remote("/llama.tar.gz", sha256(ARCHIVE)));
        Outcome second = install(remote("/llama.tar.gz", sha256(ARCHIVE)));

        assertThat(((Outcome.Installed) first).engine().version()).isEqualTo("1.2.3 (test)");
        assertThat(((Outcome.Installed) second).fresh()).isFalse();
        assertThat(shelf.current())
                .contains(((Outcome.Installed) first).engine().folder());
        assertThat(EngineFinder.find(null, shelf)).isInstanceOf(EngineFinder.Search.Found.class);
        assertThat(ranges).hasSize(1);
        assertThat(shelf.current().orElseThrow().resolve("VERSIONS")).hasContent("archive-sha256 " + sha256(ARCHIVE));
        assertOnlyInstallsAreLeft();
    }

    @Test
    void archiveOnThisMachineNeedsNoNetwork() throws Exception {
        Path file = Files.write(data.resolve("a.zip"), TestArchive.zip("build/bin/llama-server", TestArchive.SERVER));

        Outcome outcome = new EngineInstaller(shelf, true, Map.of(), InstallProgress.silent())
                .install(new EngineSource.Local(file));

        assertThat(outcome).isInstanceOf(Outcome.Installed.class);
        assertThat(file).exists();
    }

    @Test
    void wrongHashIsRefusedAndForgotten() throws Exception {
        serve(exchange -> send(exchange, 200, ARCHIVE));

        Outcome outcome = install(remote("/llama.tar.gz", "0".repeat(64)));

        assertThat(reason(outcome)).isEqualTo(InstallReason.WRONG_HASH);
        assertThat(shelf.current()).isEmpty();
        assertOnlyInstallsAreLeft();
    }

    @Test
    void cutDownloadIsTakenUpWhereItEnded() throws Exception {
        int half = ARCHIVE.length / 2;
        serve(exchange -> {
            if (ranges.size() == 1) cut(exchange, half);
            else sendRest(exchange, half);
        });

        Outcome outcome = install(remote("/llama.tar.gz", sha256(ARCHIVE)));

        assertThat(outcome).isInstanceOf(Outcome.Installed.class);
        assertThat(ranges).hasSize(2).last().asString().startsWith("bytes=" + half + "-");
    }

    @Test
    void serverThatKnowsNoRangesSendsTheWholeAgain() throws Exception {
        serve(exchange -> {
            if (ranges.size() == 1) cut(exchange, 10);
            else send(exchange, 200, ARCHIVE);
        });

        assertThat(install(remote("/llama.tar.gz", sha256(ARCHIVE)))).isInstanceOf(Outcome.Installed.class);
    }

    @Test
    void downloadThatIsAlwaysCutEndsWithAReason() throws Exception {
        serve(exchange -> cut(exchange, 0));

        assertThat(reason(install(remote("/llama.tar.gz", sha256(ARCHIVE))))).isEqualTo(InstallReason.DOWNLOAD_FAILED);
        assertThat(ranges).hasSize(IMPATIENT.tries());
    }

    @Test
    void redirectIsFollowedButNotInCircles() throws Exception {
        serve(exchange -> {
            String path = exchange.getRequestURI().getPath();
            if (path.equals("/real")) {
                send(exchange, 200, ARCHIVE);
                return;
            }
            exchange.getResponseHeaders().set("Location", path.equals("/once") ? "/real" : "/circle");
            send(exchange, 302, new byte[0]);
        });

        assertThat(reason(install(remote("/circle", sha256(ARCHIVE))))).isEqualTo(InstallReason.DOWNLOAD_FAILED);
        assertThat(install(remote("/once", sha256(ARCHIVE)))).isInstanceOf(Outcome.Installed.class);
    }

    @Test
    void missingFileIsNamedAsSuch() throws Exception {
        serve(exchange -> send(exchange, 404, new byte[0]));

        assertThat(reason(install(remote("/llama.tar.gz", sha256(ARCHIVE))))).isEqualTo(InstallReason.DOWNLOAD_FAILED);
        assertThat(ranges).hasSize(1);
    }

    @Test
    void archiveThatDoesNotRunLeavesTheOneInUse() throws Exception {
        byte[] broken = new TestArchive()
                .file("llama-server", "#!/bin/sh\necho broken\nexit 1\n")
                .tarGz();
        serve(exchange -> send(exchange, 200, exchange.getRequestURI().getPath().equals("/good") ? ARCHIVE : broken));
        install(remote("/good", sha256(ARCHIVE)));
        Path inUse = shelf.current().orElseThrow();

        Outcome outcome = install(remote("/broken", sha256(broken)));

        assertThat(reason(outcome)).isEqualTo(InstallReason.DOES_NOT_RUN);
        assertThat(shelf.current()).contains(inUse);
        assertThat(shelf.installs()).containsExactly(inUse);
    }

    @Test
    void archiveWithoutAServerIsRefused() throws Exception {
        byte[] other = new TestArchive().file("README", "words").tarGz();
        serve(exchange -> send(exchange, 200, other));

        assertThat(reason(install(remote("/llama.tar.gz", sha256(other))))).isEqualTo(InstallReason.BAD_ARCHIVE);
    }

    @Test
    void offlineRefusesWhatNeedsTheNetwork() throws Exception {
        var installer = new EngineInstaller(shelf, true, Map.of(), InstallProgress.silent());

        assertThat(reason(installer.install(new EngineSource.Debian("forky")))).isEqualTo(InstallReason.OFFLINE);
        assertThat(reason(installer.install(new EngineSource.Release()))).isEqualTo(InstallReason.OFFLINE);
    }

    @Test
    void secondInstallAtTheSameTimeIsTurnedAway() throws Exception {
        Files.createDirectories(shelf.folder());
        try (FileChannel channel = FileChannel.open(
                        shelf.folder().resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.lock()) {
            assertThat(lock.isValid()).isTrue();
            assertThat(reason(install(new EngineSource.Local(data.resolve("a")))))
                    .isEqualTo(InstallReason.BUSY);
        }
    }

    @Test
    void folderThatCannotBeMadeIsNamedAsSuch() throws Exception {
        Files.createFile(data.resolve("file"));
        var installer = new EngineInstaller(
                new EngineShelf(data.resolve("file/engine")), false, Map.of(), InstallProgress.silent());

        assertThat(reason(installer.install(new EngineSource.Release())))
                .isIn(InstallReason.TOOL_FAILED, InstallReason.NOT_WRITABLE);
    }

    @Test
    void platformWithoutAPinnedReleaseSaysSo() throws Exception {
        assertThat(Releases.bundled().forPlatform("plan9-mips")).isEmpty();
        if (Releases.bundled().forPlatform(Releases.platform()).isEmpty())
            assertThat(reason(install(new EngineSource.Release()))).isEqualTo(InstallReason.NO_RELEASE_PINNED);
    }

    private EngineSource.Remote remote(String path, String sha256) {
        return new EngineSource.Remote(uri(path), sha256);
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
    }

    private Outcome install(EngineSource source) throws InterruptedException {
        return new EngineInstaller(shelf, false, Map.of(), InstallProgress.silent(), IMPATIENT).install(source);
    }

    private static InstallReason reason(Outcome outcome) {
        assertThat(outcome).isInstanceOf(Outcome.Refused.class);
        return ((Outcome.Refused) outcome).reason();
    }

    private void assertOnlyInstallsAreLeft() throws IOException {
        try (var entries = Files.list(shelf.folder())) {
            assertThat(entries.map(entry -> entry.getFileName().toString()))
                    .allMatch(name -> name.equals(".lock") || name.equals("current") || name.startsWith("archive-"));
        }
    }

    private void serve(Answer answer) {
        server.createContext("/", exchange -> {
            String range = exchange.getRequestHeaders().getFirst("Range");
            ranges.add(range == null ? "" : range);
            try (exchange) {
                answer.to(exchange);
            }
        });
    }

    private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
    }

    /** Promises the whole and hangs up early. */
    private static void cut(HttpExchange exchange, int bytes) throws IOException {
        exchange.sendResponseHeaders(200, ARCHIVE.length);
        exchange.getResponseBody().write(ARCHIVE, 0, bytes);
        exchange.getResponseBody().flush();
        exchange.close();
    }

    private static void sendRest(HttpExchange exchange, int from) throws IOException {
        exchange.getResponseHeaders()
                .set("Content-Range", "bytes " + from + "-" + (ARCHIVE.length - 1) + "/" + ARCHIVE.length);
        send(exchange, 206, Arrays.copyOfRange(ARCHIVE, from, ARCHIVE.length));
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    /** What the server does with one request. */
    private interface Answer {
        void to(HttpExchange exchange) throws IOException;
    }
}
