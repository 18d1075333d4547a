package mesh.daemon.blob;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import mesh.daemon.models.ModelFile;

/** What this node has of a model, whole or on its way, as others may ask for it. Any thread. */
interface Holding {
    Manifest manifest();

    boolean has(int file, int chunk);

    /** A chunk that {@link #has} said is here. */
    byte[] read(int file, int chunk) throws IOException;

    /** A model on disk, kept open for as long as one peer asks. */
    final class Whole implements Holding, AutoCloseable {
        private final Manifest manifest;
        private final List<FileChannel> files = new ArrayList<>();

        Whole(ModelFile model, Manifest manifest) throws IOException {
            this.manifest = manifest;
            try {
                for (var path : model.files()) files.add(FileChannel.open(path, StandardOpenOption.READ));
            } catch (IOException gone) {
                close();
                throw gone;
            }
        }

        @Override
        public Manifest manifest() {
            return manifest;
        }

        @Override
        public boolean has(int file, int chunk) {
            return true;
        }

        @Override
        public byte[] read(int file, int chunk) throws IOException {
            var bytes = ByteBuffer.allocate(manifest.files().get(file).bytesOf(chunk));
            long from = (long) chunk * Manifest.CHUNK_BYTES;
            while (bytes.hasRemaining() && files.get(file).read(bytes, from + bytes.position()) >= 0) {}
            if (bytes.hasRemaining()) throw new IOException("file became shorter");
            return bytes.array();
        }

        @Override
        public void close() throws IOException {
            for (FileChannel file : files) file.close();
        }
    }
}
