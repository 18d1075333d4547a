package mesh.core.model;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import mesh.core.model.GgufCursor.Stop;
import mesh.core.model.GgufHeader.Tensor;
import mesh.core.model.GgufHeader.Value;
import mesh.core.model.GgufRead.Read;
import mesh.core.model.GgufRead.Reason;
import mesh.core.model.GgufRead.Refused;

/**
 * Reads the header of a GGUF file, or of a set of parts, and checks it against the file: versions 2 and 3, little
 * endian. Whatever the bytes are, the answer is a {@link GgufRead} after bounded time and memory; only a failing disk
 * throws. Stateless, any thread.
 */
public final class GgufReader {
    private GgufReader() {}

    /** One file of a model; {@code path} appears in messages. */
    public record Part(String path, Bytes bytes) {}

    public static GgufRead read(String path, Bytes file) throws IOException {
        return read(List.of(new Part(path, file)));
    }

    /** Reads all {@code parts}, in order, as one model. */
    public static GgufRead read(List<Part> parts) throws IOException {
        var tensors = new ArrayList<Tensor>();
        var names = new HashSet<String>();
        SortedMap<String, Value> keys = new TreeMap<>();
        int version = 0;
        long bytes = 0;
        try {
            for (int part = 0; part < parts.size(); part++) {
                var cursor =
                        new GgufCursor(parts.get(part).path(), parts.get(part).bytes());
                var file = new GgufPart(cursor, part, tensors, names);
                file.read(parts.size());
                if (part == 0) keys = file.keys();
                if (part == 0) version = file.version();
                bytes += cursor.size();
            }
        } catch (Stop stop) {
            return stop.refused();
        }
        var header = new GgufHeader(version, keys, tensors, bytes, parts.size());
        return whole(parts.getFirst().path(), header);
    }

    private static GgufRead whole(String path, GgufHeader header) {
        long expected =
                number(header.keys(), "split.tensors.count", header.tensors().size());
        if (expected != header.tensors().size())
            return new Refused(
                    Reason.MIXED_PARTS,
                    "model parts do not add up path=" + path + " tensors="
                            + header.tensors().size() + " expected=" + expected);
        if (header.architecture().isEmpty())
            return new Refused(Reason.NO_ARCHITECTURE, "model file names no architecture path=" + path);
        if (header.tensors().isEmpty()) return new Refused(Reason.BAD_TENSOR, "model file has no tensors path=" + path);
        return new Read(header);
    }

    static long number(SortedMap<String, Value> keys, String key, long fallback) {
        return keys.get(key) instanceof Value.Whole(long value) ? value : fallback;
    }
}
