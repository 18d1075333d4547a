package mesh.daemon.hardware;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;

/**
 * How many engine threads are worth starting: real cores, since two threads of one core only get in each other's way,
 * and no more than the system grants this process. Stateless.
 */
public final class Cores {
    private Cores() {}

    public static int physical() {
        return physical(Path.of("/"), Runtime.getRuntime().availableProcessors());
    }

    /** Threads that share a core name the same siblings. */
    static int physical(Path root, int granted) {
        var cores = new HashSet<String>();
        try (DirectoryStream<Path> threads =
                Files.newDirectoryStream(root.resolve("sys/devices/system/cpu"), "cpu[0-9]*")) {
            for (Path thread : threads)
                cores.addAll(LinuxMemory.lines(thread.resolve("topology/thread_siblings_list")));
        } catch (IOException notLinux) {
            return granted;
        }
        return cores.isEmpty() ? granted : Math.min(granted, cores.size());
    }
}
