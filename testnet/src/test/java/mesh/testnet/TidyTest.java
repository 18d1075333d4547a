package mesh.testnet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The habits of the house, checked over the whole tree: what must not be written anywhere, how long a file or method may
 * grow, and that documents and source name the same events. Each habit is also shown to catch a planted violation.
 */
class TidyTest {
    private static final int FILE_LINES_MAX = 600;
    private static final int METHOD_LINES_MAX = 90;
    private static final Set<String> SKIPPED_FOLDERS = Set.of("target", ".git", "node_modules", ".idea");

    // Split so that this file does not trip over itself.
    private static final Pattern DEBT = Pattern.compile("\\b(TO" + "DO|FIX" + "ME|XX" + "X)\\b");
    private static final Pattern STDOUT = Pattern.compile("System\\.(out|err)\\b");
    private static final Pattern TRACE = Pattern.compile("\\.print" + "StackTrace\\(");
    private static final Pattern KILL_BY_NAME = Pattern.compile("\\b(pk" + "ill|kill" + "all)\\b");
    private static final Pattern MACHINE = Pattern.compile("(?<![\\w.])/(wo" + "rk|ro" + "ot|ho" + "me/\\w+)/");
    private static final Pattern REGISTRY = Pattern.compile(
            "(repo1?\\.ma" + "ven|mave" + "n\\.org|npm" + "js\\.|deb\\.deb" + "ian|deb" + "ian\\.org/deb" + "ian)");
    /** One that begins its line: in the middle of one it may stand in a text. */
    private static final String COMMENT = "(?ms)^\\s*/\\*.*?\\*/";

    private static final Pattern EVENT =
            Pattern.compile("\\blog\\s*\\.(?:error|warn|info|debug)\\(\\s*\"([a-z][A-Za-z]*(?:\\.[a-z][A-Za-z]*)+)\"");
    private static final Pattern LISTED_EVENT = Pattern.compile("(?m)^\\| `([a-z][A-Za-z]*(?:\\.[a-z][A-Za-z]*)+)`");
    private static final Pattern METHOD_HEAD =
            Pattern.compile("^( {4}| {8})(?! |return |else |new |throw )(?:[\\w<>\\[\\]@.,?&]+ )+\\w+\\([^;]*\\{\\s*$");

    @Test
    void treeIsTidy() throws IOException {
        assertThat(untidy(Tree.root())).isEmpty();
    }

    @Test
    void eachHabitCatchesItsPlantedViolation(@TempDir Path root) throws IOException {
        String longMethod = "    void f() {\n" + "        g();\n".repeat(METHOD_LINES_MAX) + "    }\n";
        plant(root, "mesh-core/src/main/java/mesh/core/Debt.java", "/** A. */\nclass Debt {} // TO" + "DO later\n");
        plant(
                root,
                "mesh-core/src/main/java/mesh/core/Prints.java",
                "/** A. */\nclass Prints { { System.out.println(); } }\n");
        plant(
                root,
                "mesh-core/src/main/java/mesh/core/Traces.java",
                "/** A. */\nclass Traces { { e.print" + "StackTrace(); } }\n");
        plant(root, "mesh-core/src/main/java/mesh/core/Bare.java", "package mesh.core;\nclass Bare {}\n");
        plant(root, "mesh-core/src/main/java/mesh/core/Long.java", "/** A. */\n" + "//\n".repeat(FILE_LINES_MAX));
        plant(
                root,
                "mesh-core/src/main/java/mesh/core/Method.java",
                "/** A. */\nclass Method {\n" + longMethod + "}\n");
        plant(
                root,
                "mesh-core/src/main/java/mesh/core/Event.java",
                "/** A. */\nclass Event { String all = \"/*\"; { log.info(\"un.listed\"); } }\n/** B. */\n");
        plant(root, "mesh-core/src/main/java/mesh/core/package-info.java", "/** A. */\npackage mesh.core;\n");
        plant(root, "mesh-core/src/main/java/mesh/core/bare/A.java", "/** A. */\nclass A {}\n");
        plant(root, "docs/events.md", "# Events\n\n| `never.logged` | gone |\n");
        plant(root, "docs/paths.md", "# Paths\n\nsee /wo" + "rk/main\n");
        plant(root, "docs/titles.md", "# One\n\n# Two\n");
        plant(root, "docs/adr/0001-a.md", "# A\n");
        plant(root, "docs/adr/0001-b.md", "# B\n");
        plant(root, ".ci/run", "pk" + "ill java\ncurl https://repo.mave" + "n.org\n");

        assertThat(untidy(root))
                .extracting(line -> line.replaceAll(".*: ", ""))
                .containsExactlyInAnyOrder(
                        "package without a purpose",
                        "debt marker",
                        "prints outside cli",
                        "prints a stack trace",
                        "type without a comment above it",
                        "file too long",
                        "method f too long",
                        "event un.listed not in docs/events.md",
                        "event never.logged never logged",
                        "path of a machine",
                        "needs exactly one title",
                        "decision number used twice",
                        "kills by name",
                        "names a registry host");
    }

