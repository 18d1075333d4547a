package mesh.daemon.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One running process of ours, held by its handle. Everything may be called from any thread. The lock lets one caller at
 * a time go through the steps of stopping, so that two of them do not send the second signal at once.
 */
public final class Child {
    /** Long enough to finish a streamed answer's last token, short enough for a person at Ctrl-C. */
    private static final long SECOND_TERM_MILLIS = 2000;

    /** The second TERM ends llama-server at once, unless it is stuck in a driver. */
    private static final long KILL_MILLIS = 1000;

    /** What the child wrote before it ended is read this long; only a grandchild can hold the pipe open for longer. */
    private static final long LAST_WORDS_MILLIS = 1000;

    private final String name;
    private final int port;
    private final Process process;

    /** Only sends signals. The process' own {@code destroy} closes its pipes too: our leash, and its last words. */
    private final ProcessHandle signal;

    private final Output output;
    private final Thread reader;
    private final ReentrantLock stopping = new ReentrantLock();

    Child(String name, int port, Process process, Output output, String head) {
        this.name = name;
        this.port = port;
        this.process = process;
        this.signal = process.toHandle();
        this.output = output;
        InputStream words = process.getInputStream();
        this.reader = Thread.ofVirtual().name("child-" + name + "-out").start(() -> output.drain(words, head));
    }

    public String name() {
        return name;
    }

    public long pid() {
        return process.pid();
    }

    public int port() {
        return port;
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** The newest lines it wrote, oldest first. */
    public List<String> newestLines() {
        return output.newest();
    }

    /** Waits until it has ended, at most this long; true when it has. */
    public boolean hasEnded(Duration within) throws InterruptedException {
        return process.waitFor(within.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Waits for its end and answers what it ended of. Says nothing of whether somebody wanted that. */
    public LastWords.Verdict ended() throws InterruptedException {
        int code = process.waitFor();
        reader.join(Duration.ofMillis(LAST_WORDS_MILLIS));
        return LastWords.judge(code, output.newest());
    }

    /**
     * Ends it: TERM, two seconds, TERM, one second, KILL. Whoever holds connections to it closes them before, since
     * llama-server waits for its clients. Returns when it is gone.
     */
    public void stop() throws InterruptedException {
        stopping.lockInterruptibly();
        try {
            signal.destroy();
            if (process.waitFor(SECOND_TERM_MILLIS, TimeUnit.MILLISECONDS)) return;
            signal.destroy();
            if (process.waitFor(KILL_MILLIS, TimeUnit.MILLISECONDS)) return;
            signal.destroyForcibly();
            process.waitFor();
        } finally {
            stopping.unlock();
        }
    }

    /** Ends it now. */
    public void kill() {
        signal.destroyForcibly();
    }

    int exitCode() {
        return process.exitValue();
    }

    /** Lets go of the leash: the shell at its other end then clears the group of anything the child left running. */
    void release() {
        try {
            process.getOutputStream().close();
        } catch (IOException broken) {
            throw new UncheckedIOException("cannot close the leash child=" + name, broken);
        }
    }
}
