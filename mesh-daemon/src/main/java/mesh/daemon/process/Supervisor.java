package mesh.daemon.process;

import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import mesh.core.Check;
import mesh.daemon.log.Log;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one child running: starts it on a fresh port with a fresh key, watches it load, starts it again when it ends
 * unasked, gives up when that is pointless. It owns one virtual thread, {@code child-NAME}, on which all changes of
 * state happen and the listener is called; a listener must not block for more than a few seconds. {@link #state} and {@link #stop} are safe on any
 * thread.
 */
public final class Supervisor {
    private static final Log log = Log.of(Supervisor.class);
    private static final SecureRandom CHANCE = new SecureRandom();

    /** The demo model is ready within 100 ms; a large one does not mind being asked four times a second. */
    private static final long ASK_FIRST_MILLIS = 10;

    private static final long ASK_MAX_MILLIS = 250;

    /** Progress is told in steps a person can see. */
    private static final double PROGRESS_STEP = 0.01;

    private final Children children;
    private final LoopbackPorts ports;
    private final Launch launch;
    private final Consumer<ChildState> listener;
    private final CountDownLatch stopAsked = new CountDownLatch(1);
    private final Thread thread;
    private volatile ChildState state = new ChildState.Starting();
    private volatile @Nullable Child current;
    private int failuresInRow;

    private Supervisor(Children children, LoopbackPorts ports, Launch launch, Consumer<ChildState> listener) {
        this.children = children;
        this.ports = ports;
        this.launch = launch;
        this.listener = listener;
        this.thread = Thread.ofVirtual().name("child-" + launch.name()).unstarted(this::run);
    }

    /** Begins at once; the listener hears {@code Starting} first. */
    public static Supervisor start(
            Children children, LoopbackPorts ports, Launch launch, Consumer<ChildState> listener) {
        var supervisor = new Supervisor(children, ports, launch, listener);
        supervisor.thread.start();
        return supervisor;
    }

    public ChildState state() {
        return state;
    }

    /** Ends the child and the supervision, and returns when both are gone. Callers close their connections to it first. */
    public void stop() throws InterruptedException {
        stopAsked.countDown();
        Child child = current;
        if (child != null) child.stop();
        thread.join();
    }

    private void run() {
        try {
            while (runOnce() instanceof RestartPolicy.Decision.Again again)
                if (stopAsked.await(again.delayMillis(), TimeUnit.MILLISECONDS)) {
                    become(new ChildState.Stopped());
                    return;
                }
        } catch (InterruptedException ending) {
            // Only the JVM's end interrupts this thread, and the leash acts then.
        }
    }

    /** One start up to its end; the state is then final, or {@code Restarting} after the answered delay. */
    private RestartPolicy.Decision runOnce() throws InterruptedException {
        become(new ChildState.Starting());
        int port;
        try {
            port = ports.borrow();
        } catch (IOException none) {
            return failed(new LastWords.Verdict(ExitReason.PORT_TAKEN, String.valueOf(none.getMessage())), 0);
        }
        try {
            String apiKey = randomKey();
            Children.Start start =
                    children.start(launch.name(), port, launch.commands().with(port, apiKey));
            return switch (start) {
                case Children.Start.Refused(ExitReason reason, String message) ->
                    failed(new LastWords.Verdict(reason, message), 0);
                case Children.Start.Started(Child child) -> watch(child, apiKey);
            };
        } finally {
            current = null;
            ports.giveBack(port);
        }
    }

    private RestartPolicy.Decision watch(Child child, String apiKey) throws InterruptedException {
        current = child;
        if (isStopping()) child.stop();
        long startNanos = System.nanoTime();
        if (awaitReady(child)) {
            log.info(
                    "child.ready", "child", launch.name(), "port", child.port(), "loadMillis", millisSince(startNanos));
            become(new ChildState.Ready(child.port(), apiKey));
        } else if (child.isAlive() && !isStopping()) {
            child.kill();
            child.ended();
            String message = "did not listen within " + launch.silenceMax().toSeconds() + " s";
            return failed(new LastWords.Verdict(ExitReason.SILENT, message), 0);
        }
        long readyNanos = System.nanoTime();
        LastWords.Verdict verdict = child.ended();
        long readyMillis = state instanceof ChildState.Ready ? millisSince(readyNanos) : 0;
        if (!isStopping()) return failed(verdict, readyMillis);
        become(new ChildState.Stopped());
        return new RestartPolicy.Decision.GiveUp();
    }

    /** True once it is ready; false when it ended, was told to stop, or never listened. */
    private boolean awaitReady(Child child) throws InterruptedException {
        long silentSinceNanos = System.nanoTime();
        long askMillis = ASK_FIRST_MILLIS;
        double told = -2;
        while (!child.hasEnded(Duration.ofMillis(askMillis)) && !isStopping()) {
            askMillis = Math.min(askMillis * 3 / 2, ASK_MAX_MILLIS);
            switch (launch.readiness().ask(child.port())) {
                case READY -> {
                    return true;
                }
                case LOADING -> {
                    silentSinceNanos = System.nanoTime();
                    double done = LoadProgress.of(child.pid(), launch.modelBytes());
                    if (done < told + PROGRESS_STEP && done != ChildState.Loading.UNKNOWN) continue;
                    if (done == told) continue;
                    told = done;
                    become(new ChildState.Loading(done));
                }
                case ABSENT -> {
                    if (millisSince(silentSinceNanos) > launch.silenceMax().toMillis()) return false;
                }
            }
        }
        return false;
    }

    private RestartPolicy.Decision failed(LastWords.Verdict verdict, long readyMillis) {
        failuresInRow = launch.restarts().rowAfter(failuresInRow, readyMillis);
        RestartPolicy.Decision decision = launch.restarts().after(verdict.reason(), failuresInRow);
        log.warn(
                "child.failed",
                "child",
                launch.name(),
                "reason",
                verdict.reason().code(),
                "message",
                verdict.message(),
                "failuresInRow",
                failuresInRow,
                "restart",
                decision instanceof RestartPolicy.Decision.Again);
        become(
                switch (decision) {
                    case RestartPolicy.Decision.Again(long delayMillis) ->
                        new ChildState.Restarting(verdict.reason(), verdict.message(), delayMillis);
                    case RestartPolicy.Decision.GiveUp() -> new ChildState.Failed(verdict.reason(), verdict.message());
                });
        return decision;
    }

    private void become(ChildState next) {
        boolean isFinal = state instanceof ChildState.Failed || state instanceof ChildState.Stopped;
        Check.that(!isFinal, "a final state stays", state, next);
        state = next;
        listener.accept(next);
    }

    private boolean isStopping() {
        return stopAsked.getCount() == 0;
    }

    /** 128 bits, which nobody guesses through a loopback port. */
    private static String randomKey() {
        var bytes = new byte[16];
        CHANCE.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private static long millisSince(long nanos) {
        return (System.nanoTime() - nanos) / 1_000_000;
    }
}
