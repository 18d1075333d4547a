package mesh.testnet.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.exception.InternalServerException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.exception.TimeoutException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** What {@code dev.langchain4j:langchain4j-open-ai} expects. */
final class LangChain {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final JsonObjectSchema CITY = JsonObjectSchema.builder()
            .addEnumProperty("city", List.of("Paris"))
            .required("city")
            .additionalProperties(false)
            .build();

    private LangChain() {}

    static Checks checks(SetUp setUp) {
        var checks = new Checks();
        addAnswers(checks, setUp);
        addRefusals(checks, setUp);
        return checks;
    }

    private static void addAnswers(Checks checks, SetUp setUp) {
        OpenAiChatModel model = model(setUp, SetUp.RECITES).build();
        checks.add("chat", () -> {
                    ChatResponse answer = model.chat(UserMessage.from("recite"));
                    assertThat(answer.aiMessage().text()).isEqualTo(Checks.ALPHABET);
                    assertThat(answer.tokenUsage().outputTokenCount()).isGreaterThanOrEqualTo(26);
                })
                .add("stream", () -> {
                    var heard = new Heard(Integer.MAX_VALUE, setUp);
                    streaming(setUp.root(), setUp, SetUp.RECITES).chat("recite", heard);
                    assertThat(heard.answer().aiMessage().text()).isEqualTo(Checks.ALPHABET);
                    assertThat(String.join("", heard.parts)).isEqualTo(Checks.ALPHABET);
                    assertThat(heard.answer().tokenUsage().outputTokenCount()).isGreaterThanOrEqualTo(26);
                })
                .add("tools", () -> {
                    var asked = ChatRequest.builder()
                            .messages(UserMessage.from("recite"))
                            .toolSpecifications(ToolSpecification.builder()
                                    .name("get_weather")
                                    .parameters(CITY)
                                    .build())
                            .build();
                    var call = model.chat(asked)
                            .aiMessage()
                            .toolExecutionRequests()
                            .getFirst();
                    assertThat(call.name()).isEqualTo("get_weather");
                    assertThat(call.arguments().replaceAll("\\s", "")).isEqualTo("{\"city\":\"Paris\"}");
                })
                .add("jsonSchema", () -> {
                    var asked = ChatRequest.builder()
                            .messages(UserMessage.from("recite"))
                            .responseFormat(ResponseFormat.builder()
                                    .type(ResponseFormatType.JSON)
                                    .jsonSchema(JsonSchema.builder()
                                            .name("city")
                                            .rootElement(CITY)
                                            .build())
                                    .build())
                            .build();
                    String text = model.chat(asked).aiMessage().text();
                    assertThat(text.replaceAll("\\s", "")).isEqualTo("{\"city\":\"Paris\"}");
                })
                .add("embeddings", () -> {
                    var vectors = OpenAiEmbeddingModel.builder()
                            .baseUrl(setUp.embedRoot() + "/v1")
                            .apiKey(setUp.key())
                            .modelName(SetUp.EMBEDS)
                            .maxRetries(0)
                            .build()
                            .embedAll(List.of(TextSegment.from("one"), TextSegment.from("two")))
                            .content();
                    assertThat(vectors.get(0).vector())
                            .hasSize(64)
                            .isNotEqualTo(vectors.get(1).vector());
                });
    }

