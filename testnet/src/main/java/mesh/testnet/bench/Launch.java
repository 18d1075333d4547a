package mesh.testnet.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How the launcher starts a daemon, for those who start one without it. Stateless. */
public final class Launch {
    private Launch() {}

    /** The command up to the daemon's own arguments, which the caller appends. */
    public static List<String> daemon(Path jar, String... more) {
        var line = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-Xms16m",
                "-Xmx512m",
                "-XX:+UseCompactObjectHeaders",
                "-XX:MaxMetaspaceSize=128m"));
        Path learned = jar.resolveSibling("mesh.aot");
        if (Files.exists(learned))
            line.addAll(List.of(
                    "-XX:AOTCache=" + learned, "-Xlog:disable", "-Xlog:all=error:stderr", "-Xlog:aot*=off:stderr"));
        line.addAll(List.of(more));
        line.addAll(List.of("-jar", jar.toString()));
        return line;
    }
}
