package mesh.testnet.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.InternalServerException;
import com.openai.errors.NotFoundException;
import com.openai.errors.OpenAIException;
import com.openai.errors.RateLimitException;
import com.openai.errors.UnauthorizedException;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.ResponseFormatJsonSchema;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.embeddings.EmbeddingCreateParams;
import com.openai.models.responses.ResponseCreateParams;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** What {@code com.openai:openai-java} expects. */
final class OpenAiJava {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final Map<String, Object> CITY = Map.of("type", "string", "enum", List.of("Paris"));

    private OpenAiJava() {}

    static Checks checks(SetUp setUp) {
        var checks = new Checks();
        addAnswers(checks, setUp);
        addRefusals(checks, setUp);
        addEnds(checks, setUp);
        return checks;
    }

    private static void addAnswers(Checks checks, SetUp setUp) {
        OpenAIClient client = client(setUp.root(), setUp.key(), PATIENCE);
        checks.add("models", () -> {
                    List<String> ids = client.models().list().data().stream()
                            .map(model -> model.id())
                            .toList();
                    assertThat(ids).contains(SetUp.RECITES);
                })
                .add("chat", () -> {
                    var answer = client.chat()
                            .completions()
                            .create(ask(SetUp.RECITES).build());
                    assertThat(answer.choices().getFirst().message().content()).contains(Checks.ALPHABET);
                    assertThat(answer.usage().orElseThrow().completionTokens()).isGreaterThanOrEqualTo(26);
                })
                // llama-server leaves after a stream without saying so, and this library would ask it once more.
                .add("stream", () -> stream(client(setUp.root(), setUp.key(), PATIENCE)))
                .add("tools", () -> tools(client))
                .add("jsonSchema", () -> jsonSchema(client))
                .add("responses", () -> {
                    var asked = ResponseCreateParams.builder()
                            .model(SetUp.RECITES)
                            .input("recite")
                            .temperature(0.0)
                            .build();
                    var part =
                            client.responses().create(asked).output().getFirst().asMessage();
                    assertThat(part.content().getFirst().asOutputText().text()).isEqualTo(Checks.ALPHABET);
                })
                .add("embeddings", () -> {
                    var asked = EmbeddingCreateParams.builder()
                            .model(SetUp.EMBEDS)
                            .inputOfArrayOfStrings(List.of("one", "two", "one"))
                            .build();
                    var vectors = client(setUp.embedRoot(), setUp.key(), PATIENCE)
                            .embeddings()
                            .create(asked)
                            .data();
                    assertThat(vectors.get(0).embedding()).hasSize(64);
                    assertThat(vectors.get(0).embedding())
                            .isEqualTo(vectors.get(2).embedding());
                    assertThat(vectors.get(0).embedding())
                            .isNotEqualTo(vectors.get(1).embedding());
                });
    }

    private static void addRefusals(Checks checks, SetUp setUp) {
        OpenAIClient client = client(setUp.root(), setUp.key(), PATIENCE);
        checks.add(
                        "tooLong",
                        () -> assertThatThrownBy(() -> client.chat()
                                        .completions()
                                        .create(ask(SetUp.RECITES)
                                                .addUserMessage(Checks.TOO_LONG)
                                                .build()))
                                .isInstanceOf(BadRequestException.class)
                                .hasMessageContaining("context size"))
                .add(
                        "unknownModel",
                        () -> assertThatThrownBy(() -> client.chat()
                                        .completions()
                                        .create(ask("no-such-model").build()))
                                .isInstanceOf(NotFoundException.class)
                                .hasMessageContaining("no-such-model"))
                .add(
                        "unready",
                        () -> assertThatThrownBy(() -> client.chat()
                                        .completions()
                                        .create(ask(SetUp.BROKEN).build()))
                                .isInstanceOf(InternalServerException.class)
                                .hasMessageContaining(SetUp.BROKEN))
                .add("busy", () -> {
                    Checks.whileFull(
                            setUp,
                            () -> assertThatThrownBy(() -> client.chat()
                                            .completions()
                                            .create(ask(SetUp.ENDLESS).build()))
                                    .isInstanceOf(RateLimitException.class)
                                    .hasMessageContaining("full queue"));
                    quickAnswer(setUp);
                })
                .add(
                        "wrongKey",
                        () -> assertThatThrownBy(() -> client(setUp.root(), "wrong", PATIENCE)
                                        .chat()
                                        .completions()
                                        .create(ask(SetUp.RECITES).build()))
                                .isInstanceOf(UnauthorizedException.class));
    }

