package mesh.daemon.edge;

import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import mesh.core.Sha256;
import mesh.core.openai.ApiError;

/**
 * The files of a folder on the class path, read once at the start and served from memory. A name with a hash in it never
 * changes and is cached for ever; everything else is asked for again and answered by its tag. Immutable, any thread.
 */
public final class StaticFiles {
    private static final String INDEX = "index.html";
    private static final Pattern HASHED = Pattern.compile(".*-[0-9A-Za-z]{8,}\\.[a-z0-9]+");
    private static final int TAG_HEX_DIGITS = 16;
    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html; charset=utf-8",
            "js", "text/javascript; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "svg", "image/svg+xml",
            "png", "image/png",
            "ico", "image/x-icon",
            "json", "application/json",
            "txt", "text/plain; charset=utf-8",
            "woff2", "font/woff2");

    private final Map<String, File> files = new HashMap<>();
    private final String contentSecurityPolicy;

    private StaticFiles(Map<String, byte[]> contents, String contentSecurityPolicy) {
        this.contentSecurityPolicy = contentSecurityPolicy;
        contents.forEach((name, bytes) -> {
            if (!name.endsWith(".gz"))
                files.put(name, new File(bytes, contents.getOrDefault(name + ".gz", new byte[0]), tag(bytes)));
        });
    }

    /** {@code folder} as {@code mesh/console}, without slashes around it. A folder that is not there holds no files. */
    public static StaticFiles fromClassPath(ClassLoader loader, String folder, String contentSecurityPolicy)
            throws IOException {
        URL index = loader.getResource(folder + "/" + INDEX);
        if (index == null) return new StaticFiles(Map.of(), contentSecurityPolicy);
        Map<String, byte[]> contents = switch (index.getProtocol()) {
            case "file" -> contents(Path.of(uri(index)).resolveSibling(""));
            case "jar" -> fromJar((JarURLConnection) index.openConnection(), folder + "/");
            default -> throw new IOException("cannot list the files beside " + index);
        };
        return new StaticFiles(contents, contentSecurityPolicy);
    }

    /** The files below a folder of the disk. */
    static StaticFiles fromFolder(Path folder, String contentSecurityPolicy) throws IOException {
        return new StaticFiles(contents(folder), contentSecurityPolicy);
    }

    public boolean isEmpty() {
        return files.isEmpty();
    }

    /** Handles a prefix route: {@code routes.local("GET", "/*", files::serve)}. */
    public void serve(Exchange exchange) {
        String name = exchange.rest().isEmpty() ? INDEX : exchange.rest();
        File file = files.get(name);
        if (file == null) {
            exchange.fail(ApiError.unknownUrl(exchange.method(), exchange.path()));
            return;
        }
        boolean isZipped = file.zipped.length > 0 && accepts(exchange.header("accept-encoding", ""));
        String tag = isZipped ? "\"" + file.tag + "-gz\"" : "\"" + file.tag + "\"";
        String type = TYPES.getOrDefault(name.substring(name.lastIndexOf('.') + 1), "application/octet-stream");
        exchange.answerHeader("etag", tag);
        exchange.answerHeader("x-content-type-options", "nosniff");
        exchange.answerHeader(
                "cache-control", HASHED.matcher(name).matches() ? "public, max-age=31536000, immutable" : "no-cache");
        if (file.zipped.length > 0) exchange.answerHeader("vary", "accept-encoding");
        if (type.startsWith("text/html")) exchange.answerHeader("content-security-policy", contentSecurityPolicy);
        if (List.of(exchange.header("if-none-match", "").split("\\s*,\\s*")).contains(tag)) {
            exchange.respond(304, "", Unpooled.EMPTY_BUFFER);
            return;
        }
        if (isZipped) exchange.answerHeader("content-encoding", "gzip");
        exchange.respond(200, type, Unpooled.wrappedBuffer(isZipped ? file.zipped : file.plain));
    }

    private static boolean accepts(String encodings) {
        for (String encoding : encodings.split("\\s*,\\s*")) if (encoding.equals("gzip")) return true;
        return false;
    }

    private static Map<String, byte[]> contents(Path folder) throws IOException {
        Map<String, byte[]> contents = new HashMap<>();
        try (Stream<Path> walk = Files.walk(folder)) {
            for (Path file : walk.filter(Files::isRegularFile).toList())
                contents.put(folder.relativize(file).toString().replace('\\', '/'), Files.readAllBytes(file));
        }
        return contents;
    }

    private static Map<String, byte[]> fromJar(JarURLConnection connection, String prefix) throws IOException {
        Map<String, byte[]> contents = new HashMap<>();
        connection.setUseCaches(false);
        try (JarFile jar = connection.getJarFile()) {
            for (JarEntry entry : jar.stream().filter(e -> !e.isDirectory()).toList()) {
                if (!entry.getName().startsWith(prefix)) continue;
                try (InputStream in = jar.getInputStream(entry)) {
                    contents.put(entry.getName().substring(prefix.length()), in.readAllBytes());
                }
            }
        }
        return contents;
    }

    private static URI uri(URL url) throws IOException {
        try {
            return url.toURI();
        } catch (URISyntaxException odd) {
            throw new IOException("cannot read the files beside " + url, odd);
        }
    }

    private static String tag(byte[] bytes) {
        return Sha256.hex(bytes).substring(0, TAG_HEX_DIGITS);
    }

    /** {@code zipped} is empty when there is no such variant. */
    private static final class File {
        private final byte[] plain;
        private final byte[] zipped;
        private final String tag;

        File(byte[] plain, byte[] zipped, String tag) {
            this.plain = plain;
            this.zipped = zipped;
            this.tag = tag;
        }
    }
}
