package mesh.daemon.blob;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import mesh.core.model.PartName;

/**
 * What a model is made of, chunk by chunk: the names and sizes of its files, their SHA-256, and a hash of every chunk,
 * so that a wrong one is known before it is written and its sender with it. Immutable.
 */
record Manifest(List<File> files) {
    static final int HASH_BYTES = 32;

    /** Long enough that asking costs nothing, short enough that a wrong one is a small loss. */
    static final int CHUNK_BYTES = 1 << 20;

    /** A file of 256 GiB, five times what hubs take; its hashes are 8 MiB. */
    private static final int CHUNKS_MAX = 1 << 18;

    private static final int NAME_BYTES_MAX = 255;

    Manifest {
        files = List.copyOf(files);
    }

    /**
     * One file.
     *
     * @param sha256 of all its bytes
     * @param chunks the SHA-256 of each chunk, one after another
     */
    @SuppressWarnings("ArrayRecordComponent") // Megabytes of hashes; compared by identity() and never by equals.
    record File(String name, long bytes, String sha256, byte[] chunks) {
        int chunkCount() {
            return chunks.length / HASH_BYTES;
        }

        boolean matches(int chunk, byte[] hash) {
            return java.util.Arrays.equals(chunks, chunk * HASH_BYTES, (chunk + 1) * HASH_BYTES, hash, 0, HASH_BYTES);
        }

        int bytesOf(int chunk) {
            return (int) Math.min(CHUNK_BYTES, bytes - (long) chunk * CHUNK_BYTES);
        }
    }

    static int chunksOf(long bytes) {
        return (int) ((bytes + CHUNK_BYTES - 1) / CHUNK_BYTES);
    }

    /** What two nodes must agree on to be sources of the same copy. */
    String identity() {
        var text = new StringBuilder();
        for (File file : files)
            text.append(file.name()).append(' ').append(file.sha256()).append('\n');
        return text.toString();
    }

    long bytes() {
        return files.stream().mapToLong(File::bytes).sum();
    }

    byte[] encode() {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeShort(files.size());
            for (File file : files) {
                byte[] name = file.name().getBytes(StandardCharsets.UTF_8);
                out.writeShort(name.length);
                out.write(name);
                out.writeLong(file.bytes());
                out.write(HexFormat.of().parseHex(file.sha256()));
                out.write(file.chunks());
            }
        } catch (IOException impossible) {
            throw new IllegalStateException("writes to memory", impossible);
        }
        return bytes.toByteArray();
    }

    /** From a member, who may be wrong or lie; every bound is checked before room is made. */
    static Manifest decode(DataInputStream in) throws IOException {
        int count = in.readUnsignedShort();
        if (count < 1 || count > PartName.PARTS_MAX) throw new IOException("manifest files=" + count);
        var files = new ArrayList<File>();
        for (int i = 0; i < count; i++) {
            int nameBytes = in.readUnsignedShort();
            if (nameBytes > NAME_BYTES_MAX) throw new IOException("manifest name bytes=" + nameBytes);
            String name = new String(in.readNBytes(nameBytes), StandardCharsets.UTF_8);
            if (!isPlain(name)) throw new IOException("manifest names no model file");
            long bytes = in.readLong();
            if (bytes < 1 || bytes > (long) CHUNKS_MAX * CHUNK_BYTES) throw new IOException("manifest bytes=" + bytes);
            String sha256 = HexFormat.of().formatHex(exactly(in, HASH_BYTES));
            files.add(new File(name, bytes, sha256, exactly(in, chunksOf(bytes) * HASH_BYTES)));
        }
        return new Manifest(files);
    }

    private static byte[] exactly(DataInputStream in, int bytes) throws IOException {
        byte[] read = in.readNBytes(bytes);
        if (read.length < bytes) throw new IOException("manifest cut");
        return read;
    }

    /** A name that stays within the models folder and is listed there. */
    private static boolean isPlain(String name) {
        return name.matches("[A-Za-z0-9_][\\w. +-]*\\.gguf");
    }
}
