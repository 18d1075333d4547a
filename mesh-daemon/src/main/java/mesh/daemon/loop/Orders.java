package mesh.daemon.loop;

import mesh.core.elect.Part;
import mesh.core.elect.Reason;
import mesh.core.id.ModelRef;

/** What the mesh decided about models on this node. Called on the loop's thread; must return at once. */
public interface Orders {
    void start(ModelRef model, Part part);

    /** The mesh gave this node a model that it has to fetch; {@code source} is as after {@code --model}. */
    void fetch(ModelRef model, String source);

    void stop(ModelRef model, Reason reason);
}
