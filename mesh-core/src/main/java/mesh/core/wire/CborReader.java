package mesh.core.wire;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser.NumberType;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import com.fasterxml.jackson.dataformat.cbor.CBORParser;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import org.jspecify.annotations.Nullable;

/**
 * Reads one CBOR record within bounds. Every value is checked before room is made for it; what does not hold throws
 * {@link Malformed}, which never leaves this package. Elements behind those that are known are skipped, because newer
 * peers append. Used once, by one owner.
 */
final class CborReader {
    /** Deeper than any message of ours, with room for a release or two. */
    private static final int DEPTH_MAX = 16;

    /** Records are arrays; nothing reads a field name, so none is cached. */
    private static final CBORFactory FACTORY = CBORFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(DEPTH_MAX)
                    .maxStringLength(Codec.FRAME_BYTES_MAX)
                    .maxNumberLength(64)
                    .maxNameLength(64)
                    .build())
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .build();

    private final CBORParser cbor;
    private boolean peeked;

    /** Bytes that are not what they should be. Has no stack trace: hostile peers would make us pay for it. */
    static final class Malformed extends Exception {
        private static final long serialVersionUID = 1;

        Malformed(String reason) {
            super(reason, null, false, false);
        }
    }

    interface Read<T> {
        T from(CborReader reader) throws IOException, Malformed;
    }

    CborReader(byte[] bytes) throws IOException {
        cbor = FACTORY.createParser(bytes);
    }

    void array() throws IOException, Malformed {
        expect(next() == JsonToken.START_ARRAY, "expected an array");
    }

    /** Leaves the array, over whatever a newer peer appended. */
    void end() throws IOException, Malformed {
        while (true) {
            JsonToken token = next();
            if (token == JsonToken.END_ARRAY) return;
            expect(token != null, "array without end");
            cbor.skipChildren();
        }
    }

    /** Over one element, whatever it is. */
    void skip() throws IOException, Malformed {
        JsonToken token = next();
        expect(token != null && token != JsonToken.END_ARRAY, "expected an element");
        cbor.skipChildren();
    }

    /** Whether the array holds nothing more. */
    boolean isAtEnd() throws IOException {
        JsonToken token = next();
        peeked = true;
        return token == JsonToken.END_ARRAY;
    }

    /** After the record there is nothing. */
    void over() throws IOException, Malformed {
        expect(next() == null, "bytes after the record");
    }

    long number(long min, long max) throws IOException, Malformed {
        expect(next() == JsonToken.VALUE_NUMBER_INT, "expected an integer");
        expect(cbor.getNumberType() != NumberType.BIG_INTEGER, "integer too large");
        long value = cbor.getLongValue();
        expect(value >= min && value <= max, "integer out of bounds");
        return value;
    }

    long natural() throws IOException, Malformed {
        return number(0, Long.MAX_VALUE);
    }

    String text(int charsMax) throws IOException, Malformed {
        expect(next() == JsonToken.VALUE_STRING, "expected a text");
        String text = cbor.getText();
        expect(text.length() <= charsMax, "text too long");
        expect(isPlain(text), "text with control characters");
        return text;
    }

    byte[] bytes(int min, int max) throws IOException, Malformed {
        expect(next() == JsonToken.VALUE_EMBEDDED_OBJECT, "expected bytes");
        var sink = new Sink(max);
        cbor.readBinaryValue(sink);
        expect(!sink.overflown, "bytes too long");
        expect(sink.size >= min, "bytes too short");
        return sink.toBytes();
    }

    NodeId id() throws IOException, Malformed {
        return NodeId.of(bytes(NodeId.BYTES, NodeId.BYTES));
    }

    ModelRef model() throws IOException, Malformed {
        String name = text(ModelRef.CHARS_MAX);
        expect(ModelRef.isName(name), "not a model name");
        return new ModelRef(name);
    }

    /** Reads all elements of an array; what is one too many is refused before it is read. */
    <T> List<T> list(int max, Read<T> element) throws IOException, Malformed {
        array();
        var list = new ArrayList<T>(Math.min(max, 8));
        while (true) {
            JsonToken token = next();
            if (token == JsonToken.END_ARRAY) return list;
            expect(token != null, "list without end");
            expect(list.size() < max, "list too long");
            peeked = true;
            list.add(element.from(this));
        }
    }

    private @Nullable JsonToken next() throws IOException {
        if (!peeked) return cbor.nextToken();
        peeked = false;
        return cbor.currentToken();
    }

    static void expect(boolean holds, String otherwise) throws Malformed {
        if (!holds) throw new Malformed(otherwise);
    }

    /** Shown to people and written to logs: nothing that moves a cursor or turns the reading direction. */
    private static boolean isPlain(String text) {
        return text.codePoints().noneMatch(code -> switch (Character.getType(code)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> true;
            default -> false;
        });
    }

    /** Takes what the parser reads in small pieces, so that a length alone makes us allocate nothing. */
    private static final class Sink extends OutputStream {
        private final int max;
        private byte[] bytes = new byte[64];
        private int size;
        private boolean overflown;

        Sink(int max) {
            this.max = max;
        }

        @Override
        public void write(int value) {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] from, int offset, int length) {
            if (size + length > max) overflown = true;
            if (overflown) return;
            if (size + length > bytes.length)
                bytes = Arrays.copyOf(bytes, Math.min(max, Math.max(size + length, 2 * bytes.length)));
            System.arraycopy(from, offset, bytes, size, length);
            size += length;
        }

        byte[] toBytes() {
            return Arrays.copyOf(bytes, size);
        }
    }
}
