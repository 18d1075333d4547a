package mesh.daemon.models;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import mesh.core.model.Bytes;
import mesh.daemon.store.AtomicFile;

/** Demo models and their projectors as files in a folder: made when missing, made again when damaged. Any thread. */
final class DemoFiles {
    /** Large enough that the disk sets the pace, small enough to be nothing. */
    private static final int WRITE_BYTES = 1 << 20;

    /** After a power cut a file may hold zeros; a look at one block in so many tells, without reading it all. */
    private static final int CHECK_STRIDE_BYTES = 4 << 20;

    private static final int CHECK_BYTES = 512;

    private DemoFiles() {}

    /** Where the model lies or will lie. */
    static Path file(DemoModel model, Path folder) {
        return folder.resolve(model.name() + ".gguf");
    }

    /** When this returns, the file is there and whole; when it throws, nothing new is there. */
    static void make(Bytes model, Path file) throws IOException {
        AtomicFile.writeRemakeable(file, out -> {
            for (long at = 0; at < model.size(); at += WRITE_BYTES) {
                ByteBuffer bytes = model.read(at, WRITE_BYTES);
                while (bytes.hasRemaining()) out.write(bytes);
            }
        });
    }

    static boolean isWhole(Bytes model, Path path) throws IOException {
        try (FileBytes file = FileBytes.open(path)) {
            if (file.size() != model.size()) return false;
            for (long at = 0; at < model.size(); at += CHECK_STRIDE_BYTES) if (differs(model, file, at)) return false;
            return !differs(model, file, model.size() - CHECK_BYTES);
        } catch (NoSuchFileException missing) {
            return false;
        }
    }

    private static boolean differs(Bytes model, FileBytes file, long at) throws IOException {
        return !model.read(at, CHECK_BYTES).equals(file.read(at, CHECK_BYTES));
    }
}
