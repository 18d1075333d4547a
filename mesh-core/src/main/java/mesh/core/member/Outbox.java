package mesh.core.member;

import mesh.core.id.NodeId;

/** Where the membership puts what it wants said and what it noticed, in order. The node turns both into effects. */
public interface Outbox {
    void send(NodeId to, Word word);

    void changed(Change change);
}
