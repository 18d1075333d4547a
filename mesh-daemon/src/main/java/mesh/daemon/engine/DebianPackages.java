package mesh.daemon.engine;

import java.io.File;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Gets llama.cpp from Debian's packages without root and without touching the system: a private apt root downloads the
 * packages and all they depend on, libc included, with signatures and hashes checked by apt against the distribution's
 * keyring. They are unpacked, and what the programs load is copied flat into one folder, because ggml looks for its
 * backends beside the program. The programs are then bound to that folder's own loader, so the age of the system's libc
 * does not matter. Blocks for some seconds.
 */
final class DebianPackages {
    /** A tool gets this long; downloads of 20 MB over a slow line are the longest step. */
    private static final Duration WAIT = Duration.ofMinutes(15);

    /** patchelf binds the programs to their loader; the name of the RPC backend carries a number that grows. */
    private static final List<String> WANTED =
            List.of("llama.cpp-tools", "llama.cpp-tools-extra", "patchelf", "?name(^libggml[0-9]+-backend-rpc$)");

    /** A server, a worker, and the planner's check of what fits. */
    private static final List<String> PROGRAMS = List.of("llama-server", "ggml-rpc-server", "llama-fit-params");

    private static final Pattern DEBIAN_MIRROR = Pattern.compile("https?://[^ ]+/debian/?");
    private static final List<Path> KEYRINGS = List.of(
            Path.of("/usr/share/keyrings/debian-archive-keyring.gpg"),
            Path.of("/usr/share/keyrings/debian-archive-keyring.pgp"));

    private final String suite;
    private final Path work;
    private final Map<String, String> environment;
    private final InstallProgress progress;
    private final Path unpacked;

    /** {@code work} is an empty folder for everything that is not kept. */
    DebianPackages(String suite, Path work, Map<String, String> environment, InstallProgress progress) {
        this.suite = suite;
        this.work = work;
        this.environment = environment;
        this.progress = progress;
        this.unpacked = work.resolve("unpacked");
    }

    /** What was downloaded, before it becomes an install: the packages with their versions. */
    Map<String, String> download() throws IOException, InterruptedException, InstallRefused {
        Path aptGet = program("apt-get", InstallReason.NO_APT_GET);
        Path dpkgDeb = program("dpkg-deb", InstallReason.NO_DPKG_DEB);
        Map<String, String> apt = aptRoot(keyring(), mirror(aptGet), proxies());
        progress.at(InstallProgress.Step.INDEX, 0, 0);
        run(List.of(aptGet.toString(), "-q", "update"), apt);
        progress.at(InstallProgress.Step.DOWNLOAD, 0, 0);
        var words = new ArrayList<>(
                List.of(aptGet.toString(), "-q", "-y", "--download-only", "--no-install-recommends", "install"));
        words.addAll(WANTED);
        run(words, apt);

        var versions = new TreeMap<String, String>();
        List<Path> debs = list(work.resolve("cache/archives"), ".deb");
        for (Path deb : debs) {
            progress.at(InstallProgress.Step.UNPACK, versions.size(), debs.size());
            String[] fields = run(
                            List.of(
                                    dpkgDeb.toString(),
                                    "--show",
                                    "--showformat=${Package} ${Version}\n",
                                    deb.toString()),
                            Map.of())
                    .output()
                    .strip()
                    .split(" ", 2);
            if (fields.length < 2)
                throw new InstallRefused(InstallReason.TOOL_FAILED, "no package deb=" + deb.getFileName());
            versions.put(fields[0], fields[1]);
            run(List.of(dpkgDeb.toString(), "--extract", deb.toString(), unpacked.toString()), Map.of());
        }
        return versions;
    }

