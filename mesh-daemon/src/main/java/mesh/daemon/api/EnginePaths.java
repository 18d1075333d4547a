package mesh.daemon.api;

import java.util.List;

/** Every path of the engine that a client or a peer may reach, as the engine knows it. Control paths are not among them. */
public final class EnginePaths {
    /** Those whose body is one JSON object with the model in it. */
    static final List<String> JSON = List.of(
            "/v1/chat/completions",
            "/v1/completions",
            "/v1/embeddings",
            "/infill",
            "/tokenize",
            "/detokenize",
            "/apply-template");

    private EnginePaths() {}
}
