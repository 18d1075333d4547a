package mesh.testnet.churn;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import mesh.core.id.Checked;
import mesh.core.id.Invite;
import mesh.core.id.NodeId;
import mesh.core.id.Role;
import mesh.core.member.Profile;
import mesh.daemon.loop.Belonging;
import org.jspecify.annotations.Nullable;

/**
 * Two nodes that stay and guests that come and go, all in this process, each with its own key, files, UDP socket and
 * loop, as a daemon has them. A guest's life: it starts, is let in by invite or comes back by its certificate, waits
 * until it and the two see each other, says goodbye and closes. Used by one thread, which starts others.
 */
final class Churn {
    private static final long LIFE_MILLIS_MAX = 60_000;
    private static final long LOOK_MILLIS = 5;

    private final Path folder;
    private final List<Belonging> residents = new ArrayList<>();
    private final String token;
    private final Semaphore places;
    private volatile @Nullable Throwable failure;

    /** @param atOnce how many guests are there together */
    Churn(Path folder, int atOnce) throws IOException, InterruptedException {
        this.folder = folder;
        this.places = new Semaphore(atOnce);
        Belonging founder = open("founder", List.of());
        residents.add(founder);
        await(() -> founder.loop().isPresent());
        var invite = (Checked.Good<Invite>) founder.invite(Role.SPLIT, Invite.UNCOUNTED, Duration.ofDays(30));
        token = invite.value().token();
        residents.add(open("second", List.of(token)));
        await(() -> sees(founder, 1));
    }

    /** So many lives, spread over {@code machines} that return again and again; returns when all are over. */
    void live(int lives, int machines) throws InterruptedException {
        var over = new CountDownLatch(lives);
        for (int life = 0; life < lives; life++) {
            places.acquire();
            String name = "guest" + life % machines;
            Thread.ofVirtual().start(() -> {
                try {
                    live(name);
                } catch (IOException | InterruptedException | RuntimeException broken) {
                    failure = broken;
                } finally {
                    places.release();
                    over.countDown();
                }
            });
        }
        over.await();
        Throwable broken = failure;
        if (broken != null) throw new IllegalStateException("a guest's life went wrong", broken);
    }

    private void live(String name) throws IOException, InterruptedException {
        Belonging guest = open(name, List.of(token));
        try {
            await(() -> sees(guest, residents.size()));
            NodeId id = guest.view().orElseThrow().node();
            for (Belonging resident : residents) await(() -> sees(resident, id));
        } finally {
            guest.close();
        }
    }

    private Belonging open(String name, List<String> tokens) throws IOException {
        return IdleNode.open(
                folder.resolve(name),
                name,
                Profile.Role.STANDBY,
                tokens,
                unable -> failure = new IllegalStateException(unable.message()));
    }

    private static boolean sees(Belonging node, int atLeast) {
        return node.snapshot().map(now -> now.peers().size() >= atLeast).orElse(false);
    }

    private static boolean sees(Belonging node, NodeId whom) {
        return node.snapshot()
                .map(now -> now.peers().stream().anyMatch(peer -> peer.id().equals(whom)))
                .orElse(false);
    }

    private void await(BooleanSupplier holds) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LIFE_MILLIS_MAX);
        while (!holds.getAsBoolean()) {
            Throwable broken = failure;
            if (broken != null) throw new IllegalStateException("another life went wrong", broken);
            if (System.nanoTime() - deadline > 0) throw new IllegalStateException("the mesh did not come together");
            // A look at a field, which is cheaper than being told.
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        }
    }

    /** What the two that stay have refused, for a look. */
    String refused() {
        return residents.stream()
                .map(each -> each.refused().toString())
                .toList()
                .toString();
    }

    void end() throws InterruptedException, IOException {
        for (Belonging each : residents) each.close();
    }
}
