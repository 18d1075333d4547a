package mesh.daemon.edge;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import mesh.core.openai.ApiError;
import mesh.core.openai.Dialect;

/** An engine's refusal, told in the caller's dialect instead of the engine's. One per exchange, on its event loop. */
public final class EngineError implements AnswerTranslation {
    /** Engines explain themselves in a sentence; of a longer text the beginning is enough. */
    private static final int TEXT_BYTES_MAX = 65_536;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Dialect dialect;
    private final ByteArrayOutputStream text = new ByteArrayOutputStream();
    private int status;

    EngineError(Dialect dialect) {
        this.dialect = dialect;
    }

    @Override
    public String begin(int answerStatus, String contentType) {
        status = answerStatus;
        return Exchange.JSON;
    }

    @Override
    public void piece(ByteBuf piece, ByteBuf out) {
        int length = Math.min(piece.readableBytes(), TEXT_BYTES_MAX - text.size());
        try {
            piece.getBytes(piece.readerIndex(), text, length);
        } catch (IOException impossible) {
            throw new IllegalStateException("writing to memory failed", impossible);
        }
    }

    @Override
    public void end(ByteBuf out) {
        ByteBufUtil.writeUtf8(out, dialect.error(read(status, text.toString(StandardCharsets.UTF_8))));
    }

    /** The message and kind of an error body as llama-server writes it; any other text is the message itself. */
    public static ApiError read(int status, String body) {
        try {
            JsonNode error = JSON.readTree(body).path("error");
            String message = error.path("message").asText("");
            if (!message.isEmpty())
                return ApiError.ofStatus(status, error.path("type").asText("engine_refused"), message);
        } catch (JsonProcessingException notJson) {
            // Then it is shown as it is.
        }
        String shown = body.isBlank() ? "the engine answered with status " + status : body.strip();
        return ApiError.ofStatus(status, "engine_refused", shown);
    }
}
