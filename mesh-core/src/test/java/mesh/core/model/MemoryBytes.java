package mesh.core.model;

import java.nio.ByteBuffer;

/** A file in memory that may claim to be longer than what is kept of it; the rest reads as zeros. */
final class MemoryBytes implements Bytes {
    private final byte[] kept;
    private final long size;

    MemoryBytes(byte[] kept, long size) {
        this.kept = kept;
        this.size = size;
    }

    static MemoryBytes of(byte[] bytes) {
        return new MemoryBytes(bytes, bytes.length);
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public ByteBuffer read(long offset, int length) {
        var bytes = new byte[(int) Math.max(0, Math.min(length, size - offset))];
        int known = Math.clamp(kept.length - offset, 0, bytes.length);
        if (known > 0) System.arraycopy(kept, (int) offset, bytes, 0, known);
        return ByteBuffer.wrap(bytes);
    }
}
