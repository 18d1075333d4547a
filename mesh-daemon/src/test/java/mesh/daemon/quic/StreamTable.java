package mesh.daemon.quic;

import io.netty.util.collection.LongObjectMap;
import java.lang.reflect.Field;

/** Looks into Netty's table of streams, where closed ones must not stay. */
public final class StreamTable {
    private StreamTable() {}

    public static int size(Peer peer) throws ReflectiveOperationException {
        Object channel = peer.primary().orElseThrow().channel();
        Field streams = channel.getClass().getDeclaredField("streams");
        streams.setAccessible(true);
        return ((LongObjectMap<?>) streams.get(channel)).size();
    }
}
