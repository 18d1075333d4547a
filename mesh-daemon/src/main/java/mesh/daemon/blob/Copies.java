package mesh.daemon.blob;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import mesh.core.id.NodeId;
import mesh.daemon.fetch.Pace;
import mesh.daemon.fetch.Progress;
import mesh.daemon.log.Log;
import mesh.daemon.models.DemoModel;
import mesh.daemon.models.ModelFile;
import mesh.daemon.models.ModelSource;
import mesh.daemon.models.ModelStore;
import mesh.daemon.models.Neighbours;
import mesh.daemon.models.Resolved;
import mesh.daemon.quic.Peer;
import mesh.daemon.quic.WaitingStream;
import org.jspecify.annotations.Nullable;

/**
 * Models that go from node to node of one mesh. Gives members what its owner shares, also of what is still coming in,
 * and brings what members have. Any thread.
 */
public final class Copies implements Neighbours {
    /** A peer that asks nothing for so long has forgotten the stream. */
    public static final Duration SILENCE = Duration.ofMinutes(2);

    private static final Log log = Log.of(Copies.class);

    private final ModelStore store;
    private final Predicate<String> isShared;
    private final Pace outgoing;
    private final Trees trees;
    private final Map<String, Holding> underWay = new ConcurrentHashMap<>();
    private volatile @Nullable Members members;

    /** The other nodes, as whoever holds the mesh knows them. */
    public interface Members {
        /** Whom to ask for a model, those that say they have it first. */
        List<NodeId> toAsk(String model);

        /** Whether any of them says that it has a model; waits a little where the mesh is still being joined. */
        boolean isHeld(String model) throws InterruptedException;

        /** A connection to one of them; blocks while it is made. */
        Optional<Peer> reach(NodeId member) throws InterruptedException;
    }

    /**
     * @param isShared whether a model of the models folder may be given to members, by name
     * @param bytesPerSecondMax for all members together; 0 = no limit
     */
    public Copies(ModelStore store, Predicate<String> isShared, long bytesPerSecondMax) {
        this.store = store;
        this.isShared = isShared;
        this.outgoing = Pace.of(bytesPerSecondMax);
        this.trees = new Trees(store.folder());
    }

    /** From here on there is a mesh. */
    public void connect(Members others) {
        members = others;
    }

    /** Answers one stream of a member until it ends. */
    public void answer(Peer peer, WaitingStream stream) {
        new Answers(this, peer, stream, outgoing).run();
    }

    @Override
    public Copied copy(ModelSource source, Progress progress, BooleanSupplier isUnwanted) {
        Members others = members;
        if (others == null) return new Copied.Nobody();
        return new Copy(this, others, store.folder(), source, progress, isUnwanted).run();
    }

    @Override
    public boolean know(String model) throws InterruptedException {
        Members others = members;
        return others != null && others.isHeld(model);
    }

    /** What was just checked chunk by chunk need not be read again for others. */
    void keep(Path first, Manifest manifest) {
        if (!(store.open(first) instanceof Resolved.Found(ModelFile file))) return;
        try {
            trees.keep(file, manifest);
        } catch (IOException unwritten) {
            log.warn("manifest.failed", "model", file.ref(), "cause", unwritten);
        }
    }

    Trees trees() {
        return trees;
    }

    /** Only what lies in the models folder, under its whole name; a demo everybody makes faster than it is sent. */
    Optional<ModelFile> shared(String model) {
        boolean isName = !model.isEmpty() && model.indexOf('/') < 0 && model.indexOf('\\') < 0;
        if (!isName || DemoModel.named(model).isPresent() || !isShared.test(model)) return Optional.empty();
        return store.here(model)
                .filter(file -> file.ref().name().equals(model))
                .filter(file -> isOurs(file.path()))
                // A projector of the operator's own choice is no part of the model.
                .map(file -> file.seeing(file.projector().filter(one -> isOurs(one.path()))));
    }

    private boolean isOurs(Path file) {
        return store.folder().equals(file.getParent());
    }

    Optional<Holding> underWay(String model) {
        return isShared.test(model) ? Optional.ofNullable(underWay.get(model)) : Optional.empty();
    }

    void begins(String model, Holding holding) {
        underWay.put(model, holding);
    }

    void ended(String model) {
        underWay.remove(model);
    }
}
