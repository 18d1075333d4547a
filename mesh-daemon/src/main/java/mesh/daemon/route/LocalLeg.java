package mesh.daemon.route;

import java.util.Map;
import java.util.Optional;
import mesh.core.route.Host;
import mesh.daemon.edge.Course;
import mesh.daemon.edge.Turnstile;
import mesh.daemon.edge.Upstream;
import mesh.daemon.serve.LocalModels;

/** A peer's request to an engine of this node, and to nowhere else. Used on the exchange's event loop. */
final class LocalLeg implements Course.OnlyLeg {
    private final LocalModels locals;
    private final String ownName;
    private final String model;
    private final String asker;

    LocalLeg(LocalModels locals, String ownName, String model, String asker) {
        this.locals = locals;
        this.ownName = ownName;
        this.model = model;
        this.asker = asker;
    }

    @Override
    public Optional<Upstream> upstream() {
        return locals.engine(model).map(engine -> engine);
    }

    @Override
    public Map<String, String> labels() {
        Host.Path path = locals.isSplit(model) ? Host.Path.SPLIT : Host.Path.LOCAL;
        return Map.of("x-mesh-node", ownName, "x-mesh-model", model, "x-mesh-route", path.code());
    }

    @Override
    public Optional<Turnstile> turnstile() {
        return locals.turnstile(model);
    }

    @Override
    public String caller() {
        return asker;
    }
}
