package mesh.core.openai;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FormScanTest {
    private static final String TYPE = "multipart/form-data; boundary=--xx-x";
    private static final String FORM = """
            ----xx-x\r
            Content-Disposition: form-data; name="file"; filename="model.wav"\r
            Content-Type: audio/wav\r
            \r
            RIFF\r\n----xx-\r\n----xx\0\1\2 name="model"\r
            ----xx-x\r
            content-disposition: form-data; name="model"\r
            \r
            whisper "tiny"\r
            ----xx-x\r
            Content-Disposition: form-data; name=stream\r
            \r
            true\r
            ----xx-x--\r
            """;

    @Test
    void modelIsFoundWhereverTheFormIsCut() {
        byte[] bytes = FORM.getBytes(ISO_8859_1);

        for (int a = 0; a < bytes.length; a++)
            for (int b = a; b < bytes.length; b += 7) {
                ModelPeek peek = ModelPeek.of(TYPE);
                peek.feed(bytes, 0, a);
                peek.feed(bytes, a, b);
                peek.feed(bytes, b, bytes.length);

                assertThat(peek.fault()).isEmpty();
                assertThat(peek.isWhole()).isTrue();
                assertThat(peek.isStream()).isTrue();
                assertThat(peek.model()).isEqualTo(new ModelPeek.Named.Model("whisper \"tiny\""));
            }
    }

    @Test
    void formThatEndsEarlyIsNotWhole() {
        ModelPeek peek = fed(TYPE, FORM.substring(0, FORM.length() - 4));

        assertThat(peek.isWhole()).isFalse();
        assertThat(peek.cut().code()).isEqualTo("invalid_form");
    }

    @Test
    void firstOfTwoFieldsOfOneNameCounts() {
        ModelPeek peek = fed(
                "Multipart/Form-Data; charset=utf-8; boundary=\"b b\"",
                "--b b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\none\r\n"
                        + "--b b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\ntwo\r\n--b b--");

        assertThat(peek.model()).isEqualTo(new ModelPeek.Named.Model("one"));
    }

    @Test
    void fileCalledModelIsNoModel() {
        ModelPeek peek = fed(
                "multipart/form-data; boundary=b",
                "--b\r\nContent-Disposition: form-data; name=\"model\"; filename=\"x\"\r\n\r\nx\r\n--b--");

        assertThat(peek.model()).isEqualTo(new ModelPeek.Named.Absent());
    }

    @Test
    void nothingIsHeldWithoutBound() {
        String head = "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n";

        assertThat(fed("multipart/form-data; boundary=b", head + "\r\n" + "x".repeat(9_000) + "\r\n--b--")
                        .model())
                .isInstanceOf(ModelPeek.Named.Odd.class);
        assertThat(fed("multipart/form-data; boundary=b", head + "x".repeat(9_000))
                        .fault()
                        .orElseThrow()
                        .message())
                .contains("head is longer than");
    }

    @Test
    void whatIsNoFormSaysSo() {
        assertThat(fed("multipart/form-data", "--b").fault().orElseThrow().message())
                .contains("no boundary");
        assertThat(fed("multipart/form-data; boundary=b", "--bX")
                        .fault()
                        .orElseThrow()
                        .message())
                .contains("text after a boundary");
        assertThat(fed("multipart/form-data; boundary=b", "{\"model\":\"a\"}").isWhole())
                .isFalse();
    }

    private static ModelPeek fed(String type, String text) {
        ModelPeek peek = ModelPeek.of(type);
        byte[] bytes = text.getBytes(ISO_8859_1);
        peek.feed(bytes, 0, bytes.length);
        return peek;
    }
}