    /** Fills {@code folder} with programs and libraries that will run from {@code home}, where the folder is moved later. */
    void build(Path folder, Path home) throws IOException, InterruptedException, InstallRefused {
        progress.at(InstallProgress.Step.LINK, 0, 0);
        List<Path> files = files();
        Path loader = one(files, Pattern.compile("ld-linux-[a-z0-9-]+\\.so\\.\\d+"));
        Path libraries = parentOf(loader);
        String path = libraries + ":" + libraries.resolve("llama");
        var roots = new ArrayList<Path>();
        for (String program : PROGRAMS) roots.add(one(files, Pattern.compile(Pattern.quote(program))));
        for (Path file : files) if (file.getFileName().toString().matches("libggml-(cpu|rpc).*\\.so")) roots.add(file);

        var needed = new TreeSet<>(roots);
        needed.add(loader);
        for (Path root : roots)
            run(List.of(loader.toString(), "--library-path", path, "--list", root.toString()), Map.of())
                    .lines()
                    .map(line -> line.replaceFirst(".* => ", "")
                            .replaceFirst(" \\(0x.*", "")
                            .strip())
                    .filter(line -> line.startsWith(unpacked.toString()))
                    .forEach(line -> needed.add(Path.of(line)));
        for (Path file : needed) {
            Path copy = folder.resolve(file.getFileName());
            Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
            copy.toFile().setExecutable(true, false);
        }
        bind(folder, home, loader, libraries, one(files, Pattern.compile("patchelf")));
    }

    /**
     * Libraries of llama.cpp name a folder of the system that would win over ours; programs are given our loader and look
     * for libraries beside themselves. The loader cannot be named relative to a program, hence {@code home}.
     */
    private void bind(Path folder, Path home, Path loader, Path libraries, Path patchelf)
            throws IOException, InterruptedException, InstallRefused {
        var tool = List.of(loader.toString(), "--library-path", libraries.toString(), patchelf.toString());
        for (Path library : list(folder, "")) {
            String name = library.getFileName().toString();
            if (name.startsWith("libllama") || name.startsWith("libmtmd"))
                run(joined(tool, List.of("--remove-rpath", library.toString())), Map.of());
        }
        for (String program : PROGRAMS)
            run(
                    joined(
                            tool,
                            List.of(
                                    "--set-interpreter",
                                    home.resolve(loader.getFileName()).toString(),
                                    "--force-rpath",
                                    "--set-rpath",
                                    "$ORIGIN",
                                    folder.resolve(program).toString())),
                    Map.of());
    }

    /** Writes the private root, and answers the variable that makes apt use it. */
    private Map<String, String> aptRoot(Path keyring, String mirror, String proxies) throws IOException {
        for (String folder : List.of("etc", "lists/partial", "cache/archives/partial", "unpacked"))
            Files.createDirectories(work.resolve(folder));
        Files.writeString(work.resolve("status"), "");
        Files.writeString(
                work.resolve("etc/sources.list"),
                "deb [signed-by=" + keyring + "] " + mirror + " " + suite + " main\n");
        Path config = work.resolve("apt.conf");
        // A mirror frozen in time stays signed, so its age alone is no reason to refuse.
        Files.writeString(config, """
                Dir::Etc "%1$s/etc"; Dir::Etc::sourcelist "%1$s/etc/sources.list"; Dir::Etc::sourceparts "/dev/null";
                Dir::Etc::parts "/dev/null"; Dir::Etc::preferences "/dev/null"; Dir::Etc::preferencesparts "/dev/null";
                Dir::Etc::netrc "/etc/apt/auth.conf"; Dir::Etc::netrcparts "/etc/apt/auth.conf.d";
                Dir::State "%1$s"; Dir::State::lists "%1$s/lists"; Dir::State::status "%1$s/status";
                Dir::Cache "%1$s/cache"; Dir::Log "%1$s"; Debug::NoLocking "true";
                APT::Sandbox::User "root"; APT::Update::Error-Mode "any"; APT::Update::Post-Invoke "";
                Acquire::Languages "none"; Acquire::Retries "3"; Acquire::Check-Valid-Until "false";
                Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
                Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
                %2$s
                """.formatted(work, proxies));
        return Map.of("APT_CONFIG", config.toString());
    }

    private Path keyring() throws InstallRefused {
        String named = environment.get("MESH_DEBIAN_KEYRING");
        for (Path keyring : named == null ? KEYRINGS : List.of(Path.of(named)))
            if (Files.isReadable(keyring)) return keyring;
        throw new InstallRefused(
                InstallReason.NO_KEYRING,
                "nothing to check Debian's signatures with: install debian-archive-keyring or set MESH_DEBIAN_KEYRING");
    }

