package mesh.daemon.tunnel;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mesh.core.Sha256;
import mesh.core.model.GgufHeader;

/**
 * A model's file as both ends of a tunnel may have it: bytes that stand in both need not be sent. Mapped, read only; the
 * mapping lasts for as long as anybody holds a piece of it. Safe on any thread.
 */
public final class KnownFile {
    static final int DIGEST_BYTES = 32;

    private final List<MemorySegment> parts;
    private final Map<String, Place> places;
    private final byte[] digest;

    /** Where a tensor's data stands. */
    record Place(int part, long offset, long bytes) {}

    private KnownFile(List<MemorySegment> parts, Map<String, Place> places, byte[] digest) {
        this.parts = parts;
        this.places = places;
        this.digest = digest;
    }

    /** Reads what stands before the weights, which is what {@link #digest} is of. */
    public static KnownFile open(List<Path> paths, GgufHeader header) throws IOException {
        var parts = new ArrayList<MemorySegment>();
        for (Path path : paths)
            try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
                parts.add(file.map(FileChannel.MapMode.READ_ONLY, 0, file.size(), Arena.ofAuto()));
            }
        var places = new HashMap<String, Place>();
        MessageDigest digest = Sha256.fresh();
        long[] headBytes = parts.stream().mapToLong(MemorySegment::byteSize).toArray();
        for (GgufHeader.Tensor tensor : header.tensors()) {
            places.put(tensor.name(), new Place(tensor.part(), tensor.offset(), tensor.bytes()));
            headBytes[tensor.part()] = Math.min(headBytes[tensor.part()], tensor.offset());
        }
        for (int part = 0; part < headBytes.length; part++) {
            digest.update(ByteBuffer.allocate(Long.BYTES)
                    .putLong(parts.get(part).byteSize())
                    .flip());
            digest.update(parts.get(part)
                    .asSlice(0, Math.min(headBytes[part], Integer.MAX_VALUE))
                    .asByteBuffer());
        }
        return new KnownFile(parts, places, digest.digest());
    }

    /** Equal for files with equal sizes, keys and tensors; their weights may differ still. */
    byte[] digest() {
        return digest.clone();
    }

    Optional<Place> place(String tensor) {
        return Optional.ofNullable(places.get(tensor));
    }

    boolean has(int part, long offset, long bytes) {
        return part < parts.size()
                && offset >= 0
                && bytes >= 0
                && offset <= parts.get(part).byteSize() - bytes;
    }

    ByteBuffer piece(int part, long offset, int bytes) {
        return parts.get(part).asSlice(offset, bytes).asByteBuffer();
    }
}
