package mesh.core;

import mesh.core.elect.Outcome;
import mesh.core.elect.Part;
import mesh.core.elect.Reason;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Change;
import mesh.core.wire.Message;

/** What a node wants done. Immutable records; names what, never how; those to one target keep their order. */
public sealed interface Effect {
    record Send(NodeId to, Message message) implements Effect {}

    /** The view of the mesh changed; for the log and for people. */
    record Noticed(Change change) implements Effect {}

    /**
     * Play {@code part} for {@code model}: run the engine alone or over its workers, or lend memory to the host. Never
     * sent twice for the same part unless it ended or failed in between.
     */
    record Start(ModelRef model, Part part) implements Effect {}

    /** Stop what {@link Start} began; {@code reason} says why no part is left or that another one follows. */
    record Stop(ModelRef model, Reason reason) implements Effect {}

    /** Get the model's file from {@code source} and describe the node anew. */
    record Fetch(ModelRef model, String source) implements Effect {}

    /** An election that concerns this node came out differently than before. */
    record Decided(ModelRef model, Outcome outcome) implements Effect {}
}
