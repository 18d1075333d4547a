package mesh.daemon.route;

import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import mesh.core.id.ModelRef;
import mesh.core.route.Ask;
import mesh.core.route.Choice;
import mesh.core.route.Lately;
import mesh.core.route.RouteTable;
import mesh.core.route.Routes;
import mesh.daemon.edge.PeerHost;
import mesh.daemon.serve.LocalModels;

/** What all courses of this node choose by and walk on. Any thread. */
record Ways(
        Routes routes,
        Lately lately,
        WaitingRoom room,
        Paces paces,
        LocalModels locals,
        PeerHost.Reach reach,
        PeerSilence silence,
        Consumer<ModelRef> asked) {

    Choice choose(RouteTable table, Ask ask) {
        return routes.choose(table, ask, nowMillis());
    }

    /** The same choice, with nothing set in motion. */
    Choice preview(RouteTable table, Ask ask) {
        return routes.preview(table, ask, nowMillis());
    }

    static long nowMillis() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }
}
