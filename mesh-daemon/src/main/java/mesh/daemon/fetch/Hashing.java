package mesh.daemon.fetch;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;
import mesh.core.Sha256;

/** SHA-256 of files that do not fit in memory. Stateless; blocks for as long as reading takes. */
public final class Hashing {
    private static final int READ_BYTES = 1 << 20;

    private Hashing() {}

    /** Hears how far the reading is. */
    public interface Listener {
        void at(long done, long total) throws IOException;
    }

    public static String sha256(Path file, Listener listener) throws IOException {
        try (FileChannel open = FileChannel.open(file, StandardOpenOption.READ)) {
            return sha256(open, listener);
        }
    }

    static String sha256(FileChannel file, Listener listener) throws IOException {
        MessageDigest digest = Sha256.fresh();
        long total = file.size();
        var bytes = ByteBuffer.allocate(READ_BYTES);
        for (long at = 0; at < total; ) {
            int count = file.read(bytes.clear(), at);
            if (count < 0) break;
            digest.update(bytes.flip());
            at += count;
            listener.at(at, total);
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