    /** The one the machine already uses for Debian, so that nothing is fetched from where its owner did not allow. */
    private String mirror(Path aptGet) throws IOException, InterruptedException, InstallRefused {
        String named = environment.get("MESH_DEBIAN_MIRROR");
        if (named != null) return named;
        Optional<String> own = ToolRun.in(
                        work, List.of(aptGet.toString(), "indextargets", "--format", "$(REPO_URI)"), Map.of(), WAIT)
                .lines()
                .filter(line -> DEBIAN_MIRROR.matcher(line).matches())
                .findFirst();
        return own.orElseThrow(() -> new InstallRefused(
                InstallReason.NO_MIRROR, "apt knows no Debian mirror: set MESH_DEBIAN_MIRROR to one"));
    }

    /** The machine's own way out: what its apt says about proxies and certificates. */
    private String proxies() throws IOException, InterruptedException {
        Optional<Path> tool = find("apt-config");
        if (tool.isEmpty()) return "";
        return String.join(
                "\n",
                ToolRun.in(work, List.of(tool.get().toString(), "dump"), Map.of(), WAIT)
                        .lines()
                        .filter(line -> line.matches("Acquire::https?::(?!User-Agent|\").*\".+\";"))
                        .toList());
    }

    private ToolRun.Result run(List<String> words, Map<String, String> variables)
            throws IOException, InterruptedException, InstallRefused {
        ToolRun.Result result = ToolRun.in(work, words, variables, WAIT);
        if (result.exitCode() == 0) return result;
        String errors = String.join(
                " / ",
                result.lines()
                        .filter(line -> line.startsWith("E: ") || line.startsWith("W: ") || line.contains("rror"))
                        .limit(3)
                        .toList());
        throw new InstallRefused(reasonIn(result.output()), errors.isEmpty() ? result.lastLine() : errors);
    }

    private static InstallReason reasonIn(String output) {
        if (InstallRefused.isFull(output)) return InstallReason.DISK_FULL;
        if (output.contains("NO_PUBKEY") || output.contains("is not signed") || output.contains("invalid signature"))
            return InstallReason.BAD_SIGNATURE;
        if (output.contains("Hash Sum mismatch")) return InstallReason.WRONG_HASH;
        if (output.contains("Could not connect")
                || output.contains("Could not resolve")
                || output.contains("Temporary failure resolving")
                || output.contains("Connection failed")
                || output.contains("Failed to fetch")
                || output.contains("does not have a Release file")) return InstallReason.MIRROR_UNREACHABLE;
        return InstallReason.TOOL_FAILED;
    }

    private List<Path> files() throws IOException {
        var files = new ArrayList<Path>();
        Files.walkFileTree(unpacked, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                files.add(file);
                return FileVisitResult.CONTINUE;
            }
        });
        files.sort(null);
        return files;
    }

    private static Path one(List<Path> files, Pattern name) throws InstallRefused {
        for (Path file : files)
            if (name.matcher(file.getFileName().toString()).matches() && Files.isRegularFile(file)) return file;
        throw new InstallRefused(InstallReason.TOOL_FAILED, "the packages hold no " + name);
    }

    private static List<Path> list(Path folder, String suffix) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(entry -> entry.toString().endsWith(suffix))
                    .sorted()
                    .toList();
        }
    }

    private static List<String> joined(List<String> first, List<String> rest) {
        var all = new ArrayList<>(first);
        all.addAll(rest);
        return all;
    }

    private static Path parentOf(Path file) {
        Path parent = file.getParent();
        return parent == null ? file : parent;
    }

    private Path program(String name, InstallReason missing) throws InstallRefused {
        return find(name).orElseThrow(() -> new InstallRefused(missing, name + " not found in PATH"));
    }

    private Optional<Path> find(String name) {
        for (String folder : environment.getOrDefault("PATH", "").split(File.pathSeparator)) {
            if (folder.isEmpty()) continue;
            Path file = Path.of(folder, name);
            if (Files.isExecutable(file)) return Optional.of(file);
        }
        return Optional.empty();
    }
}
