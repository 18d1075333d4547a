package mesh.core.id;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import com.fasterxml.jackson.dataformat.cbor.CBORParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The shape of everything signed here: a CBOR array whose first field names the kind, then 64 bytes of Ed25519 over
 * exactly those bytes. Kinds keep a signature made for one thing from passing for another. Fields are only ever
 * appended; a reader skips those it does not know. Decoding is bounded and answers malformed input with a reason.
 */
final class Signed {
    static final int SIGNATURE_BYTES = 64;

    private static final CBORFactory CBOR = new CBORFactory();

    private Signed() {}

    /** Writes the fields after the kind; their number is given because the array's length stands before them. */
    interface Body {
        void write(JsonGenerator out) throws IOException;
    }

    interface Reader<T> {
        T read(Fields fields) throws IOException;
    }

    static byte[] sign(Signer signer, String kind, int fields, Body body) {
        byte[] content = encode(kind, fields, body);
        byte[] signature = signer.sign(content);
        byte[] whole = Arrays.copyOf(content, content.length + SIGNATURE_BYTES);
        System.arraycopy(signature, 0, whole, content.length, SIGNATURE_BYTES);
        return whole;
    }

    static boolean verified(byte[] carried, NodeId signer, Verifier verifier) {
        int split = carried.length - SIGNATURE_BYTES;
        return verifier.verify(
                signer, Arrays.copyOf(carried, split), Arrays.copyOfRange(carried, split, carried.length));
    }

    static <T> Checked<T> read(byte[] carried, String kind, int bytesMax, Reader<T> reader) {
        if (carried.length <= SIGNATURE_BYTES || carried.length > bytesMax) return Checked.refused(Refusal.MALFORMED);
        return decode(carried, carried.length - SIGNATURE_BYTES, kind, reader);
    }

    static byte[] encode(String kind, int fields, Body body) {
        return encode(out -> {
            out.writeStartArray(null, fields + 1);
            out.writeString(kind);
            body.write(out);
            out.writeEndArray();
        });
    }

    static <T> Checked<T> decode(byte[] bytes, int length, String kind, Reader<T> reader) {
        try (var parser = CBOR.createParser(bytes, 0, length)) {
            var fields = new Fields(parser);
            fields.begin();
            if (!fields.text(kind.length()).equals(kind)) return Checked.refused(Refusal.MALFORMED);
            T value = reader.read(fields);
            fields.end();
            return Checked.good(value);
        } catch (IOException | IllegalArgumentException malformed) {
            return Checked.refused(Refusal.MALFORMED);
        }
    }

    static byte[] list(List<byte[]> items) {
        return encode(out -> {
            out.writeStartArray(null, items.size());
            for (byte[] item : items) out.writeBinary(item);
            out.writeEndArray();
        });
    }

    static Checked<List<byte[]>> readList(byte[] carried, int itemsMax, int itemBytesMax) {
        try (var parser = CBOR.createParser(carried)) {
            var fields = new Fields(parser);
            fields.begin();
            var items = new ArrayList<byte[]>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                if (items.size() == itemsMax) return Checked.refused(Refusal.TOO_DEEP);
                items.add(fields.currentBytes(0, itemBytesMax));
            }
            if (parser.nextToken() != null) return Checked.refused(Refusal.MALFORMED);
            return Checked.good(items);
        } catch (IOException | IllegalArgumentException malformed) {
            return Checked.refused(Refusal.MALFORMED);
        }
    }

    private static byte[] encode(Body body) {
        var bytes = new ByteArrayOutputStream();
        try (var out = CBOR.createGenerator(bytes)) {
            body.write(out);
        } catch (IOException memory) {
            throw new UncheckedIOException("encode into memory", memory);
        }
        return bytes.toByteArray();
    }

    /** Reads one array's fields in order, each with its bound. */
    static final class Fields {
        private final CBORParser parser;

        Fields(CBORParser parser) {
            this.parser = parser;
        }

        void begin() throws IOException {
            expect(parser.nextToken(), JsonToken.START_ARRAY);
        }

        String text(int charsMax) throws IOException {
            expect(parser.nextToken(), JsonToken.VALUE_STRING);
            String text = parser.getText();
            if (text.length() > charsMax) throw new IOException("text chars=" + text.length() + " max=" + charsMax);
            return text;
        }

        byte[] bytes(int bytesMin, int bytesMax) throws IOException {
            parser.nextToken();
            return currentBytes(bytesMin, bytesMax);
        }

        byte[] currentBytes(int bytesMin, int bytesMax) throws IOException {
            expect(parser.currentToken(), JsonToken.VALUE_EMBEDDED_OBJECT);
            byte[] bytes = parser.getBinaryValue();
            if (bytes.length < bytesMin || bytes.length > bytesMax)
                throw new IOException("bytes=" + bytes.length + " min=" + bytesMin + " max=" + bytesMax);
            return bytes;
        }

        NodeId node() throws IOException {
            return NodeId.of(bytes(NodeId.BYTES, NodeId.BYTES));
        }

        Serial serial() throws IOException {
            return Serial.of(bytes(Serial.BYTES, Serial.BYTES));
        }

        /** Nothing, or one whole credential. */
        Optional<Credential> credential() throws IOException {
            byte[] nested = bytes(0, Credential.BYTES_MAX);
            return nested.length == 0 ? Optional.empty() : Optional.of(whole(Credential.decode(nested)));
        }

        Optional<Invite> invite() throws IOException {
            byte[] nested = bytes(0, Invite.BYTES_MAX);
            return nested.length == 0 ? Optional.empty() : Optional.of(whole(Invite.decode(nested)));
        }

        private static <T> T whole(Checked<T> nested) throws IOException {
            return switch (nested) {
                case Checked.Good<T>(T value) -> value;
                case Checked.Refused<T>(Refusal reason) -> throw new IOException(reason.code());
            };
        }

        Role role() throws IOException {
            return Role.of((int) number(4)).orElseThrow(() -> new IOException("unknown role"));
        }

        long number(long max) throws IOException {
            expect(parser.nextToken(), JsonToken.VALUE_NUMBER_INT);
            long number = parser.getLongValue();
            if (number < 0 || number > max) throw new IOException("number=" + number + " max=" + max);
            return number;
        }

        List<String> texts(int countMax, int charsMax) throws IOException {
            begin();
            var texts = new ArrayList<String>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                expect(parser.currentToken(), JsonToken.VALUE_STRING);
                String text = parser.getText();
                if (texts.size() == countMax || text.length() > charsMax) throw new IOException("too many texts");
                texts.add(text);
            }
            return texts;
        }

        /** Skips fields of later versions, then insists that nothing follows. */
        void end() throws IOException {
            while (true) {
                JsonToken token = parser.nextToken();
                if (token == null) throw new IOException("array cut off");
                if (token == JsonToken.END_ARRAY) break;
                parser.skipChildren();
            }
            if (parser.nextToken() != null) throw new IOException("bytes after the array");
        }

        private static void expect(@Nullable JsonToken seen, JsonToken wanted) throws IOException {
            if (seen != wanted) throw new IOException("token=" + seen + " expected=" + wanted);
        }
    }
}
