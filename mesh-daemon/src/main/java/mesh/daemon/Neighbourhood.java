package mesh.daemon;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import mesh.core.id.NodeId;
import mesh.core.member.Member;
import mesh.daemon.blob.Copies;
import mesh.daemon.loop.Belonging;
import mesh.daemon.quic.Peer;

/** The members of the mesh as copies of models see them: who may have one, and how to reach them. Any thread. */
final class Neighbourhood implements Copies.Members {
    /** Holders first; beyond that, members that may be fetching it themselves just now. */
    private static final int ASKED_MAX = 32;

    private static final Duration REACHED = Duration.ofSeconds(10);

    /** A node that is on its way into a mesh learns within that what its members have. */
    private static final long JOINING_MILLIS = 30_000;

    private static final long LOOK_MILLIS = 100;

    private final Belonging belonging;
    private final boolean isJoining;

    Neighbourhood(Belonging belonging, boolean isJoining) {
        this.belonging = belonging;
        this.isJoining = isJoining;
    }

    @Override
    public List<NodeId> toAsk(String model) {
        var holders = new ArrayList<NodeId>();
        var others = new ArrayList<NodeId>();
        belonging.snapshot().ifPresent(snapshot -> {
            for (Member member : snapshot.peers()) (holds(member, model) ? holders : others).add(member.id());
        });
        holders.addAll(others);
        return holders.subList(0, Math.min(ASKED_MAX, holders.size()));
    }

    @Override
    public Optional<Peer> reach(NodeId member) throws InterruptedException {
        return belonging.reach(member, REACHED);
    }

    @Override
    public boolean isHeld(String model) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(JOINING_MILLIS);
        while (!isHeldNow(model)) {
            if (!isJoining || System.nanoTime() > deadline) return false;
            Thread.sleep(LOOK_MILLIS);
        }
        return true;
    }

    private boolean isHeldNow(String model) {
        return belonging.snapshot().stream()
                .flatMap(snapshot -> snapshot.peers().stream())
                .anyMatch(member -> holds(member, model));
    }

    private static boolean holds(Member member, String model) {
        return member.profile().onDisk().stream()
                .anyMatch(file -> file.model().name().equals(model));
    }
}
