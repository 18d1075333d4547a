package mesh.daemon.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import mesh.daemon.log.Log;

/**
 * All processes this daemon has started and not yet seen end. Each is on a leash, recorded in {@code DATA/run/children}
 * and logged to {@code DATA/log/NAME.log}. Safe on any thread; the lock guards the list and, once the doors are closed,
 * that nothing is started any more.
 */
public final class Children {
    private static final Log log = Log.of(Children.class);

    private final Path logFolder;
    private final Roster roster;
    private final Confinement confinement;
    private final Map<Long, Child> alive = new LinkedHashMap<>();
    private boolean closed;

    /** The outcome of a start. */
    public sealed interface Start {
        record Started(Child child) implements Start {}

        record Refused(ExitReason reason, String message) implements Start {}
    }

    /** Makes the two folders where they are missing. */
    public Children(Path runFolder, Path logFolder, Confinement confinement) throws IOException {
        Files.createDirectories(runFolder);
        Files.createDirectories(logFolder);
        this.logFolder = logFolder;
        this.roster = new Roster(runFolder.resolve("children"));
        this.confinement = confinement;
    }

    /**
     * Kills what a daemon that died without its leashes left behind: recorded processes that still run and were born at
     * the recorded moment. To be called once, under the data folder's lock, before the first start. Answers how many.
     */
    public int endLeftovers() throws IOException {
        int count = 0;
        for (Roster.Entry entry : roster.earlier()) {
            ProcessHandle handle = ProcessHandle.of(entry.pid()).orElse(null);
            boolean same =
                    ProcessBirth.of(entry.pid()).map(entry.birth()::equals).orElse(false);
            if (handle == null || !same || !handle.destroyForcibly()) continue;
            log.warn("child.leftover", "child", entry.name(), "pid", entry.pid(), "port", entry.port());
            count++;
        }
        return count;
    }

    /** Starts a program. {@code name} is unique among the living and names the log file. */
    public Start start(String name, int port, Command command) {
        List<String> words = Leash.on(confinement.of(command).words()).orElse(null);
        if (words == null)
            return new Start.Refused(
                    ExitReason.NO_LEASH, "neither setsid nor perl found, which keep a child from outliving us");
        var builder = new ProcessBuilder(words).redirectErrorStream(true);
        scrub(builder.environment());
        builder.environment().putAll(command.variables());
        Child child;
        synchronized (this) {
            if (closed) return new Start.Refused(ExitReason.KILLED, "the daemon is stopping");
            try {
                Process process = builder.start();
                var output = new Output(logFolder.resolve(name + ".log"));
                child = new Child(name, port, process, output, "--- pid=" + process.pid() + " " + command);
            } catch (IOException refused) {
                return new Start.Refused(ExitReason.NOT_EXECUTABLE, String.valueOf(refused.getMessage()));
            }
            alive.put(child.pid(), child);
        }
        record(child);
        log.info("child.started", "child", name, "pid", child.pid(), "port", port);
        Thread.ofVirtual().name("child-" + name + "-end").start(() -> seeEnd(child));
        return new Start.Started(child);
    }

    public synchronized List<Child> alive() {
        return new ArrayList<>(alive.values());
    }

    /** Starts nothing more, and stops everything side by side. Returns when all are gone and off the record. */
    public void stopAll() throws InterruptedException {
        var stoppers = new ArrayList<Thread>();
        for (Child child : closeDoors())
            stoppers.add(
                    Thread.ofVirtual().name("child-" + child.name() + "-stop").start(() -> {
                        try {
                            child.stop();
                        } catch (InterruptedException hurried) {
                            child.kill();
                        }
                    }));
        for (Thread stopper : stoppers) stopper.join();
        synchronized (this) {
            while (!alive.isEmpty()) wait();
        }
    }

    /** Starts nothing more, and kills everything now. */
    public void killAll() {
        for (Child child : closeDoors()) child.kill();
    }

    private synchronized List<Child> closeDoors() {
        closed = true;
        return new ArrayList<>(alive.values());
    }

    private void record(Child child) {
        String birth = ProcessBirth.of(child.pid()).orElse(null);
        if (birth == null) return;
        try {
            roster.add(new Roster.Entry(child.pid(), birth, child.port(), child.name()));
        } catch (IOException full) {
            // The leash still holds; only the second net is missing.
            log.warn("child.unrecorded", "child", child.name(), "pid", child.pid(), "cause", full);
        }
    }

    private void seeEnd(Child child) {
        try {
            child.ended();
            child.release();
            log.info("child.ended", "child", child.name(), "pid", child.pid(), "exit", child.exitCode());
            roster.remove(child.pid());
        } catch (IOException full) {
            log.warn("child.unrecorded", "child", child.name(), "pid", child.pid(), "cause", full);
        } catch (InterruptedException ending) {
            // Only the JVM's end interrupts this thread, and the leash acts then.
        } finally {
            synchronized (this) {
                alive.remove(child.pid());
                notifyAll();
            }
        }
    }

    /**
     * llama.cpp reads about 150 settings from variables, any of which would change what we planned; and a foreign library
     * path breaks an install that brings its own libraries.
     */
    private static void scrub(Map<String, String> environment) {
        environment.keySet().removeIf(name -> {
            String upper = name.toUpperCase(Locale.ROOT);
            return upper.startsWith("LLAMA_ARG_") || upper.equals("LLAMA_API_KEY") || upper.equals("LD_LIBRARY_PATH");
        });
        environment.put("GGML_NO_BACKTRACE", "1");
    }
}
