package mesh.daemon.api;

import java.util.Optional;
import java.util.function.BiFunction;
import mesh.core.openai.ApiError;
import mesh.core.openai.ModelPeek;
import mesh.daemon.edge.Action;
import mesh.daemon.edge.Action.Choice;
import mesh.daemon.edge.Course;
import mesh.daemon.edge.Exchange;
import mesh.daemon.edge.RouteTable;

/**
 * What this node answers for peers: the engine's paths, by the engines it runs itself. The asking node names the model in
 * a header; that nothing has to be fetched for the request is looked at again, for the fetching would be done here. Stateless; runs on the endpoint's loop.
 */
public final class PeerApi {
    private final BiFunction<String, String, Optional<Course>> engines;

    /** {@code engines} gives the way to a ready model of this node, for the model's name and the asker's id. */
    public PeerApi(BiFunction<String, String, Optional<Course>> engines) {
        this.engines = engines;
    }

    public void addTo(RouteTable routes) {
        for (String path : EnginePaths.ALL)
            routes.add("POST", path, new Action.Pass((exchange, peek) -> choose(exchange, peek, path)));
    }

    private Choice choose(Exchange exchange, ModelPeek peek, String path) {
        if (peek.pointsElsewhere()) return new Choice.Refuse(Choosing.elsewhere());
        String model = exchange.header("x-mesh-model", "");
        Optional<Course> course = engines.apply(model, exchange.asker());
        if (course.isPresent()) return new Choice.To(course.get(), path);
        return new Choice.Refuse(ApiError.server(503, "model_not_here", "this node does not serve " + model + " now")
                .retryAfter(1));
    }
}
