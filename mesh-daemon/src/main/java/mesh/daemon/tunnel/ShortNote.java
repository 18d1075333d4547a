package mesh.daemon.tunnel;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Optional;

/**
 * What the host's end of an RPC connection says instead of bytes that the worker's end can find by itself, and what the
 * worker's end says so that it may. The layouts are in {@code docs/wire-transport.md}. Without state.
 */
final class ShortNote {
    /** Worker to host: it has a file, and the digest of its head. */
    static final int HAVE = 0xFF_FFF0;

    /** Host to worker: bytes of that file. */
    static final int FROM_FILE = 0xFF_FFF1;

    /** Host to worker: bytes that went through this connection. */
    static final int FROM_PAST = 0xFF_FFF2;

    /** Host to worker: one word over and over. */
    static final int RUN = 0xFF_FFFB;

    /** Host to worker: all of a request before its data. */
    static final int HEAD = 0xFF_FFFC;

    /** Named at once: as much as the loop reads from a cold disk without anybody noticing. */
    static final int NAMED_BYTES_MAX = 256 << 10;

    /** Naming takes 32 bytes. */
    static final int NAMED_BYTES_MIN = 64;

    static final int CHECK_BYTES = 16;

    private ShortNote() {}

    /**
     * Bytes of the model's file.
     *
     * @param check the first half of their SHA-256
     */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    record FromFile(int part, long at, int count, byte[] check) {
        static final int BYTES = 1 + Long.BYTES + Integer.BYTES + CHECK_BYTES;

        ByteBuf said() {
            return Carrier.note(FROM_FILE, BYTES)
                    .writeByte(part)
                    .writeLong(at)
                    .writeInt(count)
                    .writeBytes(check);
        }

        static FromFile read(ByteBuf note) {
            int part = note.readUnsignedByte();
            long at = note.readLong();
            int count = note.readInt();
            var check = new byte[CHECK_BYTES];
            note.readBytes(check);
            return new FromFile(part, at, count, check);
        }
    }

    /** Bytes of data that passed before, by the number of the first. */
    record FromPast(long at, int count) {
        static final int BYTES = Long.BYTES + Integer.BYTES;

        ByteBuf said() {
            return Carrier.note(FROM_PAST, BYTES).writeLong(at).writeInt(count);
        }

        static FromPast read(ByteBuf note) {
            return new FromPast(note.readLong(), note.readInt());
        }
    }

    /** Bytes of data that repeat one word, the last time perhaps not all of it. */
    record Run(int count, long word) {
        static final int BYTES = Integer.BYTES + Long.BYTES;

        ByteBuf said() {
            return Carrier.note(RUN, BYTES).writeInt(count).writeLong(word);
        }

        static Run read(ByteBuf note) {
            return new Run(note.readInt(), note.readLong());
        }

        byte[] bytes() {
            byte[] first = ByteBuffer.allocate(Long.BYTES).putLong(word).array();
            byte[] bytes = Arrays.copyOf(first, count);
            for (int done = Long.BYTES; done < count; done *= 2)
                System.arraycopy(bytes, 0, bytes, done, Math.min(done, count - done));
            return bytes;
        }
    }

    /** The head of a request, by its place among {@link Heads}. */
    record Head(int place) {
        static final int BYTES = 1;

        ByteBuf said() {
            return Carrier.note(HEAD, BYTES).writeByte(place);
        }

        static Head read(ByteBuf note) {
            return new Head(note.readUnsignedByte());
        }
    }

    static boolean isCount(int count) {
        return count > 0 && count <= NAMED_BYTES_MAX;
    }

    /** What stands for bytes where they are checked: the first half of their SHA-256. */
    static byte[] check(MessageDigest sha256, ByteBuffer bytes) {
        sha256.update(bytes);
        return Arrays.copyOf(sha256.digest(), CHECK_BYTES);
    }

    /** How many bytes a host's note has behind its head. */
    static Optional<Integer> bytesFromHost(int kind) {
        return switch (kind) {
            case FROM_FILE -> Optional.of(FromFile.BYTES);
            case FROM_PAST -> Optional.of(FromPast.BYTES);
            case RUN -> Optional.of(Run.BYTES);
            case HEAD -> Optional.of(Head.BYTES);
            default -> Optional.empty();
        };
    }
}
