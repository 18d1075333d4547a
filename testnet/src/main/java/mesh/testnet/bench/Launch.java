package mesh.testnet.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How the launcher starts a daemon or a command, for those who start one without it. Stateless. */
public final class Launch {
    private Launch() {}

    /** The command up to the daemon's own arguments, which the caller appends. */
    public static List<String> daemon(Path jar, String... more) {
        return java(
                jar,
                List.of(
                        "-XX:+UseSerialGC",
                        "-Xms16m",
                        "-Xmx512m",
                        "-XX:+UseCompactObjectHeaders",
                        "-XX:MaxMetaspaceSize=128m"),
                more);
    }

    /** The same for what answers and leaves, such as {@code discover}. */
    public static List<String> command(Path jar, String... more) {
        return java(
                jar,
                List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m", "-XX:+UseCompactObjectHeaders"),
                more);
    }

    private static List<String> java(Path jar, List<String> flags, String... more) {
        var line = new ArrayList<String>();
        line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        line.addAll(flags);
        Path learned = jar.resolveSibling("mesh.aot");
        if (Files.exists(learned))
            line.addAll(List.of(
                    "-XX:AOTCache=" + learned, "-Xlog:disable", "-Xlog:all=error:stderr", "-Xlog:aot*=off:stderr"));
        line.addAll(List.of(more));
        line.addAll(List.of("-jar", jar.toString()));
        return line;
    }
}
