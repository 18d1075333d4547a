package mesh.testnet.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.core.JsonValue;
import com.anthropic.core.http.StreamResponse;
import com.anthropic.errors.AnthropicException;
import com.anthropic.errors.BadRequestException;
import com.anthropic.errors.InternalServerException;
import com.anthropic.errors.NotFoundException;
import com.anthropic.errors.RateLimitException;
import com.anthropic.models.messages.MessageCountTokensParams;
import com.anthropic.models.messages.MessageCreateParams;
import com.anthropic.models.messages.RawMessageStreamEvent;
import com.anthropic.models.messages.StopReason;
import com.anthropic.models.messages.Tool;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** What {@code com.anthropic:anthropic-java} expects. */
final class AnthropicJava {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private AnthropicJava() {}

    static Checks checks(SetUp setUp) {
        var checks = new Checks();
        addAnswers(checks, setUp);
        addRefusals(checks, setUp);
        return checks;
    }

    private static void addAnswers(Checks checks, SetUp setUp) {
        AnthropicClient client = client(setUp.root(), setUp.key(), PATIENCE);
        checks.add("models", () -> {
                    List<String> ids = client.models().list().data().stream()
                            .map(model -> model.id())
                            .toList();
                    assertThat(ids).contains(SetUp.RECITES);
                })
                .add("message", () -> {
                    var answer = client.messages().create(ask(SetUp.RECITES).build());
                    assertThat(answer.content().getFirst().asText().text()).isEqualTo(Checks.ALPHABET);
                    assertThat(answer.stopReason()).contains(StopReason.END_TURN);
                    assertThat(answer.usage().outputTokens()).isGreaterThanOrEqualTo(26);
                })
                // llama-server leaves after a stream without saying so, and this library would ask it once more.
                .add("stream", () -> {
                    var text = new StringBuilder();
                    try (StreamResponse<RawMessageStreamEvent> stream = client(setUp.root(), setUp.key(), PATIENCE)
                            .messages()
                            .createStreaming(ask(SetUp.RECITES).build())) {
                        stream.stream()
                                .flatMap(event -> event.contentBlockDelta().stream())
                                .flatMap(delta -> delta.delta().text().stream())
                                .forEach(piece -> text.append(piece.text()));
                    }
                    assertThat(text).hasToString(Checks.ALPHABET);
                })
                .add("tools", () -> {
                    var city = Map.of("type", "string", "enum", List.of("Paris"));
                    var schema = Tool.InputSchema.builder()
                            .properties(Tool.InputSchema.Properties.builder()
                                    .putAdditionalProperty("city", JsonValue.from(city))
                                    .build())
                            .addRequired("city")
                            .putAdditionalProperty("additionalProperties", JsonValue.from(false))
                            .build();
                    var tool = Tool.builder()
                            .name("get_weather")
                            .inputSchema(schema)
                            .build();
                    var answer = client.messages()
                            .create(ask(SetUp.RECITES).addTool(tool).build());
                    var call = answer.content().getFirst().asToolUse();
                    assertThat(call.name()).isEqualTo("get_weather");
                    assertThat(call._input()).isEqualTo(JsonValue.from(Map.of("city", "Paris")));
                })
                .add("countTokens", () -> {
                    var asked = MessageCountTokensParams.builder()
                            .model(SetUp.RECITES)
                            .addUserMessage("recite")
                            .build();
                    assertThat(client.messages().countTokens(asked).inputTokens())
                            .isBetween(6L, 40L);
                });
    }

    private static void addRefusals(Checks checks, SetUp setUp) {
        AnthropicClient client = client(setUp.root(), setUp.key(), PATIENCE);
        checks.add(
                        "tooLong",
                        () -> assertThatThrownBy(() -> client.messages()
                                        .create(ask(SetUp.RECITES)
                                                .addUserMessage(Checks.TOO_LONG)
                                                .build()))
                                .isInstanceOf(BadRequestException.class)
                                .hasMessageContaining("context size"))
                .add(
                        "unknownModel",
                        () -> assertThatThrownBy(() -> client.messages()
                                        .create(ask("no-such-model").build()))
                                .isInstanceOf(NotFoundException.class)
                                .hasMessageContaining("no-such-model"))
                .add(
                        "unready",
                        () -> assertThatThrownBy(() -> client.messages()
                                        .create(ask(SetUp.BROKEN).build()))
                                .isInstanceOf(InternalServerException.class)
                                .hasMessageContaining(SetUp.BROKEN))
                .add(
                        "busy",
                        () -> Checks.whileFull(
                                setUp,
                                () -> assertThatThrownBy(() -> client.messages()
                                                .create(ask(SetUp.ENDLESS).build()))
                                        .isInstanceOf(RateLimitException.class)
                                        .hasMessageContaining("full queue")))
                .add("timeout", () -> {
                    AnthropicClient hasty = client(setUp.endlessRoot(), setUp.key(), Duration.ofMillis(50));
                    assertThatThrownBy(() ->
                                    hasty.messages().create(ask(SetUp.ENDLESS).build()))
                            .isInstanceOf(AnthropicException.class);
                })
                .add("abort", () -> {
                    AnthropicClient endless = client(setUp.endlessRoot(), setUp.key(), PATIENCE);
                    try (StreamResponse<RawMessageStreamEvent> stream = endless.messages()
                            .createStreaming(ask(SetUp.ENDLESS).build())) {
                        assertThat(stream.stream().limit(5).count()).isEqualTo(5);
                    }
                    var quick = endless.messages()
                            .create(ask(SetUp.ENDLESS).maxTokens(3).build());
                    assertThat(quick.usage().outputTokens()).isEqualTo(3);
                })
                .add("death", () -> {
                    AnthropicClient endless = client(setUp.endlessRoot(), setUp.key(), PATIENCE);
                    assertThatThrownBy(() -> {
                                try (StreamResponse<RawMessageStreamEvent> stream = endless.messages()
                                        .createStreaming(ask(SetUp.ENDLESS).build())) {
                                    Checks.readUntilDeath(stream.stream(), setUp);
                                }
                            })
                            .isInstanceOf(AnthropicException.class);
                });
    }

    private static MessageCreateParams.Builder ask(String model) {
        return MessageCreateParams.builder()
                .model(model)
                .maxTokens(model.equals(SetUp.ENDLESS) ? 8_000 : 200)
                .addUserMessage("recite")
                .putAdditionalBodyProperty("temperature", JsonValue.from(0));
    }

    private static AnthropicClient client(String root, String key, Duration timeout) {
        return AnthropicOkHttpClient.builder()
                .baseUrl(root)
                .apiKey(key)
                .maxRetries(0)
                .timeout(timeout)
                .build();
    }
}
