package mesh.daemon.models;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
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
            var projectors = new ArrayList<GgufReader.Part>();
            long bytes = 0;
            for (ModelSource.RemoteFile file : source.weights()) {
                RemoteBytes remote = opened(file, open);
                bytes += remote.size();
                parts.add(new GgufReader.Part(file.name(), remote));
            }
            for (ModelSource.RemoteFile file : source.files()) {
                if (!file.isProjector()) continue;
                try {
                    projectors.add(new GgufReader.Part(file.name(), opened(file, open)));
                } catch (FetchRefused absent) {
                    // The model is served without it.
                }
            }
            if (bytes <= usableBytes / PARTS_SURE) return Optional.empty();
            if (!(GgufReader.read(parts) instanceof GgufRead.Read(GgufHeader header))) return Optional.empty();
            Fit fit = Fit.of(header);
            if (!projectors.isEmpty() && GgufReader.read(projectors) instanceof GgufRead.Read(GgufHeader sight))
                fit = fit.seeing(sight);
            return Optional.of(fit.needBytes(Fit.CONTEXT_FLOOR, 1));
        } catch (IOException unknown) {
            return Optional.empty();
        } finally {
            for (RemoteBytes remote : open) remote.close();
        }
    }

    private RemoteBytes opened(ModelSource.RemoteFile file, List<RemoteBytes> open)
            throws IOException, FetchRefused, InterruptedException {
        RemoteBytes remote = RemoteBytes.open(file.uri(), network);
        open.add(remote);
        return remote;
    }
}
