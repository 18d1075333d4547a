package mesh.testnet.sim;

import java.util.List;
import java.util.SplittableRandom;
import mesh.core.Event;
import mesh.core.Node;
import mesh.core.id.ModelRef;
import mesh.core.member.Change;
import mesh.core.member.Profile;

/**
 * One mesh through bad weather: it boots through one door, suffers what the seed says, then has calm; by its end all
 * views must be true, all nodes play the parts of equal elections, and nothing may have been wrong in between.
 */
public final class Trial {
    private static final ModelRef SMALL = new ModelRef("Qwen3-8B-Q4_K_M");
    private static final ModelRef LARGE = new ModelRef("Qwen2.5-72B-Q4_K_M");
    private static final long SMALL_BYTES = 6 * Machines.GIB;
    private static final long LARGE_BYTES = 42 * Machines.GIB;

    /** Sleepers lie so long at most; longer than any doubt lasts. */
    private static final int SLEEP_MILLIS_MAX = 30_000;

    private static final int OUTAGE_MILLIS_MAX = 20_000;
    private static final int CLOCK_JUMP_MILLIS_MAX = 3_500_000;

    /** So few have moments in which nothing is on its way. */
    private static final int QUIET_NODES = 100;

    /** Boot, before the trouble starts. */
    private static final long BOOT_MILLIS = 5_000;

    private final Simulation mesh;
    private final Faults faults;
    private final SplittableRandom random;
    private final long troubleMillis;
    private final int nodes;
    private final long seed;
    private boolean calm;
    private long losses;

    private Trial(int nodes, long seed, long troubleMillis, NodeMaker maker) {
        this.random = new SplittableRandom(seed);
        this.nodes = nodes;
        this.seed = seed;
        this.troubleMillis = troubleMillis;
        this.faults = Faults.drawn(random.split(), nodes);
        this.mesh = Simulation.of(nodes).seed(seed).faults(faults).maker(maker).build();
    }

    public static Verdict run(int nodes, long seed, long troubleMillis) {
        return run(nodes, seed, troubleMillis, Node::new);
    }

    public static Verdict run(int nodes, long seed, long troubleMillis, NodeMaker maker) {
        var trial = new Trial(nodes, seed, troubleMillis, maker);
        try {
            return trial.run();
        } catch (Violation violation) {
            return trial.verdict(String.valueOf(violation.getMessage()), -1, -1);
        } catch (IllegalStateException broken) {
            return trial.verdict("seed=" + seed + " " + broken, -1, -1);
        }
    }

    private Verdict run() {
        mesh.watch((atMillis, viewer, change) -> {
            if (change instanceof Change.Lost) losses++;
        });
        boot();
        mesh.run(BOOT_MILLIS);
        trouble();
        mesh.run(troubleMillis);
        calm = true;
        mesh.calmDown();
        mesh.grantWordsMillis(wordsGrantedMillis());
        for (int node = 0; node < nodes; node++) if (mesh.isFrozen(node)) mesh.thaw(node);
        long converged = mesh.converge(convergeMillisMax());
        if (mesh.forgeries() > 0) mesh.fail("nobody forges here, yet forged words were seen count=" + mesh.forgeries());
        long settled = mesh.settle(settleMillisMax());
        return verdict("", converged, settled);
    }

    private Verdict verdict(String failure, long convergedMillis, long settledMillis) {
        return new Verdict(
                seed,
                nodes,
                failure,
                mesh.events(),
                failure.isEmpty() ? mesh.digest() : 0,
                convergedMillis,
                settledMillis,
                losses,
                mesh.engines().starts(),
                mesh.traffic().bytes());
    }

    /** Round trips tremble and are announced, so in a thousand nodes somebody always says something new. */
    private long wordsGrantedMillis() {
        return nodes <= QUIET_NODES
                ? 0
                : mesh.tunables().expectedSpreadMillis(nodes)
                        + 2 * mesh.tunables().passives().pushMillis();
    }

    /** A split mesh is whole again once somebody tried somebody of the other side, and all news came around. */
    private long convergeMillisMax() {
        var syncing = mesh.tunables().syncing();
        return 3 * syncing.reconnectMillis()
                + 2 * syncing.lateMillis()
                + 4 * mesh.tunables().expectedSpreadMillis(nodes)
                + mesh.tunables().doubtFloorMillis(nodes)
                        * mesh.tunables().doubting().ceilingFactor();
    }

