package mesh.daemon.engine;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Writes small archives entry by entry, hostile ones too. */
final class TestArchive {
    /** A stand-in that answers what a probe asks. */
    static final String SERVER = """
            #!/bin/sh
            case "$1" in
              --version) echo 'version: 1.2.3 (test)' ;;
              *) printf '%s\\n' '-m,    --model FNAME   model' '--port PORT   port' ;;
            esac
            """;

    private final ByteArrayOutputStream tar = new ByteArrayOutputStream();

    /** What a good release looks like: a folder with the server, and a library under two names. */
    static TestArchive good() {
        return new TestArchive()
                .folder("llama-b1/")
                .file("llama-b1/llama-server", SERVER)
                .file("llama-b1/libllama.so.0", "\u007fELF library")
                .link("llama-b1/libllama.so", "libllama.so.0");
    }

    TestArchive folder(String name) {
        return entry(name, '5', "", new byte[0]);
    }

    TestArchive file(String name, String content) {
        return entry(name, '0', "", content.getBytes(StandardCharsets.UTF_8));
    }

    TestArchive link(String name, String to) {
        return entry(name, '2', to, new byte[0]);
    }

    TestArchive entry(String name, char kind, String link, byte[] content) {
        var head = new byte[Tar.BLOCK_BYTES];
        put(head, 0, name);
        put(head, 100, "0000755");
        put(head, 124, String.format(Locale.ROOT, "%011o", content.length));
        head[156] = (byte) kind;
        put(head, 157, link);
        put(head, 257, "ustar");
        Arrays.fill(head, 148, 156, (byte) ' ');
        int sum = 0;
        for (byte value : head) sum += value & 0xff;
        put(head, 148, String.format(Locale.ROOT, "%06o\0 ", sum));
        tar.writeBytes(head);
        tar.writeBytes(content);
        tar.writeBytes(new byte[(int) Tar.padding(content.length)]);
        return this;
    }

    byte[] tarGz() {
        tar.writeBytes(new byte[2 * Tar.BLOCK_BYTES]);
        var packed = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(tar.toByteArray());
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return packed.toByteArray();
    }

    static byte[] zip(String... namesAndContents) {
        var packed = new ByteArrayOutputStream();
        try (var zip = new ZipOutputStream(packed)) {
            for (int i = 0; i < namesAndContents.length; i += 2) {
                zip.putNextEntry(new ZipEntry(namesAndContents[i]));
                zip.write(namesAndContents[i + 1].getBytes(StandardCharsets.UTF_8));
                zip.closeEntry();
            }
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return packed.toByteArray();
    }

    private static void put(byte[] block, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        System.arraycopy(bytes, 0, block, at, bytes.length);
    }
}
