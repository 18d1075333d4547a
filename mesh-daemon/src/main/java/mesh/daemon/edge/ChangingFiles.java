package mesh.daemon.edge;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import mesh.daemon.log.Log;

/**
 * A folder of files that somebody is working on: served as {@link StaticFiles} are, and read anew when one of them
 * changes. A virtual thread of its own looks a few times a second; event loops read what it found last.
 */
public final class ChangingFiles implements AutoCloseable {
    private static final Log log = Log.of(ChangingFiles.class);
    private static final long LOOK_MILLIS = 300;

    private final Path folder;
    private final String contentSecurityPolicy;
    private final CountDownLatch closing = new CountDownLatch(1);
    private volatile StaticFiles files;
    private List<String> marks;

    /** A folder that cannot be read now is refused; one that cannot be read later keeps its last files. */
    public ChangingFiles(Path folder, String contentSecurityPolicy) throws IOException {
        this.folder = folder;
        this.contentSecurityPolicy = contentSecurityPolicy;
        this.marks = marks();
        this.files = StaticFiles.fromFolder(folder, contentSecurityPolicy);
        Thread.ofVirtual().name("console-dir").start(this::watch);
    }

    /** See {@link StaticFiles#serve}. */
    public void serve(Exchange exchange) {
        files.serve(exchange);
    }

    @Override
    public void close() {
        closing.countDown();
    }

    private void watch() {
        try {
            while (!closing.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) look();
        } catch (InterruptedException ending) {
            // Only the JVM's end interrupts this thread.
        }
    }

    private void look() {
        try {
            List<String> now = marks();
            if (now.equals(marks)) return;
            files = StaticFiles.fromFolder(folder, contentSecurityPolicy);
            marks = now;
        } catch (NoSuchFileException replaced) {
            // A build writes its files anew; the next look finds them.
        } catch (IOException unreadable) {
            log.debug("console.unread", "folder", folder, "cause", unreadable.toString());
        }
    }

    /** What tells one state of the folder from another. */
    private List<String> marks() throws IOException {
        try (Stream<Path> walk = Files.walk(folder)) {
            return walk.filter(Files::isRegularFile)
                    .sorted()
                    .map(ChangingFiles::mark)
                    .toList();
        }
    }

    private static String mark(Path file) {
        try {
            return file + " " + Files.size(file) + " " + Files.getLastModifiedTime(file);
        } catch (IOException gone) {
            return file + " gone";
        }
    }
}
