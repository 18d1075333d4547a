package mesh.daemon.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every way llama.cpp was seen to end has its reason; the lines are those it wrote. */
class LastWordsTest {
    @ParameterizedTest(name = "{2}: {1}")
    @CsvSource(delimiter = '|', textBlock = """
            1   | E gguf_init_from_file: failed to open GGUF file 'x.gguf' (No such file or directory)                | MODEL_MISSING
            1   | E gguf_init_from_reader: invalid magic characters: 'hell', expected 'GGUF'                          | MODEL_CORRUPT
            1   | E gguf_init_from_reader: failed to read magic                                                       | MODEL_CORRUPT
            1   | E gguf_init_from_reader: failed to read key-value pairs                                             | MODEL_CORRUPT
            1   | E tensor 'blk.0.ffn_down.weight' data is not within the file bounds, model is corrupted or incomplete | MODEL_CORRUPT
            1   | E llama_model_load: error loading model: unknown model architecture: 'llamX'                        | UNKNOWN_ARCHITECTURE
            1   | E llama_model_load: error loading model: key not found in model: llama.block_count                  | MODEL_INCOMPLETE
            1   | E llama_model_load: error loading model: missing tensor 'output_norm.weight'                        | MODEL_INCOMPLETE
            1   | E ggml_aligned_malloc: insufficient memory (attempted to allocate 97656.25 MB)                      | OUT_OF_MEMORY
            1   | E llama_init_from_model: failed to initialize the context: failed to allocate buffer for kv cache   | OUT_OF_MEMORY
            1   | E ggml_backend_cuda_buffer_type_alloc_buffer: cudaMalloc failed: out of memory                      | OUT_OF_MEMORY
            1   | E alloc_tensor_range: unable to allocate RPC0[127.0.0.1:20000] buffer                               | WORKER_OUT_OF_MEMORY
            1   | error: invalid argument: --bogus                                                                    | BAD_FLAG
            1   | E srv  start: couldn't bind HTTP server socket, hostname: 127.0.0.1, port: 8080                     | PORT_TAKEN
            0   | Failed to create server socket                                                                      | PORT_TAKEN
            1   | E common_init_from_params: RPC not supported in this build                                          | RPC_UNSUPPORTED
            134 | RPC server version mismatch: 7.0.0                                                                  | RPC_VERSION_MISMATCH
            134 | Failed to connect to 127.0.0.1:20001                                                                | RPC_UNREACHABLE
            134 | Remote RPC server crashed or returned malformed response                                            | RPC_LOST
            1   | E srv  llama_server: exiting due to model loading error                                             | LOAD_FAILED
            1   | E srv  load_model: failed to load multimodal model, 'mmproj.gguf'                                   | PROJECTOR_FAILED
            127 | mesh-child: 4: exec: /opt/llama-server: not found                                                   | NOT_EXECUTABLE
            127 | llama-server: error while loading shared libraries: libssl.so.3: cannot open shared object file     | NOT_EXECUTABLE
            126 | mesh-child: 4: exec: /opt/llama-server: Permission denied                                           | NOT_EXECUTABLE
            137 | srv update_slots: all slots are idle                                                                | KILLED
            143 | srv update_slots: all slots are idle                                                                | KILLED
            134 | GGML_ASSERT(false) failed                                                                           | CRASHED
            139 | srv update_slots: all slots are idle                                                                | CRASHED
            3   | something new                                                                                       | EXITED
            """)
    void lineAndCodeGiveTheReason(int exitCode, String line, ExitReason reason) {
        LastWords.Verdict verdict = LastWords.judge(exitCode, List.of("I srv  load_model: loading model", line));

        assertThat(verdict.reason()).isEqualTo(reason);
    }

    @Test
    void firstCauseStandsAboveTheGeneralWordsBehindIt() {
        var lines = List.of(
                "0.00.017.323 E llama_model_load: error loading model: unknown model architecture: 'llamX'",
                "0.00.017.332 E llama_model_load_from_file_impl: failed to load model",
                "0.00.017.337 I srv    operator(): operator(): cleaning up before exit...",
                "0.00.017.765 E srv  llama_server: exiting due to model loading error");

        LastWords.Verdict verdict = LastWords.judge(1, lines);

        assertThat(verdict)
                .isEqualTo(new LastWords.Verdict(
                        ExitReason.UNKNOWN_ARCHITECTURE,
                        "llama_model_load: error loading model: unknown model architecture: 'llamX'"));
    }

    @Test
    void silenceIsSaidToBeSilence() {
        assertThat(LastWords.judge(1, List.of()).message()).isEqualTo("ended with code 1, saying nothing");
    }
}
