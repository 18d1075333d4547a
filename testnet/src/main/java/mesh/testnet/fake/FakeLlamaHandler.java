package mesh.testnet.fake;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.netty.buffer.ByteBufInputStream;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One connection of a {@link FakeLlama}, on its event loop: routes a request and sends what llama-server would. */
@SuppressWarnings("FutureReturnValueIgnored") // A write that fails closes the connection, and that is noticed.
final class FakeLlamaHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Knobs knobs;
    private final String alias;
    private final String apiKey;
    private final long readyNanos;
    private final FakeLlamaCounters counters;
    private final Runnable death;
    private @Nullable Answer current;

    FakeLlamaHandler(
            Knobs knobs, String alias, String apiKey, long readyNanos, FakeLlamaCounters counters, Runnable death) {
        this.knobs = knobs;
        this.alias = alias;
        this.apiKey = apiKey;
        this.readyNanos = readyNanos;
        this.counters = counters;
        this.death = death;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
        String path = request.uri().replaceFirst("\\?.*", "");
        boolean isPost = request.method().equals(HttpMethod.POST);
        if (System.nanoTime() < readyNanos) refuse(context, 503, "Loading model", "unavailable_error");
        else if (path.equals("/health") || path.equals("/v1/health")) send(context, 200, "{\"status\":\"ok\"}");
        else if (!apiKey.isEmpty()
                && !("Bearer " + apiKey).equals(request.headers().get(HttpHeaderNames.AUTHORIZATION)))
            refuse(context, 401, "Invalid API Key", "authentication_error");
        else if (path.equals("/v1/models") && !isPost) send(context, 200, models());
        else if (path.equals("/fake/counters")) send(context, 200, counters.json());
        else if (path.equals("/v1/chat/completions") && isPost) chat(context, request);
        else refuse(context, 404, "File Not Found", "not_found_error");
    }

    private void chat(ChannelHandlerContext context, FullHttpRequest request) {
        JsonNode body;
        try (InputStream in = new ByteBufInputStream(request.content())) {
            body = JSON.readTree(in);
        } catch (JacksonException broken) {
            refuse(context, 400, "parse error: " + broken.getOriginalMessage(), "invalid_request_error");
            return;
        } catch (IOException impossible) {
            throw new IllegalStateException("a buffer in memory failed", impossible);
        }
        if (!body.path("messages").isArray()) {
            refuse(context, 400, "'messages' is required", "invalid_request_error");
            return;
        }
        counters.begun().incrementAndGet();
        var answer = new Answer(
                body.path("stream").asBoolean(),
                body.path("stream_options").path("include_usage").asBoolean(),
                Math.min(knobs.tokens(), body.path("max_tokens").asInt(Integer.MAX_VALUE)),
                Math.max(1, request.content().writerIndex() / 4));
        current = answer;
        after(context, knobs.firstTokenMillis(), () -> begin(context, answer));
    }

    private void begin(ChannelHandlerContext context, Answer answer) {
        if (!answer.streams) {
            // The real one answers a plain request when the last token is there.
            after(context, knobs.tokenMillis() * answer.length, () -> {
                if (mustDie(answer.length)) return;
                counters.tokens().addAndGet(answer.length);
                current = null;
                send(context, 200, answer.whole());
            });
            return;
        }
        var head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        head.headers().set(HttpHeaderNames.SERVER, "llama.cpp").set(HttpHeaderNames.CONTENT_TYPE, "text/event-stream");
        HttpUtil.setTransferEncodingChunked(head, true);
        context.write(head);
        event(context, answer.chunk("null", "{\"role\":\"assistant\",\"content\":null}", ""));
        if (knobs.tokenMillis() == 0) pump(context, answer);
        else {
            context.flush();
            after(context, knobs.tokenMillis(), () -> tick(context, answer));
        }
    }

    /** One token per tick of the clock. */
    private void tick(ChannelHandlerContext context, Answer answer) {
        if (mustDie(answer.sent)) return;
        if (answer.sent == answer.length) end(context, answer);
        else {
            token(context, answer);
            context.flush();
            after(context, knobs.tokenMillis(), () -> tick(context, answer));
        }
    }

    /** As many tokens as the reader takes now; the rest when it has made room. */
    private void pump(ChannelHandlerContext context, Answer answer) {
        while (answer.sent < answer.length && context.channel().isWritable()) {
            if (mustDie(answer.sent)) {
                context.flush();
                return;
            }
            token(context, answer);
        }
        if (answer.sent == answer.length) end(context, answer);
        else context.flush();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        Answer answer = current;
        if (answer != null && answer.streams && answer.sent > 0 && knobs.tokenMillis() == 0) pump(context, answer);
    }

    private void token(ChannelHandlerContext context, Answer answer) {
        event(context, answer.chunk("null", "{\"content\":\"" + answer.token(answer.sent) + "\"}", ""));
        answer.sent++;
        counters.tokens().incrementAndGet();
    }

    private void end(ChannelHandlerContext context, Answer answer) {
        current = null;
        String finish = '"' + answer.finish() + '"';
        if (answer.wantsUsage) {
            event(context, answer.chunk(finish, "{}", ""));
            event(context, answer.usageChunk());
        } else event(context, answer.chunk(finish, "{}", "," + answer.timings()));
        event(context, "[DONE]");
        context.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
    }

    private boolean mustDie(int sent) {
        if (knobs.dieAfterTokens() == 0 || sent < knobs.dieAfterTokens()) return false;
        death.run();
        return true;
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        if (current != null) counters.cancelled().incrementAndGet();
        current = null;
        context.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
    }

    /** Work that a closed connection makes pointless. */
    private static void after(ChannelHandlerContext context, long millis, Runnable work) {
        if (millis == 0) {
            work.run();
            return;
        }
        context.executor()
                .schedule(
                        () -> {
                            if (context.channel().isActive()) work.run();
                        },
                        millis,
                        TimeUnit.MILLISECONDS);
    }

    private static void event(ChannelHandlerContext context, String data) {
        context.write(new DefaultHttpContent(ByteBufUtil.writeUtf8(context.alloc(), "data: " + data + "\n\n")));
    }

    private static void refuse(ChannelHandlerContext context, int status, String message, String type) {
        String text = message.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
        send(
                context,
                status,
                "{\"error\":{\"message\":\"" + text + "\",\"type\":\"" + type + "\",\"code\":" + status + "}}");
    }

    private static void send(ChannelHandlerContext context, int status, String body) {
        var content = body.isEmpty() ? Unpooled.EMPTY_BUFFER : ByteBufUtil.writeUtf8(context.alloc(), body);
        var response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status), content);
        response.headers()
                .set(HttpHeaderNames.SERVER, "llama.cpp")
                .set(HttpHeaderNames.CONTENT_TYPE, "application/json; charset=utf-8")
                .setInt(HttpHeaderNames.CONTENT_LENGTH, content.readableBytes());
        if (status == 200) context.writeAndFlush(response);
        else {
            // The real one hangs up after every refusal.
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
            context.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
        }
    }

    private String models() {
        return "{\"models\":[{\"name\":\"%1$s\",\"model\":\"%1$s\",\"capabilities\":[\"completion\"]}],\"object\":\"list\","
                        .formatted(alias)
                + "\"data\":[{\"id\":\"%1$s\",\"aliases\":[\"%1$s\"],\"tags\":[],\"object\":\"model\",\"created\":1,"
                        .formatted(alias)
                + "\"owned_by\":\"llamacpp\",\"meta\":{\"vocab_type\":2,\"n_vocab\":263,\"n_ctx\":4096,\"n_ctx_train\":4096,"
                + "\"n_embd\":64,\"n_params\":107712,\"size\":216064}}]}";
    }

    /** One answer under way; confined to its connection's event loop. */
    private final class Answer {
        final boolean streams;
        final boolean wantsUsage;
        final int length;
        private final int promptTokens;
        private final String common;
        private final long startNanos = System.nanoTime();
        int sent;

        Answer(boolean streams, boolean wantsUsage, int length, int promptTokens) {
            this.streams = streams;
            this.wantsUsage = wantsUsage;
            this.length = length;
            this.promptTokens = promptTokens;
            this.common = "\"created\":" + System.currentTimeMillis() / 1000 + ",\"id\":\"chatcmpl-"
                    + Long.toHexString(startNanos) + "\",\"model\":\"" + alias
                    + "\",\"system_fingerprint\":\"b0-fake\",\"object\":\"";
        }

        String token(int at) {
            String letter = String.valueOf((char) ('a' + at % 26));
            return knobs.tokenBytes() <= 1 ? letter : letter + ".".repeat(knobs.tokenBytes() - 1);
        }

        String finish() {
            return length < knobs.tokens() ? "length" : "stop";
        }

        String chunk(String finish, String delta, String more) {
            return "{\"choices\":[{\"finish_reason\":" + finish + ",\"index\":0,\"delta\":" + delta + "}]," + common
                    + "chat.completion.chunk\"" + more + "}";
        }

        String usageChunk() {
            return "{\"choices\":[]," + common + "chat.completion.chunk\"," + usage() + "," + timings() + "}";
        }

        String whole() {
            var text = new StringBuilder();
            for (int i = 0; i < length; i++) text.append(token(i));
            return "{\"choices\":[{\"finish_reason\":\"" + finish()
                    + "\",\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"" + text + "\"}}]," + common
                    + "chat.completion\"," + usage() + "," + timings() + "}";
        }

        /** The end-of-turn token counts as one of the answer. */
        private int completionTokens() {
            return finish().equals("stop") ? length + 1 : length;
        }

        private String usage() {
            return "\"usage\":{\"completion_tokens\":" + completionTokens() + ",\"prompt_tokens\":" + promptTokens
                    + ",\"total_tokens\":" + (completionTokens() + promptTokens)
                    + ",\"prompt_tokens_details\":{\"cached_tokens\":0}}";
        }

        private String timings() {
            double millis = (System.nanoTime() - startNanos) / 1e6;
            double perToken = millis / Math.max(1, length);
            return "\"timings\":{\"cache_n\":0,\"prompt_n\":" + promptTokens
                    + ",\"prompt_ms\":0.1,\"prompt_per_token_ms\":0.1,\"prompt_per_second\":10000.0,\"predicted_n\":"
                    + completionTokens() + ",\"predicted_ms\":" + millis + ",\"predicted_per_token_ms\":" + perToken
                    + ",\"predicted_per_second\":" + 1000 / Math.max(perToken, 1e-6) + "}";
        }
    }
}
