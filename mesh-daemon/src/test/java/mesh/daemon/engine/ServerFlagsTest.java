package mesh.daemon.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Help texts as builds of different years write them. */
class ServerFlagsTest {
    private static final String HELP = """
            ----- common params -----

            -h,    --help, --usage                  print usage and exit
            -t,    --threads N                      number of CPU threads (default: <num_cpus>)
                                                    (env: LLAMA_ARG_THREADS)
            -fa,   --flash-attn [on|off|auto]       set Flash Attention use
            --perf, --no-perf                       whether to enable timings
            -lm,   --load-mode MODE                 model loading mode (default: auto)
            --spec-type none,draft-simple,draft-eagle3,ngram-simple,ngram-map-k
                                                    comma-separated list of types
            --draft, --draft-n, --draft-max N       the argument has been removed. use --spec-draft-n-max or
                                                    --spec-ngram-mod-n-max
            --lora-scaled FNAME:SCALE,...           path to LoRA adapter
            --api-key KEY                           API key to use for authentication
                                                    (env: LLAMA_API_KEY)
            """;

    private final ServerFlags flags = ServerFlags.parse(HELP);

    @Test
    void everySpellingIsKnown() {
        assertThat(flags.firstOf("--nope", "--load-mode", "-lm")).contains("--load-mode");
        assertThat(flags.knows("-t")).isTrue();
        assertThat(flags.knows("--no-perf")).isTrue();
        assertThat(flags.knows("--usage")).isTrue();
    }

    @Test
    void flagListedOnlyToSayItIsGoneIsUnknown() {
        assertThat(flags.firstOf("--draft-max", "--draft")).isEmpty();
    }

    @Test
    void wordsOfTheDescriptionAreNoFlags() {
        assertThat(flags.knows("--spec-draft-n-max")).isFalse();
        assertThat(flags.knows("--spec-ngram-mod-n-max")).isFalse();
        assertThat(flags.knows("common")).isFalse();
    }

    @Test
    void flagThatTakesAValueIsToldFromASwitch() {
        assertThat(flags.takesValue("-fa")).isTrue();
        assertThat(flags.takesValue("--spec-type")).isTrue();
        assertThat(flags.takesValue("--lora-scaled")).isTrue();
        assertThat(flags.takesValue("--perf")).isFalse();
        assertThat(ServerFlags.parse("-fa,   --flash-attn          enable Flash Attention\n")
                        .takesValue("-fa"))
                .isFalse();
    }

    @Test
    void variableOfAFlagIsItsOwn() {
        assertThat(flags.readsVariable("--api-key", "LLAMA_API_KEY")).isTrue();
        assertThat(flags.readsVariable("--threads", "LLAMA_API_KEY")).isFalse();
        assertThat(flags.readsVariable("--perf", "LLAMA_API_KEY")).isFalse();
    }

    @Test
    void textThatIsNoHelpHasNoFlags() {
        assertThat(ServerFlags.parse("llama-server: cannot open display\n").isEmpty())
                .isTrue();
    }
}
