package mesh.daemon.planted;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import mesh.core.Event;
import mesh.core.Node;

/** Breaks the daemon's arrows on purpose, so that {@code DaemonArchitectureTest} can show that it notices. */
final class Violations {
    ByteBuf bytesOutsideTheirRoom() {
        return Unpooled.EMPTY_BUFFER;
    }

    ProcessBuilder childOutsideItsRoom() {
        return new ProcessBuilder("true");
    }

    void stepOfSomebodyElsesNode(Node node) {
        node.step(new Event.Tick(), 0, new ArrayList<>());
    }
}
