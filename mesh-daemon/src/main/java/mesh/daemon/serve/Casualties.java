package mesh.daemon.serve;

import mesh.core.id.ModelRef;

/** Who wants to know of parts that the mesh ordered and that ended by themselves. Called on any thread; may wait a moment. */
public interface Casualties {
    /** By no fault of this node: elect again. */
    void ended(ModelRef model);

    /** This node should be passed over for a while. */
    void failed(ModelRef model);
}
