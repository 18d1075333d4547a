package mesh.daemon.loop;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import mesh.core.Effect;
import mesh.core.Event;
import mesh.core.Node;
import mesh.core.Snapshot;
import mesh.core.id.NodeId;
import mesh.core.member.Change;
import mesh.daemon.log.Log;

/**
 * The thread {@code loop}, which owns the core's node: takes events from a bounded mailbox, steps the node, hands the
 * effects out in order and publishes the snapshot. It never waits for a peer, a disk or an engine. What it publishes may
 * be read by anybody without a lock.
 */
public final class MeshLoop {
    private static final Log log = Log.of(MeshLoop.class);

    /** Some seconds of what a mesh of a thousand says to one node; more is older than it is worth. */
    private static final int MAILBOX_EVENTS = 4_096;

    /** Kept free for what this node knows first hand, so that gossip cannot crowd it out. */
    private static final int RESERVED_EVENTS = 512;

    /** Events that share one look at the clock: bounded, so that ticks stay on time under load. */
    private static final int TURN_EVENTS_MAX = 256;

    /** Only to tell those who left from those who are missed; beyond it they are missed. */
    private static final int DEPARTED_MAX = 4_096;

    private static final long STOP_MILLIS = 2_000;

    private final Node node;
    private final long tickMillis;
    private final Effects effects;
    private final Runnable broken;
    private final ArrayBlockingQueue<Event> mailbox = new ArrayBlockingQueue<>(MAILBOX_EVENTS);
    private final LongAdder dropped = new LongAdder();
    private final Thread thread;
    private final Set<NodeId> departed = ConcurrentHashMap.newKeySet();
    private volatile Snapshot snapshot;

    /** Carries out what the node wants, on the loop's thread; must return at once. */
    public interface Effects {
        void carry(Effect effect);

        /** A turn is over; the snapshot is the one that everybody else sees from now on. */
        void turned(Snapshot snapshot);
    }

    /**
     * @param makes the node, which is given the loop's idea of now
     * @param broken told when the node broke a promise of its own: the daemon must end
     */
    public MeshLoop(NodeMaker makes, long tickMillis, Effects effects, Runnable broken) {
        this.node = makes.at(nowMillis());
        this.tickMillis = tickMillis;
        this.effects = effects;
        this.broken = broken;
        this.snapshot = node.snapshot();
        this.thread = Thread.ofPlatform().name("loop").daemon().unstarted(this::run);
    }

    /** Makes the core's node at a moment of the loop's clock. */
    public interface NodeMaker {
        Node at(long nowMillis);
    }

    public void start() {
        thread.start();
    }

    /** What a peer said: dropped and counted when the mailbox is full, for it will be said again. */
    public void hear(Event event) {
        if (mailbox.remainingCapacity() <= RESERVED_EVENTS || !mailbox.offer(event)) dropped.increment();
    }

    /** What this node knows first hand: never lost, so this waits while the mailbox is full. */
    public void tell(Event event) {
        try {
            while (thread.isAlive() && !mailbox.offer(event, tickMillis, TimeUnit.MILLISECONDS)) {
                // A loop that ended takes nothing more; one that lives makes room.
            }
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
        }
    }

    public Snapshot snapshot() {
        return snapshot;
    }

    /** Who said goodbye and has not come back. */
    public Set<NodeId> departed() {
        return Set.copyOf(departed);
    }

    /** How many words of peers found no room. */
    public long dropped() {
        return dropped.sum();
    }

    /** Says goodbye to the mesh; when this returns, the farewell has been handed to the endpoint. */
    public void close() throws InterruptedException {
        tell(new Event.Leave());
        thread.join(STOP_MILLIS);
    }

    /** One of the three places where anything may be caught: a node that broke its own promises must not go on. */
    private void run() {
        var batch = new ArrayList<Event>();
        try {
            long nextTickMillis = nowMillis();
            while (!batch.contains(new Event.Leave())) {
                batch.clear();
                gather(batch, nextTickMillis - nowMillis());
                long now = nowMillis();
                boolean isDue = now >= nextTickMillis;
                if (isDue) {
                    batch.add(new Event.Tick());
                    nextTickMillis = now + tickMillis;
                }
                turn(batch, now);
            }
        } catch (InterruptedException ending) {
            // Only the JVM's end interrupts this thread.
        } catch (RuntimeException | Error fault) {
            log.error(
                    "loop.broke",
                    "events",
                    batch.size(),
                    "peers",
                    snapshot.peers().size(),
                    fault);
            broken.run();
        }
    }

    private void gather(List<Event> batch, long waitMillis) throws InterruptedException {
        Event first = mailbox.poll(Math.max(0, waitMillis), TimeUnit.MILLISECONDS);
        if (first == null) return;
        batch.add(first);
        mailbox.drainTo(batch, TURN_EVENTS_MAX - 1);
    }

    private void turn(List<Event> batch, long now) {
        var wanted = new ArrayList<Effect>();
        for (Event event : batch) node.step(event, now, wanted);
        for (Effect effect : wanted) {
            if (effect instanceof Effect.Noticed(Change change)) noticed(change);
            effects.carry(effect);
        }
        snapshot = node.snapshot();
        effects.turned(snapshot);
    }

    private void noticed(Change change) {
        if (change instanceof Change.Joined(NodeId back, var said)) departed.remove(back);
        if (change instanceof Change.Left(NodeId gone) && departed.size() < DEPARTED_MAX) departed.add(gone);
    }

    /** Not the wall clock, which people set; the core takes gaps out by itself. */
    private static long nowMillis() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }
}
