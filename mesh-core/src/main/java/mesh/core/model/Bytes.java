package mesh.core.model;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The bytes of a model file, wherever they are: on disk, in memory, made on demand. Reads stand on their own, in any
 * order; an implementation says which threads may call it.
 */
public interface Bytes {
    long size();

    /** The bytes at {@code offset}, fewer than {@code length} only where the file ends. Ready to be read. */
    ByteBuffer read(long offset, int length) throws IOException;
}
