package mesh.daemon.models;

import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.Optional;
import mesh.core.model.Fit;
import mesh.core.model.GgufHeader;
import mesh.core.model.GgufRead;
import mesh.core.model.GgufReader;
import mesh.daemon.fetch.FetchRefused;
import mesh.daemon.fetch.Network;
import mesh.daemon.fetch.RemoteBytes;

/**
 * Knows before a download whether the model will fit: reads the header where the file lies, a few MB at most, and works
 * out the least that serving takes. Any thread, which it blocks.
 */
final class Foresight {
    /** A file so much smaller than the memory fits whatever its header says. */
    private static final int PARTS_SURE = 2;

    private final Network network;

    Foresight(Network network) {
        this.network = network;
    }

    /** The least memory that serving the source takes; empty when that is surely no more than {@code usableBytes}, or unknown. */
    Optional<Long> needBytes(ModelSource source, long usableBytes) throws FetchRefused, InterruptedException {
        var open = new ArrayList<RemoteBytes>();
        try {
            var parts = new ArrayList<GgufReader.Part>();
            long bytes = 0;
            for (ModelSource.RemoteFile file : source.files()) {
                URI uri = file.uri();
                RemoteBytes remote = RemoteBytes.open(uri, network);
                open.add(remote);
                bytes += remote.size();
                parts.add(new GgufReader.Part(file.name(), remote));
            }
            if (bytes <= usableBytes / PARTS_SURE) return Optional.empty();
            return GgufReader.read(parts) instanceof GgufRead.Read(GgufHeader header)
                    ? Optional.of(Fit.of(header).needBytes(Fit.CONTEXT_FLOOR, 1))
                    : Optional.empty();
        } catch (IOException unknown) {
            return Optional.empty();
        } finally {
            for (RemoteBytes remote : open) remote.close();
        }
    }
}
