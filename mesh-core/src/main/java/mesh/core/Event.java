package mesh.core;

import java.util.List;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Profile;
import mesh.core.member.Profile.Assigned;
import mesh.core.member.Profile.Skill;
import mesh.core.wire.Message;

/** What can happen to a node. Immutable records; the loop that owns the node puts them in, one at a time. */
public sealed interface Event {
    /** Time went by; due every {@link Tunables#tickMillis()}. */
    record Tick() implements Event {}

    /** A decoded message over the connection of {@code from}, whose certificate was checked. */
    record Received(NodeId from, Message message) implements Event {}

    /** A node was dialled on an invite and let us in: introduce yourself, or ask it for the way. */
    record Admitted(NodeId peer) implements Event {}

    /** The connection to {@code peer} broke, or using it failed. */
    record PeerDown(NodeId peer) implements Event {}

    /**
     * Connections of a split stand with {@code peer}, or none does any more. They outlive the path they travel on for a
     * while, so a peer that is merely silent keeps its part in elections until they end.
     */
    record Tied(NodeId peer, boolean stands) implements Event {}

    /** The mesh withdrew what {@code peer} is a member by: it is gone now, whatever it answers. */
    record PeerRevoked(NodeId peer) implements Event {}

    /**
     * What this node is changed: memory, files, engine, addresses, the operator's models. The node itself knows which
     * role it plays, what it serves, what is asked of it and how far others are; these rows are ignored, but for served
     * ones that are attached.
     */
    record Described(Profile facts) implements Event {}

    /** The operator puts memory to a model. */
    record Taken(Assigned assigned) implements Event {}

    /** The operator wants a model gone from this node, and not back by the mesh's own choice. */
    record Dropped(ModelRef model) implements Event {}

    /** The engine started for {@code model} answers. */
    record ModelReady(ModelRef model, int slots, int ctxTokens, long sizeBytes, List<Skill> skills) implements Event {
        public ModelReady {
            skills = List.copyOf(skills);
        }
    }

    /** The engine would not start or keeps dying by its own fault: elections pass this node over for a while. */
    record ModelFailed(ModelRef model) implements Event {}

    /** The engine ended by no fault of its own, because a worker went or somebody stopped it: start it again. */
    record ModelEnded(ModelRef model) implements Event {}

    /** How busy and how fast the engine is. */
    record ModelLoad(ModelRef model, int outstanding, long milliTokensPerSecond) implements Event {}

    /** A caller at this node's own port, or a passive node's, asked for {@code model}. */
    record Requested(ModelRef model) implements Event {}

    /** This node is about to stop on purpose. */
    record Leave() implements Event {}
}
