package mesh.testnet.fake;

import java.io.File;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * {@link FakeLlama} as a program that can stand where llama-server stands: it takes the flags we pass, refuses others,
 * tells a version and a help text, and ends as the real one ends. {@link #install} writes it into a folder.
 */
public final class FakeLlamaProgram {
    private static final String KNOBS = "FAKE_LLAMA";

    private static final String VERSION = "version: 0.0.0 (build 0, commit fake)";

    private static final String HELP = """
            ----- fake params -----

            -m,    --model FNAME                    model path to load
            --host HOST                             address to listen on
            --port PORT                             port to listen on
            -c,    --ctx-size N                     size of the prompt context
            -np,   --parallel N                     number of slots
            -t,    --threads N                      number of threads
            -a,    --alias STRING                   name shown by the API
            --api-key KEY                           API key
                                                    (env: LLAMA_API_KEY)
            --metrics                               metrics endpoint
            --jinja, --no-jinja                     templates
            --offline                               no network
            --ui,  --webui, --no-ui, --no-webui     web UI
            --draft, --draft-n, --draft-max N       the argument has been removed.
                                                    use --spec-draft-n-max
            """;

    private static final List<String> WITH_VALUE = List.of(
            "-m",
            "--model",
            "--host",
            "--port",
            "-c",
            "--ctx-size",
            "-np",
            "--parallel",
            "-t",
            "--threads",
            "-a",
            "--alias",
            "--api-key");
    private static final List<String> WITHOUT_VALUE =
            List.of("--metrics", "--jinja", "--no-jinja", "--offline", "--ui", "--webui", "--no-ui", "--no-webui");

    private static final PrintStream WORDS =
            new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);

    private FakeLlamaProgram() {}

    /**
     * Writes {@code llama-server} into a folder: a script that runs this class with the class path of the caller and the
     * given knobs.
     */
    public static Path install(Path folder, String knobs) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        boolean ignoresTerm = Knobs.of(knobs).ignoreTerm();
        Path script = Files.createDirectories(folder).resolve("llama-server");
        Path help = Files.writeString(folder.resolve("help.txt"), HELP);
        // A signal ignored before exec stays ignored in a JVM that is told to leave signals alone.
        Files.writeString(script, """
                #!/bin/sh
                # Confined it may be kept from its classes, as a real one from its libraries; then it does not start.
                for file in %s; do [ -r "$file" ] || exit 126; done
                # What every start asks first needs no JVM.
                case "$1" in
                --version) echo '%s' >&2; exit 0 ;;
                --help) cat '%s' >&2; exit 0 ;;
                esac
                %s
                export %s='%s'
                exec '%s' -XX:TieredStopAtLevel=1 -Xshare:auto %s -cp '%s' %s "$@"
                """.formatted(
                        needed(java),
                        VERSION,
                        help,
                        ignoresTerm ? "trap '' TERM" : "",
                        KNOBS,
                        knobs.replace("'", "'\\''"),
                        java,
                        ignoresTerm ? "-Xrs" : "",
                        System.getProperty("java.class.path"),
                        FakeLlamaProgram.class.getName()));
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        return script;
    }

    private static String needed(String java) {
        return Stream.concat(
                        Stream.of(java),
                        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator)))
                .filter(each -> Files.exists(Path.of(each)))
                .map(each -> "'" + each + "'")
                .collect(Collectors.joining(" "));
    }

    public static void main(String[] args) throws InterruptedException {
        if (List.of(args).contains("--version")) exit(0, VERSION);
        if (List.of(args).contains("--help")) exit(0, HELP);
        Map<String, String> flags = flags(args);
        String text = System.getenv(KNOBS);
        Knobs knobs = Knobs.of(text == null ? "" : text);
        if (!knobs.failWith().isEmpty()) exit(knobs.exitCode(), knobs.failWith());
        if (knobs.silent()) new CountDownLatch(1).await();
        serve(flags, knobs);
    }

    private static void serve(Map<String, String> flags, Knobs knobs) throws InterruptedException {
        String key =
                flags.getOrDefault("--api-key", String.valueOf(System.getenv().getOrDefault("LLAMA_API_KEY", "")));
        int port = Integer.parseInt(flags.getOrDefault("--port", "8080"));
        String alias = flags.getOrDefault("--alias", "fake");
        try {
            FakeLlama fake = FakeLlama.start(
                    knobs, alias, port, key, () -> Runtime.getRuntime().halt(134));
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                WORDS.println("0.00.000.001 I srv    operator(): cleaning up before exit...");
                Runtime.getRuntime().halt(0);
            }));
            WORDS.println("0.00.000.001 I srv  llama_server: listening on http://127.0.0.1:" + fake.port());
        } catch (IllegalStateException taken) {
            exit(1, "0.00.000.001 E srv  llama_server: " + taken.getMessage());
        }
        new CountDownLatch(1).await();
    }

    private static Map<String, String> flags(String[] args) {
        var flags = new LinkedHashMap<String, String>();
        for (int i = 0; i < args.length; i++) {
            if (WITH_VALUE.contains(args[i]) && i + 1 < args.length) flags.put(args[i], args[++i]);
            else if (!WITHOUT_VALUE.contains(args[i])) exit(1, "error: invalid argument: " + args[i]);
        }
        return flags;
    }

    private static void exit(int code, String words) {
        WORDS.println(words);
        Runtime.getRuntime().halt(code);
    }
}