    private static List<String> untidy(Path root) throws IOException {
        var faults = new ArrayList<String>();
        var logged = new TreeSet<String>();
        var decisions = new TreeMap<String, Path>();
        String events = "";
        for (Path file : Tree.files(root, SKIPPED_FOLDERS)) {
            String name = root.relativize(file).toString();
            String text = Tree.text(file);
            if (name.equals("docs/events.md")) events = text;
            everyFile(name, text, faults);
            if (name.endsWith(".java")) java(name, text, faults);
            if (name.endsWith(".md")) markdown(name, text, faults);
            if (name.matches(".*/src/main/java/.*\\.java") && !Files.exists(file.resolveSibling("package-info.java")))
                faults.add(name + ": package without a purpose");
            if (name.matches(".*/src/main/.*\\.java")) collect(EVENT, text.replaceAll(COMMENT, ""), logged);
            if (name.matches("docs/adr/\\d{4}-.*") && decisions.put(name.substring(9, 13), file) != null)
                faults.add(name + ": decision number used twice");
        }
        var listed = new TreeSet<String>();
        collect(LISTED_EVENT, events, listed);
        for (String event : logged)
            if (!listed.contains(event)) faults.add("source: event " + event + " not in docs/events.md");
        for (String event : listed)
            if (!logged.contains(event)) faults.add("docs/events.md: event " + event + " never logged");
        return faults;
    }

    private static void everyFile(String name, String text, List<String> faults) {
        if (DEBT.matcher(text).find()) faults.add(name + ": debt marker");
        if (KILL_BY_NAME.matcher(text).find()) faults.add(name + ": kills by name");
        if (MACHINE.matcher(text).find()) faults.add(name + ": path of a machine");
        if (REGISTRY.matcher(text).find()) faults.add(name + ": names a registry host");
    }

    private static void java(String name, String text, List<String> faults) {
        boolean main = name.contains("/src/main/");
        if (main && !name.contains("/cli/") && STDOUT.matcher(text).find()) faults.add(name + ": prints outside cli");
        if (TRACE.matcher(text).find()) faults.add(name + ": prints a stack trace");
        if (main && !name.endsWith("package-info.java") && !text.contains("/**"))
            faults.add(name + ": type without a comment above it");
        if (text.contains("// ok-long: ")) return;
        List<String> lines = text.lines().toList();
        if (lines.size() > FILE_LINES_MAX) faults.add(name + ": file too long");
        for (int at = 0; at < lines.size(); at++) {
            Matcher head = METHOD_HEAD.matcher(lines.get(at));
            if (!head.matches()
                    || lines.get(at)
                            .matches(
                                    " *(if|for|while|switch|try|synchronized)\\b.*|.*\\b(class|record|enum|interface)\\b.*"))
                continue;
            String close = head.group(1) + "}";
            int end = at + 1;
            while (end < lines.size() && !lines.get(end).equals(close)) end++;
            String method = lines.get(at).replaceAll("\\(.*", "").replaceAll(".*\\s", "");
            if (end - at > METHOD_LINES_MAX) faults.add(name + ": method " + method + " too long");
        }
    }

    private static void markdown(String name, String text, List<String> faults) {
        String prose = text.replaceAll("(?s)```.*?```", "");
        long titles = prose.lines().filter(line -> line.startsWith("# ")).count();
        if (titles != 1) faults.add(name + ": needs exactly one title");
    }

    private static void collect(Pattern pattern, String text, Set<String> into) {
        Matcher found = pattern.matcher(text);
        while (found.find()) into.add(found.group(1));
    }

    private static void plant(Path root, String name, String text) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    /** The source tree as files: found from the module's folder, without what builds leave behind. */
    private static final class Tree {
        static Path root() {
            Path at = Path.of("").toAbsolutePath();
            while (!Files.exists(at.resolve("mesh-core/pom.xml")))
                at = java.util.Objects.requireNonNull(at.getParent(), "outside a checkout");
            return at;
        }

        static List<Path> files(Path root, Set<String> skipped) throws IOException {
            var files = new ArrayList<Path>();
            Files.walkFileTree(root, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                    return skipped.contains(String.valueOf(folder.getFileName()))
                            ? FileVisitResult.SKIP_SUBTREE
                            : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    // In a second worktree .git is a file.
                    if (!skipped.contains(String.valueOf(file.getFileName()))) files.add(file);
                    return FileVisitResult.CONTINUE;
                }
            });
            files.sort(null);
            return files;
        }

        /** Latin-1 reads any bytes, and every pattern here is ASCII. */
        static String text(Path file) throws IOException {
            return Files.readString(file, java.nio.charset.StandardCharsets.ISO_8859_1);
        }
    }
}
