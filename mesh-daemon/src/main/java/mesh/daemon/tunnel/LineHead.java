package mesh.daemon.tunnel;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import mesh.core.id.ModelRef;

/**
 * What an RPC stream says first. Immutable.
 *
 * @param tunnel the same for all connections of one start of a split
 * @param line one of them, drawn by the host; only its lease's host can ask for it again
 * @param heardBytes how much the host has heard on it, or {@link #NEW}
 */
record LineHead(ModelRef model, long tunnel, long line, long heardBytes) {
    static final long NEW = -1;

    static final int BYTES_MAX = 4_096;
    static final int LENGTH_BYTES = 2;

    private static final byte VERSION = 2;
    private static final int FIXED_BYTES = 1 + 3 * Long.BYTES;

    boolean isNew() {
        return heardBytes == NEW;
    }

    /** With its length before it. */
    ByteBuf said(ByteBufAllocator allocator) {
        byte[] name = model.name().getBytes(StandardCharsets.UTF_8);
        return allocator
                .directBuffer(LENGTH_BYTES + FIXED_BYTES + name.length)
                .writeShort(FIXED_BYTES + name.length)
                .writeByte(VERSION)
                .writeLong(tunnel)
                .writeLong(line)
                .writeLong(heardBytes)
                .writeBytes(name);
    }

    static Optional<LineHead> read(byte[] bytes) {
        if (bytes.length <= FIXED_BYTES || bytes[0] != VERSION) return Optional.empty();
        var in = ByteBuffer.wrap(bytes, 1, bytes.length - 1);
        long tunnel = in.getLong();
        long line = in.getLong();
        long heardBytes = in.getLong();
        if (heardBytes < NEW) return Optional.empty();
        try {
            String name = StandardCharsets.UTF_8.newDecoder().decode(in).toString();
            return Optional.of(new LineHead(new ModelRef(name), tunnel, line, heardBytes));
        } catch (CharacterCodingException | IllegalArgumentException notAName) {
            return Optional.empty();
        }
    }
}
