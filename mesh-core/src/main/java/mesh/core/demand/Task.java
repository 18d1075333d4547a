package mesh.core.demand;

import mesh.core.id.ModelRef;

/** What a node without a model should do. Compared by value, so that an unchanged answer is no news. */
public sealed interface Task {
    AssignReason reason();

    /** Put all memory to {@code model}; {@code source} says where to fetch it, and is empty when it is on disk or lent. */
    record Serve(ModelRef model, AssignReason reason, String source) implements Task {}

    record Stay(AssignReason reason) implements Task {}
}
