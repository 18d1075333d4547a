package mesh.daemon.api;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import mesh.core.member.Profile.Skill;
import mesh.core.openai.ApiError;
import mesh.core.openai.ModelPeek;
import mesh.daemon.api.Models.Answer;
import mesh.daemon.api.Models.Wish;
import mesh.daemon.edge.Action.Choice;
import mesh.daemon.edge.Exchange;

/** From a request as it came to a way through the mesh, or to the error that says why there is none. Stateless. */
final class Choosing {
    /** What agents send to say that a request continues another; the first one there counts. */
    private static final List<String> SESSION_HEADERS =
            List.of("x-session-affinity", "x-claude-code-session-id", "session-id", "session_id");

    private Choosing() {}

    /** {@code path} is the engine's. */
    static Choice among(Models models, Exchange exchange, ModelPeek peek, String path) {
        if (peek.pointsElsewhere()) return new Choice.Refuse(elsewhere());
        return switch (peek.model()) {
            case ModelPeek.Named.Odd(var why) ->
                new Choice.Refuse(ApiError.invalid(400, "invalid_model", "the model's name is " + why)
                        .at("model"));
            case ModelPeek.Named.Absent() -> found(models, wish(exchange, peek, ""), path);
            case ModelPeek.Named.Model(var name) -> found(models, wish(exchange, peek, name), path);
        };
    }

    /** The engine would fetch it: a request to anywhere, made by this node for whoever asks. */
    static ApiError elsewhere() {
        return ApiError.invalid(
                        400,
                        "media_url_unsupported",
                        "nothing is fetched for a request: send pictures and sound as data URIs"
                                + " (data:image/png;base64,...) or base64 sources")
                .at("messages");
    }

    private static List<Skill> skills(ModelPeek peek) {
        var skills = new ArrayList<Skill>();
        if (peek.hasPictures()) skills.add(Skill.VISION);
        if (peek.hasSound()) skills.add(Skill.AUDIO);
        return skills;
    }

    private static Wish wish(Exchange exchange, ModelPeek peek, String model) {
        String session = session(exchange);
        long hash = session.isEmpty() ? peek.prefixHash() : hashOf(session);
        String caller =
                session.isEmpty() ? exchange.header("authorization", exchange.header("x-api-key", "")) : session;
        String target = exchange.header("x-mesh-target", "").strip();
        List<String> exclude = Arrays.stream(
                        exchange.header("x-mesh-exclude", "").split(","))
                .map(String::strip)
                .filter(name -> !name.isEmpty())
                .toList();
        return new Wish(
                model, skills(peek), caller, hash, target.isEmpty() ? Optional.empty() : Optional.of(target), exclude);
    }

    private static String session(Exchange exchange) {
        for (String name : SESSION_HEADERS) {
            String value = exchange.header(name, "");
            if (!value.isEmpty()) return value;
        }
        return "";
    }

    /** Spread over all 64 bits; 0 would mean that there is no session. */
    private static long hashOf(String session) {
        long hash = 0xcbf29ce484222325L;
        for (int i = 0; i < session.length(); i++) hash = (hash ^ session.charAt(i)) * 0x100000001b3L;
        return hash == 0 ? 1 : hash;
    }

    private static Choice found(Models models, Wish wish, String path) {
        Answer answer = models.find(wish);
        return answer instanceof Answer.Ready(var course)
                ? new Choice.To(course, path)
                : new Choice.Refuse(answer.error(wish.model()));
    }
}
