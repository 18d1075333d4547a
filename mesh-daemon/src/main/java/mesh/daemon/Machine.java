package mesh.daemon;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import mesh.daemon.engine.Engine;
import mesh.daemon.engine.EngineFinder;
import mesh.daemon.engine.EngineShelf;
import mesh.daemon.hardware.Device;
import mesh.daemon.hardware.Gpus;
import mesh.daemon.hardware.Memory;
import mesh.daemon.log.Log;
import mesh.daemon.store.DataDir;
import org.jspecify.annotations.Nullable;

/**
 * What this machine puts to models: the one figure that the daemon and every command show. A look takes milliseconds,
 * and up to seconds where a card's driver sleeps, so the daemon's is made once, on a thread of its own, while the port
 * opens. Any thread.
 */
public final class Machine {
    private static final Log log = Log.of(Machine.class);

    private final CompletableFuture<Memory> looked = new CompletableFuture<>();
    private volatile @Nullable Refusal refused;

    /** How to come by the engine, which is asked for only where there is a card or a device was named. */
    interface Look {
        Optional<Engine> engine() throws InterruptedException;
    }

    private Machine() {}

    /** Begins to look. */
    static Machine looking(Config config, Look look) {
        var machine = new Machine();
        Thread.ofVirtual().name("machine").start(() -> {
            try {
                machine.looked.complete(memory(config, look));
            } catch (Refusal refusal) {
                machine.refused = refusal;
            } catch (InterruptedException ending) {
                // Only the JVM's end interrupts this thread.
            } finally {
                // Nobody waits for ever, whatever came in between.
                if (!machine.looked.isDone()) machine.looked.complete(Memory.probe());
            }
        });
        return machine;
    }

    /** Waits until the look is over; throws when what the operator named is not here. */
    void await() throws Refusal {
        Memory seen = looked.join();
        Refusal refusal = refused;
        if (refusal != null) throw refusal;
        log.info(
                "memory.known",
                "usableBytes",
                seen.usableBytes(),
                "source",
                seen.source().word(),
                "cards",
                seen.cards().size());
    }

    /** Waits for it, which ends a moment after the port opened, if it is not over then. */
    Memory memory() {
        return looked.join();
    }

    /** Empty until the look is over. */
    Optional<Memory> known() {
        return Optional.ofNullable(looked.getNow(null));
    }

    public static Memory memory(Config config) throws Refusal, InterruptedException {
        return memory(config, () -> {
            var shelf = new EngineShelf(DataDir.engine(config.dataDir()));
            return EngineFinder.find(config.engine().binDir().orElse(null), shelf)
                            instanceof EngineFinder.Search.Found(Engine found)
                    ? Optional.of(found)
                    : Optional.empty();
        });
    }

    private static Memory memory(Config config, Look look) throws Refusal, InterruptedException {
        Memory machine = Memory.probe();
        List<Gpus.Gpu> cards = Gpus.probe();
        if (cards.isEmpty() && config.serve().devices().isEmpty())
            return config.serve().of(machine);
        List<Device> devices = look.engine().map(Engine::devices).orElse(List.of());
        return config.serve().of(machine.with(config.serve().chosen(devices), cards));
    }
}
