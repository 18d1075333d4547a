package mesh.testnet.sim;

import mesh.core.id.ModelRef;

/** Four nodes of which two are needed for a model, settled: node 0 has the most memory and hosts it. */
final class FourShare {
    private FourShare() {}

    static Simulation settled(long seed, ModelRef model, long needBytes) {
        var mesh = Simulation.of(4).seed(seed).build();
        for (int node = 0; node < 4; node++)
            mesh.start(node, Machines.serving(node, (30 - node) * Machines.GIB, model, needBytes, false));
        for (int node = 1; node < 4; node++) mesh.join(node, 0);
        mesh.settle(30_000);
        mesh.run(10_000);
        return mesh;
    }

    /** Whose memory the host uses; -1: nobody's. */
    static int lender(Simulation mesh, ModelRef model) {
        for (int node = 0; node < mesh.size(); node++)
            if (mesh.isUp(node) && mesh.engines().part(node, model).startsWith("lends")) return node;
        return -1;
    }
}
