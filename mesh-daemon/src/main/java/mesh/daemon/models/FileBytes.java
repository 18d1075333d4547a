package mesh.daemon.models;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import mesh.core.model.Bytes;

/** A file's bytes as they are on disk. The size is that of the moment it was opened. Any thread. */
final class FileBytes implements Bytes, Closeable {
    private final FileChannel file;
    private final long size;

    private FileBytes(FileChannel file, long size) {
        this.file = file;
        this.size = size;
    }

    static FileBytes open(Path path) throws IOException {
        FileChannel file = FileChannel.open(path, StandardOpenOption.READ);
        try {
            return new FileBytes(file, file.size());
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public ByteBuffer read(long offset, int length) throws IOException {
        var bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining() && file.read(bytes, offset + bytes.position()) >= 0) {}
        return bytes.flip();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
