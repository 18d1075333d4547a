package mesh.core.wire;

import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import com.fasterxml.jackson.dataformat.cbor.CBORGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.function.BiConsumer;
import mesh.core.id.NodeId;

/** Writes one CBOR record into memory: arrays of known length, shortest integers. Used once, by one owner. */
final class CborWriter {
    private static final CBORFactory FACTORY = new CBORFactory();

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    private final CBORGenerator cbor;

    CborWriter() {
        try {
            cbor = FACTORY.createGenerator(bytes);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    /** Opens an array whose {@code size} elements follow. */
    CborWriter array(int size) {
        return run(() -> cbor.writeStartArray(null, size));
    }

    CborWriter end() {
        return run(cbor::writeEndArray);
    }

    CborWriter number(long value) {
        return run(() -> cbor.writeNumber(value));
    }

    CborWriter text(String value) {
        return run(() -> cbor.writeString(value));
    }

    CborWriter bytes(byte[] value) {
        return run(() -> cbor.writeBinary(value));
    }

    CborWriter id(NodeId id) {
        return bytes(id.bytes());
    }

    <T> CborWriter list(List<T> items, BiConsumer<CborWriter, T> each) {
        array(items.size());
        for (T item : items) each.accept(this, item);
        return end();
    }

    byte[] toBytes() {
        run(cbor::close);
        return bytes.toByteArray();
    }

    private interface Write {
        void run() throws IOException;
    }

    /** Memory does not fail to be written to. */
    private CborWriter run(Write write) {
        try {
            write.run();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return this;
    }
}
