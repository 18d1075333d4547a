package mesh.testnet.sim;

import java.util.ArrayList;
import java.util.List;
import mesh.core.member.Change;

/** Counts who was declared dead, from the moment it is asked to watch. */
final class Losses {
    private record Loss(long atMillis, int viewer, int lost) {}

    private final List<Loss> losses = new ArrayList<>();

    private Losses() {}

    static Losses seenByAll(Simulation mesh) {
        return watching(mesh, -1);
    }

    static Losses seenBy(Simulation mesh, int viewer) {
        return watching(mesh, viewer);
    }

    int count() {
        return losses.size();
    }

    /** How many lost {@code node}. */
    long of(int node) {
        return losses.stream().filter(loss -> loss.lost == node).count();
    }

    /** When the last of the losses was seen. */
    long lastAtMillis() {
        return losses.stream().mapToLong(Loss::atMillis).max().orElse(0);
    }

    private static Losses watching(Simulation mesh, int only) {
        var losses = new Losses();
        mesh.watch((atMillis, viewer, change) -> {
            if (change instanceof Change.Lost lost && (only < 0 || viewer == only))
                losses.losses.add(new Loss(atMillis, viewer, mesh.index(lost.peer())));
        });
        return losses;
    }
}
