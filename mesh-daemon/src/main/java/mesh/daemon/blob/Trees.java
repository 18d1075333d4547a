package mesh.daemon.blob;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import mesh.core.Sha256;
import mesh.daemon.log.Log;
import mesh.daemon.models.ModelFile;
import mesh.daemon.store.AtomicFile;

/**
 * The manifests of models on disk. Making one reads the whole model, so it is made once, in the background, one at a
 * time, and kept beside the models for as long as the files do not change. Any thread.
 */
final class Trees {
    private static final Log log = Log.of(Trees.class);

    private static final String FOLDER = ".notes";

    private final Path folder;
    private final Set<String> underWay = ConcurrentHashMap.newKeySet();
    private final Semaphore one = new Semaphore(1);

    Trees(Path modelsFolder) {
        folder = modelsFolder.resolve(FOLDER);
    }

    /** Empty while it is being made, which the first call begins. */
    Optional<Manifest> of(ModelFile model) {
        String key = model.ref().name();
        try {
            Path kept = kept(model);
            if (Files.exists(kept)) return Optional.of(read(kept));
        } catch (IOException damaged) {
            log.debug("manifest.unreadable", "model", model.ref(), "cause", damaged);
        }
        if (underWay.add(key))
            Thread.ofVirtual().name("manifest-" + key).start(() -> {
                try {
                    one.acquire();
                    try {
                        make(model);
                    } finally {
                        one.release();
                    }
                } catch (IOException unreadable) {
                    log.warn("manifest.failed", "model", model.ref(), "cause", unreadable);
                } catch (InterruptedException ending) {
                    // Only the JVM's end interrupts this thread.
                } finally {
                    underWay.remove(key);
                }
            });
        return Optional.empty();
    }

    /** A copy that was just checked against its manifest need not be read again. */
    void keep(ModelFile model, Manifest manifest) throws IOException {
        Files.createDirectories(folder);
        AtomicFile.write(kept(model), manifest.encode());
    }

    private void make(ModelFile model) throws IOException {
        var files = new ArrayList<Manifest.File>();
        for (Path path : model.files()) files.add(hashed(path));
        keep(model, new Manifest(files));
    }

    private static Manifest.File hashed(Path path) throws IOException {
        MessageDigest whole = Sha256.fresh();
        MessageDigest chunk = Sha256.fresh();
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
            long bytes = file.size();
            var hashes = new byte[Manifest.chunksOf(bytes) * Manifest.HASH_BYTES];
            var buffer = ByteBuffer.allocate(Manifest.CHUNK_BYTES);
            for (int i = 0; i < hashes.length / Manifest.HASH_BYTES; i++) {
                buffer.clear();
                while (buffer.hasRemaining()
                        && file.read(buffer, (long) i * Manifest.CHUNK_BYTES + buffer.position()) >= 0) {}
                byte[] hash = chunk.digest(java.util.Arrays.copyOf(buffer.array(), buffer.position()));
                whole.update(buffer.array(), 0, buffer.position());
                System.arraycopy(hash, 0, hashes, i * Manifest.HASH_BYTES, Manifest.HASH_BYTES);
            }
            String name = String.valueOf(path.getFileName());
            return new Manifest.File(name, bytes, HexFormat.of().formatHex(whole.digest()), hashes);
        }
    }

    /** The sizes and dates of the files are in its name: a file that changed has none. */
    private Path kept(ModelFile model) throws IOException {
        var state = new StringBuilder();
        for (Path path : model.files())
            state.append(Files.size(path))
                    .append(Files.getLastModifiedTime(path).toMillis())
                    .append(' ');
        String first = Objects.requireNonNull(model.path().getFileName()).toString();
        String mark = Integer.toHexString(state.toString().hashCode());
        return folder.resolve(first + "." + mark + ".tree");
    }

    private static Manifest read(Path file) throws IOException {
        try (var in = new DataInputStream(new ByteArrayInputStream(Files.readAllBytes(file)))) {
            return Manifest.decode(in);
        }
    }
}
