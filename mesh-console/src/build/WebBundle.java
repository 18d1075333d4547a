import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/**
 * Bundles the console during the Maven build: {@code WebBundle SOURCES LIBRARIES OUTPUT FALLBACK [ESBUILD]}.
 * Writes hashed files, an index that names them, and a {@code .gz} beside each. Without an esbuild for this platform it
 * packs the plain fallback page and says so: a build never fails for the want of a console. One thread, plain Java 17,
 * because Maven itself may run on an older Java than the product.
 */
final class WebBundle {
    private static final Pattern HASHED = Pattern.compile("app-[0-9A-Z]{8}\\.(js|css)");

    public static void main(String[] args) throws IOException, InterruptedException {
        Path sources = Path.of(args[0]).toAbsolutePath();
        Path libraries = Path.of(args[1]).toAbsolutePath();
        Path output = Path.of(args[2]).toAbsolutePath();
        empty(output);

        Optional<Path> esbuild = args.length > 4 && !args[4].isEmpty()
                ? Optional.of(Path.of(args[4]))
                : binaryIn(libraries);
        if (esbuild.isPresent()) {
            bundle(esbuild.get(), sources, libraries, output);
            for (Path file : files(output)) if (Files.size(file) == 0) Files.delete(file);
            Files.writeString(output.resolve("index.html"), index(sources, output));
            Files.writeString(output.resolve("licenses.txt"), licenses(libraries));
        } else {
            System.err.println("[WARNING] no esbuild for this platform: packing the small status page instead of the"
                    + " console. Give one with -Dweb.esbuild=/path/to/esbuild.");
            copy(Path.of(args[3]), output);
        }
        for (Path file : files(output)) zip(file);
    }

    private static void bundle(Path esbuild, Path sources, Path libraries, Path output)
            throws IOException, InterruptedException {
        // Unpacking a jar loses the executable bit.
        esbuild.toFile().setExecutable(true);
        var command = new ProcessBuilder(List.of(
                        esbuild.toString(),
                        "app.tsx",
                        "app.css",
                        "--bundle",
                        "--minify",
                        "--splitting",
                        "--format=esm",
                        "--target=es2022,chrome123,firefox120,safari17.5",
                        "--jsx=automatic",
                        "--jsx-import-source=preact",
                        // Without it the tsconfig's paths lead to a library's "browser" file, which may be no module.
                        "--main-fields=module,main",
                        "--entry-names=[name]-[hash]",
                        "--chunk-names=[name]-[hash]",
                        "--legal-comments=linked",
                        "--log-level=warning",
                        "--outdir=" + output))
                .directory(sources.toFile())
                .inheritIO();
        command.environment().put("NODE_PATH", libraries.toString());
        int exit = command.start().waitFor();
        if (exit != 0) throw new IOException("esbuild ended with " + exit);
    }

    /** The page, with the hashed names in place of the plain ones. */
    private static String index(Path sources, Path output) throws IOException {
        String page = Files.readString(sources.resolve("index.html"));
        for (Path file : files(output)) {
            Matcher named = HASHED.matcher(file.getFileName().toString());
            if (named.matches()) page = page.replace("\"app." + named.group(1) + "\"", "\"" + named.group() + "\"");
        }
        return page;
    }

    /** What the libraries ask to be handed on with them. */
    private static String licenses(Path libraries) throws IOException {
        var text = new StringBuilder();
        for (Path file : files(libraries)) {
            Path name = libraries.relativize(file);
            if (name.getNameCount() == 2 && name.endsWith("LICENSE"))
                text.append(name.getName(0)).append("\n\n").append(Files.readString(file)).append("\n\n");
        }
        return text.toString();
    }

    private static Optional<Path> binaryIn(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) return Optional.empty();
        return files(folder).stream()
                .filter(file -> List.of("esbuild", "esbuild.exe").contains(file.getFileName().toString()))
                .findFirst();
    }

    private static void copy(Path from, Path to) throws IOException {
        for (Path file : files(from)) Files.copy(file, to.resolve(file.getFileName()));
    }

    private static void zip(Path file) throws IOException {
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(Path.of(file + ".gz"))) {
            {
                def.setLevel(9);
            }
        }) {
            Files.copy(file, out);
        }
    }

    /** Old hashes must not stay beside new ones. */
    private static void empty(Path folder) throws IOException {
        Files.createDirectories(folder);
        for (Path file : files(folder)) Files.delete(file);
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> walk = Files.walk(folder)) {
            return walk.filter(Files::isRegularFile).sorted().toList();
        } catch (UncheckedIOException broken) {
            throw broken.getCause();
        }
    }
}
