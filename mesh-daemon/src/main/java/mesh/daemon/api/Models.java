package mesh.daemon.api;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import mesh.core.member.Profile.Skill;
import mesh.core.openai.ApiError;
import mesh.daemon.edge.Course;

/**
 * Which models there are and where each answers, as the API asks for every request. Called on event loops: an
 * implementation reads a snapshot and never blocks. Each call stands for itself; two calls may see different moments.
 */
public interface Models {
    /** Every model of the mesh, by name; ready or not. */
    List<Entry> list();

    /** Never another model than the one asked for. What answers {@link Answer.Ready} must be sent on its way. */
    Answer find(Wish wish);

    /** Why a request for {@code model} would not be answered now; empty if it would. Sends nothing on its way. */
    Optional<Answer> obstacle(String model);

    /** Where a model stands. */
    enum State {
        READY,
        LOADING,
        /** For other nodes, or for their decision. */
        WAITING,
        FAILED,
        /** The mesh knows of it and nobody runs it. */
        COLD
    }

    /**
     * A model as lists show it.
     *
     * @param detail progress or failure in a few words; empty when ready
     * @param contextTokens 0 = not known yet
     * @param sizeBytes 0 = not known
     * @param owner who says so, shown as {@code owned_by}
     * @param hosts names of the nodes that serve it or are about to
     * @param skills what hosts that are ready say it can; empty while none has said so
     */
    record Entry(
            String name,
            State state,
            String detail,
            int contextTokens,
            long sizeBytes,
            long createdSeconds,
            String owner,
            List<String> hosts,
            List<Skill> skills) {
        public Entry {
            hosts = List.copyOf(hosts);
            skills = List.copyOf(skills);
        }

        /** Nothing is known of what it can. */
        public Entry(
                String name,
                State state,
                String detail,
                int contextTokens,
                long sizeBytes,
                long createdSeconds,
                String owner,
                List<String> hosts) {
            this(name, state, detail, contextTokens, sizeBytes, createdSeconds, owner, hosts, List.of());
        }

        /** The same as the API says it. */
        public List<String> skillWords() {
            return skills.stream()
                    .map(skill -> skill.name().toLowerCase(Locale.ROOT))
                    .toList();
        }
    }

    /**
     * What one request asks for.
     *
     * @param model as the caller wrote it; empty leaves the choice to the mesh
     * @param skills beside writing
     * @param caller to whom a queue must be fair; empty = nobody in particular
     * @param prefixHash of the session or the prompt's beginning; 0 = none
     * @param target the only node that will do, by name or id
     * @param exclude nodes that will not do, by name or id
     */
    record Wish(
            String model,
            List<Skill> skills,
            String caller,
            long prefixHash,
            Optional<String> target,
            List<String> exclude) {
        public Wish {
            skills = List.copyOf(skills);
            exclude = List.copyOf(exclude);
        }

        public static Wish of(String model) {
            return new Wish(model, List.of(), "", 0, Optional.empty(), List.of());
        }
    }

    /** Where a request for a model goes. */
    sealed interface Answer {
        record Ready(Course course) implements Answer {}

        /** {@code progress} in a few words: a phase, or a percentage. */
        record Loading(String model, String progress, int retryAfterSeconds) implements Answer {}

        /** {@code code} is stable, {@code message} says what to do. */
        record Failed(String model, String code, String message) implements Answer {}

        /** Known, and nobody can answer now; {@code code} is stable. */
        record Unable(String model, String code, String message, int retryAfterSeconds) implements Answer {}

        /** Every host has as much queued as it may. */
        record Busy(String model, int retryAfterSeconds) implements Answer {}

        /** No host will ever answer this as it is asked. */
        record Unfit(String param, String code, String message) implements Answer {}

        /** {@code near} are names the caller may have meant, best first. */
        record Unknown(List<String> near) implements Answer {
            public Unknown {
                near = List.copyOf(near);
            }
        }

        /** The choice was left to the mesh, which has no model at all. */
        record Nothing() implements Answer {}

        /** What is told to a caller who named {@code asked} and whose request is not sent on its way. */
        default ApiError error(String asked) {
            return switch (this) {
                case Ready ready -> throw new IllegalArgumentException("no error: the model is ready");
                case Loading(var model, var progress, var seconds) -> ApiError.modelLoading(model, progress, seconds);
                case Failed(var model, var code, var message) ->
                    ApiError.server(503, code, "the model '" + model + "' failed: " + message)
                            .at("model");
                case Unable(var model, var code, var message, var seconds) ->
                    ApiError.server(503, code, "the model '" + model + "' " + message)
                            .at("model")
                            .retryAfter(seconds);
                case Busy(var model, var seconds) ->
                    ApiError.rateLimited("every host of the model '" + model + "' has a full queue")
                            .retryAfter(seconds);
                case Unfit(var param, var code, var message) ->
                    ApiError.invalid(400, code, message).at(param);
                case Unknown(var near) -> ApiError.modelNotFound(asked, near);
                case Nothing() ->
                    ApiError.server(503, "no_model", "this mesh serves no model")
                            .retryAfter(2);
            };
        }
    }
}
