package mesh.daemon;

import java.util.List;
import java.util.Optional;
import mesh.daemon.engine.Engine;
import mesh.daemon.engine.EngineFinder;
import mesh.daemon.engine.EngineShelf;
import mesh.daemon.hardware.Device;
import mesh.daemon.hardware.Gpus;
import mesh.daemon.hardware.Memory;
import mesh.daemon.store.DataDir;

/**
 * What this machine puts to models: the one figure that the daemon and every command show. Looks at the machine anew at
 * each call, which takes milliseconds, and up to seconds where a card's driver sleeps.
 */
public final class Machine {
    private Machine() {}

    /** How to come by the engine, which is asked for only where there is a card or a device was named. */
    interface Look {
        Optional<Engine> engine() throws InterruptedException;
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

    static Memory memory(Config config, Look look) throws Refusal, InterruptedException {
        Memory machine = Memory.probe();
        List<Gpus.Gpu> cards = Gpus.probe();
        if (cards.isEmpty() && config.serve().devices().isEmpty())
            return config.serve().of(machine);
        List<Device> devices = look.engine().map(Engine::devices).orElse(List.of());
        return config.serve().of(machine.with(config.serve().chosen(devices), cards));
    }
}
