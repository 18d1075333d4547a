package mesh.testnet.engine;

import static org.assertj.core.api.Assertions.fail;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import mesh.daemon.process.ChildState;

/** Listens to a supervisor and waits for what it must become. */
public final class States implements Consumer<ChildState> {
    private final List<ChildState> seen = new ArrayList<>();

    @Override
    public synchronized void accept(ChildState state) {
        seen.add(state);
        notifyAll();
    }

    public synchronized List<ChildState> seen() {
        return List.copyOf(seen);
    }

    public <S extends ChildState> S await(Class<S> kind, Duration within) throws InterruptedException {
        return kind.cast(await(kind::isInstance, within));
    }

    /** The first state that fits, already seen or yet to come. */
    public synchronized ChildState await(Predicate<ChildState> fits, Duration within) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + within.toNanos();
        while (true) {
            for (ChildState state : seen) if (fits.test(state)) return state;
            long leftMillis = (deadlineNanos - System.nanoTime()) / 1_000_000;
            if (leftMillis <= 0) return fail("not within " + within + ", seen " + seen);
            wait(leftMillis);
        }
    }
}
