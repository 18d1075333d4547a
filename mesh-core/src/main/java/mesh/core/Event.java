package mesh.core;

import mesh.core.id.NodeId;
import mesh.core.member.Profile;
import mesh.core.wire.Message;

/** What can happen to a node. Immutable records; the loop that owns the node puts them in, one at a time. */
public sealed interface Event {
    /** Time went by; due every {@link Tunables#tickMillis()}. */
    record Tick() implements Event {}

    /** A decoded message over the connection of {@code from}, whose certificate was checked. */
    record Received(NodeId from, Message message) implements Event {}

    /** A node was dialled on an invite and let us in: introduce yourself. */
    record Admitted(NodeId peer) implements Event {}

    /** The connection to {@code peer} broke, or using it failed. */
    record PeerDown(NodeId peer) implements Event {}

    /** What this node says of itself changed. */
    record Described(Profile profile) implements Event {}

    /** This node is about to stop on purpose. */
    record Leave() implements Event {}
}