    private static void addEnds(Checks checks, SetUp setUp) {
        checks.add("timeout", () -> {
                    OpenAIClient hasty = client(setUp.endlessRoot(), setUp.key(), Duration.ofMillis(50));
                    assertThatThrownBy(() -> hasty.chat()
                                    .completions()
                                    .create(ask(SetUp.ENDLESS).build()))
                            .isInstanceOf(OpenAIException.class);
                    quickAnswer(setUp);
                })
                .add("abort", () -> {
                    OpenAIClient endless = client(setUp.endlessRoot(), setUp.key(), PATIENCE);
                    try (StreamResponse<ChatCompletionChunk> stream = endless.chat()
                            .completions()
                            .createStreaming(ask(SetUp.ENDLESS).build())) {
                        assertThat(stream.stream().limit(5).count()).isEqualTo(5);
                    }
                    quickAnswer(setUp);
                })
                .add("death", () -> {
                    OpenAIClient endless = client(setUp.endlessRoot(), setUp.key(), PATIENCE);
                    assertThatThrownBy(() -> {
                                try (StreamResponse<ChatCompletionChunk> stream = endless.chat()
                                        .completions()
                                        .createStreaming(ask(SetUp.ENDLESS).build())) {
                                    Checks.readUntilDeath(stream.stream(), setUp);
                                }
                            })
                            .isInstanceOf(OpenAIException.class);
                });
    }

    private static void stream(OpenAIClient client) {
        var text = new StringBuilder();
        long[] tokens = {0};
        var asked = ask(SetUp.RECITES)
                .streamOptions(
                        ChatCompletionStreamOptions.builder().includeUsage(true).build())
                .build();
        try (StreamResponse<ChatCompletionChunk> stream =
                client.chat().completions().createStreaming(asked)) {
            stream.stream().forEach(chunk -> {
                chunk.choices().forEach(choice -> choice.delta().content().ifPresent(text::append));
                chunk.usage().ifPresent(usage -> tokens[0] = usage.completionTokens());
            });
        }
        assertThat(text).hasToString(Checks.ALPHABET);
        assertThat(tokens[0]).isGreaterThanOrEqualTo(26);
    }

    private static void tools(OpenAIClient client) {
        var asked = ask(SetUp.RECITES)
                .addFunctionTool(FunctionDefinition.builder()
                        .name("get_weather")
                        .parameters(FunctionParameters.builder()
                                .putAdditionalProperty("type", JsonValue.from("object"))
                                .putAdditionalProperty("properties", JsonValue.from(Map.of("city", CITY)))
                                .putAdditionalProperty("required", JsonValue.from(List.of("city")))
                                .putAdditionalProperty("additionalProperties", JsonValue.from(false))
                                .build())
                        .build())
                .build();
        var call = client.chat()
                .completions()
                .create(asked)
                .choices()
                .getFirst()
                .message()
                .toolCalls()
                .orElseThrow()
                .getFirst()
                .asFunction()
                .function();
        assertThat(call.name()).isEqualTo("get_weather");
        assertThat(call.arguments().replaceAll("\\s", "")).isEqualTo("{\"city\":\"Paris\"}");
    }

    private static void jsonSchema(OpenAIClient client) {
        var schema = ResponseFormatJsonSchema.JsonSchema.Schema.builder()
                .putAdditionalProperty("type", JsonValue.from("object"))
                .putAdditionalProperty("properties", JsonValue.from(Map.of("city", CITY)))
                .putAdditionalProperty("required", JsonValue.from(List.of("city")))
                .putAdditionalProperty("additionalProperties", JsonValue.from(false))
                .build();
        var format = ResponseFormatJsonSchema.builder()
                .jsonSchema(ResponseFormatJsonSchema.JsonSchema.builder()
                        .name("city")
                        .schema(schema)
                        .build())
                .build();
        var answer = client.chat()
                .completions()
                .create(ask(SetUp.RECITES).responseFormat(format).build());
        String text = answer.choices().getFirst().message().content().orElseThrow();
        assertThat(text.replaceAll("\\s", "")).isEqualTo("{\"city\":\"Paris\"}");
    }

    private static void quickAnswer(SetUp setUp) {
        var asked = ask(SetUp.ENDLESS).maxCompletionTokens(3).build();
        var answer = client(setUp.endlessRoot(), setUp.key(), Duration.ofSeconds(2))
                .chat()
                .completions()
                .create(asked);
        assertThat(answer.choices().getFirst().message().content()).isPresent();
    }

    private static ChatCompletionCreateParams.Builder ask(String model) {
        return ChatCompletionCreateParams.builder()
                .model(model)
                .addUserMessage("recite")
                .temperature(0.0);
    }

    private static OpenAIClient client(String root, String key, Duration timeout) {
        return OpenAIOkHttpClient.builder()
                .baseUrl(root + "/v1")
                .apiKey(key)
                .maxRetries(0)
                .timeout(timeout)
                .build();
    }
}
