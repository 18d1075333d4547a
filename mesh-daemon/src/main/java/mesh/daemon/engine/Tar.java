package mesh.daemon.engine;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** The parts of the tar format that release archives use: ustar headers, and the two ways of longer names. Pure. */
final class Tar {
    static final int BLOCK_BYTES = 512;

    /** Longer names or attributes than this name nothing we want. */
    private static final int TEXT_BYTES_MAX = 64 << 10;

    private Tar() {}

    record Header(String name, long bytes, char kind, String link) {}

    /** What a pax record says instead of the header behind it; empty where it says nothing. */
    record Extension(String path, String link) {}

    static boolean isEnd(byte[] block) {
        for (byte value : block) if (value != 0) return false;
        return true;
    }

    static Header parse(byte[] block) throws InstallRefused {
        long sum = 0;
        for (int i = 0; i < BLOCK_BYTES; i++) sum += i >= 148 && i < 156 ? ' ' : block[i] & 0xff;
        if (octal(block, 148, 8) != sum) throw bad("damaged: a header's sum is wrong");
        String name = text(block, 0, 100);
        String prefix = text(block, 257, 5).equals("ustar") ? text(block, 345, 155) : "";
        return new Header(
                prefix.isEmpty() ? name : prefix + "/" + name,
                octal(block, 124, 12),
                (char) (block[156] & 0xff),
                text(block, 157, 100));
    }

    static long padding(long bytes) {
        return (BLOCK_BYTES - bytes % BLOCK_BYTES) % BLOCK_BYTES;
    }

    static String text(InputStream content) throws IOException, InstallRefused {
        byte[] bytes = content.readNBytes(TEXT_BYTES_MAX + 1);
        if (bytes.length > TEXT_BYTES_MAX) throw bad("a name of more than " + TEXT_BYTES_MAX + " bytes");
        return text(bytes, 0, bytes.length);
    }

    /** Records of the form {@code LENGTH KEY=VALUE\n}. */
    static Extension extension(InputStream content) throws IOException, InstallRefused {
        String path = "";
        String link = "";
        for (String line : text(content).split("\n")) {
            int space = line.indexOf(' ');
            int equals = line.indexOf('=');
            if (space < 0 || equals < space) continue;
            String key = line.substring(space + 1, equals);
            String value = line.substring(equals + 1);
            if (key.equals("path")) path = value;
            if (key.equals("linkpath")) link = value;
            if (key.equals("size")) throw bad("an entry larger than a header can say");
        }
        return new Extension(path, link);
    }

    /** The next {@code bytes} of a stream; its end is theirs. */
    static InputStream bounded(InputStream in, long bytes) {
        return new InputStream() {
            private long left = bytes;

            @Override
            public int read() throws IOException {
                if (left == 0) return -1;
                int value = in.read();
                left = value < 0 ? 0 : left - 1;
                return value;
            }

            @Override
            public int read(byte[] into, int from, int count) throws IOException {
                if (left == 0) return -1;
                int got = in.read(into, from, (int) Math.min(count, left));
                left = got < 0 ? 0 : left - got;
                return got;
            }
        };
    }

    private static String text(byte[] block, int from, int count) {
        int end = from;
        while (end < from + count && block[end] != 0) end++;
        return new String(block, from, end - from, StandardCharsets.UTF_8);
    }

    private static long octal(byte[] block, int from, int count) throws InstallRefused {
        String digits = text(block, from, count).strip();
        try {
            long value = digits.isEmpty() ? 0 : Long.parseLong(digits, 8);
            if (value >= 0) return value;
        } catch (NumberFormatException odd) {
            // Told below, together with the negative ones.
        }
        throw bad("damaged: not a number: " + digits);
    }

    private static InstallRefused bad(String message) {
        return new InstallRefused(InstallReason.BAD_ARCHIVE, message);
    }
}
