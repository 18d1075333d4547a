package mesh.daemon.api;

import java.util.Optional;
import java.util.function.BiFunction;
import mesh.core.openai.ApiError;
import mesh.daemon.edge.Action;
import mesh.daemon.edge.Action.Choice;
import mesh.daemon.edge.Course;
import mesh.daemon.edge.Exchange;
import mesh.daemon.edge.RouteTable;

/**
 * What this node answers for peers: the engine's paths, by the engines it runs itself. The asking node has looked into
 * the request and names the model in a header. Stateless; runs on the endpoint's loop.
 */
public final class PeerApi {
    private final BiFunction<String, String, Optional<Course>> engines;

    /** {@code engines} gives the way to a ready model of this node, for the model's name and the asker's id. */
    public PeerApi(BiFunction<String, String, Optional<Course>> engines) {
        this.engines = engines;
    }

    public void addTo(RouteTable routes) {
        for (String path : EnginePaths.ALL)
            routes.add("POST", path, new Action.Pass(exchange -> choose(exchange, path)));
    }

    private Choice choose(Exchange exchange, String path) {
        String model = exchange.header("x-mesh-model", "");
        Optional<Course> course = engines.apply(model, exchange.asker());
        if (course.isPresent()) return new Choice.To(course.get(), path);
        return new Choice.Refuse(ApiError.server(503, "model_not_here", "this node does not serve " + model + " now")
                .retryAfter(1));
    }
}
