package mesh.testnet.node;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import mesh.testnet.Needs;

/** A real file system of a few kilobytes, mounted for one test. Needs root on Linux. */
final class SmallDisk implements AutoCloseable {
    private final Path folder;

    private SmallDisk(Path folder) {
        this.folder = folder;
    }

    static SmallDisk mount(Path folder, String size) throws IOException {
        Files.createDirectories(folder);
        boolean isMounted = run("mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", folder.toString());
        Needs.that(isMounted, "a small disk needs root and tmpfs");
        return new SmallDisk(folder);
    }

    @Override
    public void close() {
        try {
            if (!run("umount", folder.toString())) throw new IOException("cannot unmount " + folder);
        } catch (IOException left) {
            throw new UncheckedIOException(left);
        }
    }

    Path folder() {
        return folder;
    }

    private static boolean run(String... command) throws IOException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        process.onExit().completeOnTimeout(process, 10, TimeUnit.SECONDS).join();
        return !process.isAlive() && process.exitValue() == 0;
    }
}