    /** Outcomes ripen, engines load, splits wait for their workers, standbys look around. */
    private static long settleMillisMax() {
        return 60_000;
    }

    private void boot() {
        for (int node = 0; node < nodes; node++) mesh.start(node, machine(node));
        for (int node = 1; node < nodes; node++) mesh.join(node, 0);
    }

    /** Most serve a small model, some share a large one, a few have none, a few only ask. */
    private Profile machine(int node) {
        return switch (node % 10) {
            case 0, 1, 2, 3, 4 -> Machines.serving(node, 24 * Machines.GIB, SMALL, SMALL_BYTES, false);
            case 5, 6 -> Machines.serving(node, (24 + random.nextInt(12)) * Machines.GIB, LARGE, LARGE_BYTES, false);
            case 7, 8 -> Machines.idle(node, 16 * Machines.GIB, List.of(Machines.file(SMALL, SMALL_BYTES)));
            default -> Machines.client(node);
        };
    }

    private void trouble() {
        for (int count = 0; count < faults.crashes(); count++) sometime(this::crash);
        for (int count = 0; count < faults.sleeps(); count++) sometime(this::sleep);
        for (int count = 0; count < faults.clockJumps(); count++)
            sometime(() -> mesh.setClock(any(), random.nextInt(2 * CLOCK_JUMP_MILLIS_MAX) - CLOCK_JUMP_MILLIS_MAX));
        for (int count = 0; count < faults.clogs(); count++)
            sometime(() -> mesh.net().clog(any(), any(), outageEnd()));
        for (int count = 0; count < faults.deafnesses(); count++)
            sometime(() -> mesh.net().deafen(any(), any(), outageEnd()));
        for (int count = 0; count < faults.partitions(); count++) sometime(this::split);
        for (int node = 0; node < nodes; node++)
            if (random.nextInt(1_000) < faults.starvedPermille())
                Starvation.starve(
                        mesh,
                        node,
                        faults.starvedOfPermille(),
                        faults.stallMillisMax(),
                        random,
                        mesh.nowMillis() + troubleMillis);
        for (int count = 0; count < nodes / 5; count++) sometime(() -> ask(any()));
    }

    private void crash() {
        int node = any();
        if (!mesh.isUp(node)) return;
        if (random.nextInt(5) == 0) mesh.leave(node);
        else mesh.crash(node);
        if (random.nextInt(1_000) >= faults.restartPermille()) return;
        boolean remembers = random.nextInt(1_000) >= faults.amnesiaPermille();
        mesh.at(mesh.nowMillis() + random.nextInt(OUTAGE_MILLIS_MAX), () -> {
            mesh.restart(node, remembers);
            mesh.join(node, anyUpBut(node));
        });
    }

    private void sleep() {
        int node = any();
        if (!mesh.isUp(node) || mesh.isFrozen(node)) return;
        mesh.freeze(node, random.nextBoolean());
        mesh.at(mesh.nowMillis() + random.nextInt(SLEEP_MILLIS_MAX), () -> mesh.thaw(node));
    }

    private void split() {
        int[] sides = new int[nodes];
        for (int node = 0; node < nodes; node++) sides[node] = random.nextInt(2);
        mesh.net().split(sides);
        mesh.at(
                mesh.nowMillis() + random.nextInt(OUTAGE_MILLIS_MAX),
                () -> mesh.net().split(new int[0]));
    }

    private void ask(int node) {
        if (mesh.isUp(node) && !mesh.isFrozen(node)) mesh.tell(node, new Event.Requested(SMALL));
    }

    private void sometime(Runnable what) {
        mesh.at(mesh.nowMillis() + random.nextLong(troubleMillis), () -> {
            if (!calm) what.run();
        });
    }

    private int any() {
        return random.nextInt(nodes);
    }

    private int anyUpBut(int node) {
        for (int tries = 0; tries < 10 * nodes; tries++) {
            int other = any();
            boolean member = other % 10 != 9;
            if (other != node && mesh.isUp(other) && member) return other;
        }
        return node;
    }

    private long outageEnd() {
        return mesh.nowMillis() + random.nextInt(OUTAGE_MILLIS_MAX);
    }
}
