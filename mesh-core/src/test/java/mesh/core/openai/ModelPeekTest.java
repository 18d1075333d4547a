package mesh.core.openai;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ModelPeekTest {
    private static final JsonFactory JACKSON = new JsonFactory();

    private static final String NASTY = """
            { "messages" : [{"role":"user","content":"say \\"model\\": \\"no\\" {[\\\\"},{"model":"inner"}],
              "x":[[],{},[{"a":[1,-2.5e+3,0,true,false,null]}]], "model2":"no", "stream":true,"mod\\u0065l" : "\\u00e9\\n\\"q\\"\\/z",
              "stream_options":{"a":{"include_usage":false},"include_usage" : true}, "n":-0.1E-2 }
            """;

    @Test
    void everySplitOfANastyDocumentGivesTheSameAnswer() {
        byte[] bytes = NASTY.getBytes(UTF_8);

        for (int a = 0; a <= bytes.length; a++) {
            for (int b = a; b <= Math.min(bytes.length, a + 7); b++) {
                var peek = new ModelPeek();
                peek.feed(bytes, 0, a);
                peek.feed(bytes, a, b);
                peek.feed(bytes, b, bytes.length);

                assertThat(peek.fault()).as("cut at %d and %d", a, b).isEmpty();
                assertThat(peek.isWhole()).isTrue();
                assertThat(peek.model()).isEqualTo(new ModelPeek.Named.Model("é\n\"q\"/z"));
                assertThat(peek.isStream()).isTrue();
            }
        }
    }

    @Test
    void modelIsFoundBehindThirtyMegabytes() {
        byte[] filler = "A".repeat(1 << 16).getBytes(UTF_8);
        var peek = new ModelPeek();

        feed(peek, "{\"messages\":[{\"content\":\"");
        for (int i = 0; i < 480; i++) peek.feed(filler, 0, filler.length);
        feed(peek, "\"}],\"model\":\"last\"}");

        assertThat(peek.model()).isEqualTo(new ModelPeek.Named.Model("last"));
        assertThat(peek.isWhole()).isTrue();
    }

    @Test
    void textThatIsNotJsonIsRefusedAtItsFirstWrongByte() {
        assertThat(faultOf("hello")).contains("expected an object at byte 0");
        assertThat(faultOf("[1]")).contains("expected an object at byte 0");
        assertThat(faultOf("{\"a\":01}")).contains("malformed number at byte 6");
        assertThat(faultOf("{\"a\":1} x")).contains("text after the object at byte 8");
        assertThat(faultOf("{\"a\":" + "[".repeat(2_000))).contains("nested deeper than 1000 at byte 1004");
        assertThat(faultOf("{\"a\":\"\n\"}")).contains("control character in a string at byte 6");
    }

    @Test
    void absentNullAndEmptyModelsLeaveTheChoiceOpenAndOthersAreOdd() {
        assertThat(peeked("{}").model()).isEqualTo(new ModelPeek.Named.Absent());
        assertThat(peeked("{\"model\":null}").model()).isEqualTo(new ModelPeek.Named.Absent());
        assertThat(peeked("{\"model\":\"\"}").model()).isEqualTo(new ModelPeek.Named.Absent());
        assertThat(peeked("{\"model\":7}").model()).isEqualTo(new ModelPeek.Named.Odd("not a string"));
        assertThat(peeked("{\"model\":{\"model\":\"x\"}}").model()).isEqualTo(new ModelPeek.Named.Odd("not a string"));
        assertThat(peeked("{\"model\":\"" + "x".repeat(5_000) + "\"}").model())
                .isEqualTo(new ModelPeek.Named.Odd("longer than 4096 bytes"));
    }

    @Test
    void theLastOfTwoModelsCounts() {
        assertThat(peeked("{\"model\":\"a\",\"model\":\"b\"}").model()).isEqualTo(new ModelPeek.Named.Model("b"));
        assertThat(peeked("{\"model\":\"" + "x".repeat(5_000) + "\",\"model\":\"b\"}")
                        .model())
                .isEqualTo(new ModelPeek.Named.Model("b"));
    }

    @Test
    void agreesWithJacksonOnRandomlyDamagedDocuments() throws IOException {
        long seed = Long.getLong("mesh.seed", 20_261);
        var random = new Random(seed);
        byte[] original = NASTY.getBytes(UTF_8);
        int accepted = 0;

        for (int round = 0; round < 60_000; round++) {
            byte[] damaged = damage(original, random);
            int cut = random.nextInt(damaged.length + 1);
            var peek = new ModelPeek();
            peek.feed(damaged, 0, cut);
            peek.feed(damaged, cut, damaged.length);
            Oracle oracle = Oracle.of(damaged);

            String shown = "seed " + seed + " round " + round + ": " + new String(damaged, UTF_8);
            assertThat(peek.isWhole()).as(shown).isEqualTo(oracle.isObject);
            if (!oracle.isObject) continue;
            accepted++;
            assertThat(peek.model()).as(shown).isEqualTo(oracle.model);
            assertThat(peek.isStream()).as(shown).isEqualTo(oracle.isStream);
        }

        assertThat(accepted).as("documents that survived the damage").isGreaterThan(3_000);
    }

    private static byte[] damage(byte[] original, Random random) {
        byte[] bytes = original.clone();
        String alphabet = "{}[]\":,\\ \n0123456789-+.eEtrufalsn/xAb";
        int changes = random.nextInt(3);
        for (int i = 0; i <= changes; i++) {
            int at = random.nextInt(bytes.length);
            if (bytes[at] < 0) continue;
            switch (random.nextInt(3)) {
                case 0 -> bytes[at] = (byte) alphabet.charAt(random.nextInt(alphabet.length()));
                case 1 -> {
                    byte[] shorter = Arrays.copyOf(bytes, bytes.length - 1);
                    System.arraycopy(bytes, at + 1, shorter, at, shorter.length - at);
                    bytes = shorter;
                }
                default -> {
                    byte[] longer = Arrays.copyOf(bytes, bytes.length + 1);
                    System.arraycopy(bytes, at, longer, at + 1, bytes.length - at);
                    longer[at] = (byte) alphabet.charAt(random.nextInt(alphabet.length()));
                    bytes = longer;
                }
            }
        }
        return bytes;
    }

    private static ModelPeek peeked(String text) {
        var peek = new ModelPeek();
        feed(peek, text);
        assertThat(peek.isWhole()).isTrue();
        return peek;
    }

    private static String faultOf(String text) {
        var peek = new ModelPeek();
        feed(peek, text);
        return peek.fault().map(ApiError::message).orElse("none");
    }

    private static void feed(ModelPeek peek, String text) {
        byte[] bytes = text.getBytes(UTF_8);
        peek.feed(bytes, 0, bytes.length);
    }

    /** What a real parser makes of the same bytes. */
    private static final class Oracle {
        private boolean isObject;
        private boolean isStream;
        private ModelPeek.Named model = new ModelPeek.Named.Absent();

        static Oracle of(byte[] bytes) throws IOException {
            var oracle = new Oracle();
            try (JsonParser parser = JACKSON.createParser(bytes)) {
                if (parser.nextToken() != JsonToken.START_OBJECT) return oracle;
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String name = parser.currentName();
                    JsonToken value = parser.nextToken();
                    if (name.equals("model")) oracle.model = named(parser, value);
                    if (name.equals("stream")) oracle.isStream = value == JsonToken.VALUE_TRUE;
                    parser.skipChildren();
                }
                oracle.isObject = parser.nextToken() == null;
            } catch (com.fasterxml.jackson.core.JacksonException malformed) {
                oracle.isObject = false;
            }
            return oracle;
        }

        private static ModelPeek.Named named(JsonParser parser, JsonToken value) throws IOException {
            if (value == JsonToken.VALUE_NULL) return new ModelPeek.Named.Absent();
            if (value != JsonToken.VALUE_STRING) return new ModelPeek.Named.Odd("not a string");
            String name = parser.getText();
            return name.isEmpty() ? new ModelPeek.Named.Absent() : new ModelPeek.Named.Model(name);
        }
    }
}
