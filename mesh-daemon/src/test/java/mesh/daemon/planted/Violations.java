package mesh.daemon.planted;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/** Breaks the daemon's arrows on purpose, so that {@code DaemonArchitectureTest} can show that it notices. */
final class Violations {
    ByteBuf bytesOutsideTheirRoom() {
        return Unpooled.EMPTY_BUFFER;
    }

    ProcessBuilder childOutsideItsRoom() {
        return new ProcessBuilder("true");
    }
}