    private static void addRefusals(Checks checks, SetUp setUp) {
        OpenAiChatModel model = model(setUp, SetUp.RECITES).build();
        checks.add(
                        "tooLong",
                        () -> assertThatThrownBy(() -> model.chat(Checks.TOO_LONG))
                                .isInstanceOf(InvalidRequestException.class)
                                .hasMessageContaining("context size"))
                .add(
                        "unknownModel",
                        () -> assertThatThrownBy(() ->
                                        model(setUp, "no-such-model").build().chat("recite"))
                                .isInstanceOf(ModelNotFoundException.class)
                                .hasMessageContaining("no-such-model"))
                .add(
                        "unready",
                        () -> assertThatThrownBy(
                                        () -> model(setUp, SetUp.BROKEN).build().chat("recite"))
                                .isInstanceOf(InternalServerException.class)
                                .hasMessageContaining(SetUp.BROKEN))
                .add(
                        "busy",
                        () -> Checks.whileFull(
                                setUp,
                                () -> assertThatThrownBy(() -> model(setUp, SetUp.ENDLESS)
                                                .build()
                                                .chat("recite"))
                                        .isInstanceOf(RateLimitException.class)
                                        .hasMessageContaining("full queue")))
                .add(
                        "timeout",
                        () -> assertThatThrownBy(() -> model(setUp, SetUp.ENDLESS)
                                        .baseUrl(setUp.endlessRoot() + "/v1")
                                        .timeout(Duration.ofMillis(50))
                                        .build()
                                        .chat("recite"))
                                .isInstanceOf(TimeoutException.class))
                .add("abort", () -> {
                    var left = new Left();
                    streaming(setUp.endlessRoot(), setUp, SetUp.ENDLESS).chat("recite", left);
                    left.awaitLeft();
                    String quick = model(setUp, SetUp.ENDLESS)
                            .baseUrl(setUp.endlessRoot() + "/v1")
                            .maxTokens(3)
                            .timeout(Duration.ofSeconds(2))
                            .build()
                            .chat("recite");
                    assertThat(quick).isNotEmpty();
                })
                .add("death", () -> {
                    var heard = new Heard(5, setUp);
                    streaming(setUp.endlessRoot(), setUp, SetUp.ENDLESS).chat("recite", heard);
                    assertThatThrownBy(heard::answer).isInstanceOf(ExecutionException.class);
                    assertThat(heard.parts).isNotEmpty();
                });
    }

    private static OpenAiChatModel.OpenAiChatModelBuilder model(SetUp setUp, String name) {
        return OpenAiChatModel.builder()
                .baseUrl(setUp.root() + "/v1")
                .apiKey(setUp.key())
                .modelName(name)
                .temperature(0.0)
                .maxRetries(0)
                .strictJsonSchema(true)
                .timeout(PATIENCE);
    }

    private static OpenAiStreamingChatModel streaming(String root, SetUp setUp, String name) {
        return OpenAiStreamingChatModel.builder()
                .baseUrl(root + "/v1")
                .apiKey(setUp.key())
                .modelName(name)
                .temperature(0.0)
                .timeout(PATIENCE)
                .build();
    }

    /** Hears five pieces of a stream and leaves. */
    private static final class Left implements StreamingChatResponseHandler {
        private final CountDownLatch pieces = new CountDownLatch(5);
        private final CompletableFuture<ChatResponse> end = new CompletableFuture<>();

        void awaitLeft() throws InterruptedException {
            assertThat(pieces.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
            assertThat(end).isNotCompleted();
        }

        @Override
        public void onPartialResponse(PartialResponse part, PartialResponseContext context) {
            pieces.countDown();
            if (pieces.getCount() == 0) context.streamingHandle().cancel();
        }

        @Override
        public void onCompleteResponse(ChatResponse whole) {
            end.complete(whole);
        }

        @Override
        public void onError(Throwable error) {
            end.completeExceptionally(error);
        }
    }

    /** What a stream said, on whatever thread the library says it. */
    private static final class Heard implements StreamingChatResponseHandler {
        private final List<String> parts = new CopyOnWriteArrayList<>();
        private final CompletableFuture<ChatResponse> answer = new CompletableFuture<>();
        private final int deathAfter;
        private final SetUp setUp;

        Heard(int deathAfter, SetUp setUp) {
            this.deathAfter = deathAfter;
            this.setUp = setUp;
        }

        ChatResponse answer() throws Exception {
            return answer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }

        @Override
        public void onPartialResponse(String part) {
            parts.add(part);
            if (parts.size() == deathAfter) ProcessHandle.of(setUp.victim()).ifPresent(ProcessHandle::destroyForcibly);
        }

        @Override
        public void onCompleteResponse(ChatResponse whole) {
            answer.complete(whole);
        }

        @Override
        public void onError(Throwable error) {
            answer.completeExceptionally(error);
        }
    }
}
