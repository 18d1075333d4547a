package mesh.daemon.loop;

import mesh.core.elect.Part;
import mesh.core.elect.Reason;
import mesh.core.id.ModelRef;

/** What the mesh decided about models on this node. Called on the loop's thread; must return at once. */
public interface Orders {
    void start(ModelRef model, Part part);

    void stop(ModelRef model, Reason reason);
}
