package mesh.daemon.api;

import java.util.List;

/** Every path of the engine that a client or a peer may reach, as the engine knows it. Control paths are not among them. */
final class EnginePaths {
    static final List<String> ALL = List.of(
            "/v1/chat/completions",
            "/v1/chat/completions/input_tokens",
            "/v1/completions",
            "/v1/responses",
            "/v1/responses/input_tokens",
            "/v1/messages",
            "/v1/messages/count_tokens",
            "/v1/embeddings",
            "/v1/rerank",
            "/v1/reranking",
            "/v1/audio/transcriptions",
            "/infill",
            "/tokenize",
            "/detokenize",
            "/apply-template");

    private EnginePaths() {}
}
