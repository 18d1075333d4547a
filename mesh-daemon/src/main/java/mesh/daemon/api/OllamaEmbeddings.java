package mesh.daemon.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.async.ByteArrayFeeder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.io.IOException;
import mesh.core.openai.ApiError;
import mesh.core.openai.Usage;
import mesh.core.openai.UsageScan;
import mesh.daemon.edge.AnswerTranslation;
import mesh.daemon.edge.Exchange;
import mesh.daemon.edge.Refusal;

/**
 * An engine's embeddings in Ollama's words, number by number as they pass: a thousand vectors are tens of megabytes, and
 * none of them is held. One per exchange, on its event loop.
 */
final class OllamaEmbeddings implements AnswerTranslation {
    private static final JsonFactory JSON = new JsonFactory();

    private final String model;
    private final boolean isSingle;
    private final long startNanos = System.nanoTime();
    private final UsageScan usage = new UsageScan();
    private final JsonParser parser;
    private final ByteArrayFeeder feeder;
    private int vectors;
    private boolean isVector;
    private boolean isFirstNumber;
    private boolean isWhole;

    /** {@code isSingle}: the older call, which answers with one vector and nothing else. */
    OllamaEmbeddings(String model, boolean isSingle) {
        this.model = model;
        this.isSingle = isSingle;
        try {
            parser = JSON.createNonBlockingByteArrayParser();
        } catch (IOException impossible) {
            throw new IllegalStateException("a parser without input failed", impossible);
        }
        feeder = (ByteArrayFeeder) parser.getNonBlockingInputFeeder();
    }

    @Override
    public String begin(int status, String contentType) {
        return Exchange.JSON;
    }

    @Override
    public void piece(ByteBuf piece, ByteBuf out) throws Refusal {
        byte[] bytes = ByteBufUtil.getBytes(piece);
        usage.feed(bytes, 0, bytes.length);
        try {
            feeder.feedInput(bytes, 0, bytes.length);
            for (JsonToken token = parser.nextToken();
                    token != null && token != JsonToken.NOT_AVAILABLE;
                    token = parser.nextToken()) read(token, out);
        } catch (IOException broken) {
            throw odd();
        }
    }

    @Override
    public void end(ByteBuf out) throws Refusal {
        if (!isWhole) throw odd();
        if (isSingle) {
            ByteBufUtil.writeUtf8(out, vectors == 0 ? "{\"embedding\":[]}" : "}");
            return;
        }
        if (vectors == 0) opening(out);
        long prompt = usage.usage().map(Usage::promptTokens).orElse(0L);
        long nanos = System.nanoTime() - startNanos;
        ByteBufUtil.writeUtf8(
                out, "],\"total_duration\":" + nanos + ",\"load_duration\":0,\"prompt_eval_count\":" + prompt + "}");
    }

    private void read(JsonToken token, ByteBuf out) throws IOException {
        isWhole = token == JsonToken.END_OBJECT && parser.getParsingContext().inRoot();
        if (!isVector) {
            isVector = token == JsonToken.START_ARRAY && "embedding".equals(parser.currentName());
            if (isVector) beginVector(out);
        } else if (token.isNumeric()) {
            if (!isFirstNumber) out.writeByte(',');
            isFirstNumber = false;
            ByteBufUtil.writeUtf8(out, parser.getText());
        } else if (token == JsonToken.END_ARRAY) {
            isVector = false;
            out.writeByte(']');
        }
    }

    private void beginVector(ByteBuf out) {
        if (vectors++ == 0) opening(out);
        else out.writeByte(',');
        if (!isSingle) out.writeByte('[');
        isFirstNumber = true;
    }

    private void opening(ByteBuf out) {
        ByteBufUtil.writeUtf8(out, isSingle ? "{\"embedding\":[" : "{\"model\":" + quoted(model) + ",\"embeddings\":[");
    }

    private static String quoted(String text) {
        var json = new StringBuilder("\"");
        com.fasterxml.jackson.core.io.JsonStringEncoder.getInstance().quoteAsString(text, json);
        return json.append('"').toString();
    }

    private static Refusal odd() {
        return new Refusal(ApiError.server(502, "engine_odd", "the engine's embeddings make no sense"));
    }
}
