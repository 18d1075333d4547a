package mesh.daemon.tunnel;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;

/**
 * What the ends of RPC connections say to each other about payloads that one worker brings to another: notes between the
 * records of a connection, and what a stream from worker to worker begins with. The layouts are in
 * {@code docs/wire-transport.md}. Without state.
 */
final class HandNote {
    /** Host to worker: data that another worker brings. */
    static final int BROUGHT = 0xFF_FFF3;

    /** Host to worker: bring answers of this name to that worker; without a name, bring nothing any more. */
    static final int BRING = 0xFF_FFF6;

    /** Host to worker: that worker will bring. */
    static final int EXPECT = 0xFF_FFF7;

    /** Worker to host: the answer whose head has passed is brought under this number. */
    static final int BRINGING = 0xFF_FFF8;

    /** Worker to host: this one was used; 0: payloads may be brought. */
    static final int GOT = 0xFF_FFF9;

    /** Worker to host: bring this yourself. */
    static final int WANT = 0xFF_FFFA;

    private static final int NUMBER_BYTES = Long.BYTES + Integer.BYTES;
    private static final int EXPECT_BYTES = Long.BYTES + NodeId.BYTES;
    private static final int NAME_BYTES = 64;
    private static final int BROUGHT_BYTES = Long.BYTES + 3 * Integer.BYTES + ShortNote.CHECK_BYTES;

    private static final byte STREAM = 4;

    private HandNote() {}

    /**
     * Bytes of one payload, by which pair of connections it goes, its number there, and where they stand in it.
     *
     * @param check the first half of their SHA-256
     */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    record Brought(long pair, int number, int offset, int count, byte[] check) {
        ByteBuf said() {
            return Carrier.note(BROUGHT, BROUGHT_BYTES)
                    .writeLong(pair)
                    .writeInt(number)
                    .writeInt(offset)
                    .writeInt(count)
                    .writeBytes(check);
        }

        static Brought read(ByteBuf note) {
            long pair = note.readLong();
            int number = note.readInt();
            int offset = note.readInt();
            int count = note.readInt();
            var check = new byte[ShortNote.CHECK_BYTES];
            note.readBytes(check);
            return new Brought(pair, number, offset, count, check);
        }

        /** Beyond what the note saves nothing is saved. */
        static int bytes() {
            return BROUGHT_BYTES;
        }
    }

    record Expect(long pair, NodeId from) {
        ByteBuf said() {
            return Carrier.note(EXPECT, EXPECT_BYTES).writeLong(pair).writeBytes(from.bytes());
        }

        static Expect read(ByteBuf note) {
            return new Expect(note.readLong(), node(note));
        }
    }

    record Bring(long pair, NodeId to, String name) {
        ByteBuf said() {
            byte[] padded = java.util.Arrays.copyOf(name.getBytes(StandardCharsets.ISO_8859_1), NAME_BYTES);
            return Carrier.note(BRING, EXPECT_BYTES + NAME_BYTES)
                    .writeLong(pair)
                    .writeBytes(to.bytes())
                    .writeBytes(padded);
        }

        static Bring read(ByteBuf note) {
            long pair = note.readLong();
            NodeId to = node(note);
            int end = note.indexOf(note.readerIndex(), note.writerIndex(), (byte) 0);
            int length = end < 0 ? note.readableBytes() : end - note.readerIndex();
            return new Bring(
                    pair,
                    to,
                    note.readCharSequence(length, StandardCharsets.ISO_8859_1).toString());
        }
    }

    /** One payload of a pair of connections, in each of the three notes of a worker. */
    record Numbered(long pair, int number) {
        ByteBuf said(int kind) {
            return Carrier.note(kind, NUMBER_BYTES).writeLong(pair).writeInt(number);
        }

        static Numbered read(ByteBuf note) {
            return new Numbered(note.readLong(), note.readInt());
        }
    }

    private static NodeId node(ByteBuf note) {
        var id = new byte[NodeId.BYTES];
        note.readBytes(id);
        return NodeId.of(id);
    }

    /** How many bytes a host's note has behind its head. */
    static Optional<Integer> bytesFromHost(int kind) {
        return switch (kind) {
            case BROUGHT -> Optional.of(BROUGHT_BYTES);
            case BRING -> Optional.of(EXPECT_BYTES + NAME_BYTES);
            case EXPECT -> Optional.of(EXPECT_BYTES);
            default -> Optional.empty();
        };
    }

    /** How many bytes a worker's note has behind its head. */
    static Optional<Integer> bytesFromWorker(int kind) {
        return kind == BRINGING || kind == GOT || kind == WANT ? Optional.of(NUMBER_BYTES) : Optional.empty();
    }

    /** What a stream that brings payloads says first, with its length before it. */
    static ByteBuf streamHead(long pair, String model) {
        byte[] name = model.getBytes(StandardCharsets.UTF_8);
        return Unpooled.buffer(LineHead.LENGTH_BYTES + 1 + Long.BYTES + name.length)
                .writeShort(1 + Long.BYTES + name.length)
                .writeByte(STREAM)
                .writeLong(pair)
                .writeBytes(name);
    }

    /** Whether a stream's head is of that kind. */
    static boolean isStreamHead(byte[] head) {
        return head.length > 1 + Long.BYTES && head[0] == STREAM;
    }

    static long pair(byte[] streamHead) {
        return java.nio.ByteBuffer.wrap(streamHead).getLong(1);
    }

    /** Empty for what is no model's name. */
    static Optional<ModelRef> model(byte[] streamHead) {
        String name =
                new String(streamHead, 1 + Long.BYTES, streamHead.length - 1 - Long.BYTES, StandardCharsets.UTF_8);
        return ModelRef.isName(name) ? Optional.of(new ModelRef(name)) : Optional.empty();
    }
}
