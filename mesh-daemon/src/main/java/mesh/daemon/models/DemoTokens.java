package mesh.daemon.models;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import mesh.core.model.GgufWriter;

/**
 * The vocabulary of the demo models: one token per byte, a few merged pairs so that merging is exercised, three control
 * tokens, and the alphabet as a chain of states. A token leads to the state of its last letter; from a state comes the
 * next letter, from z the end of the turn, from anything that is no letter an a. Stateless.
 */
final class DemoTokens {
    private static final int BYTES = 256;
    private static final List<String> PAIRS = List.of("er", "on", "an");
    private static final List<String> CONTROLS = List.of("<|im_start|>", "<|im_end|>", "<|endoftext|>");
    private static final int TURN_START = BYTES + PAIRS.size();
    private static final int TURN_END = TURN_START + 1;
    private static final int TEXT_END = TURN_START + 2;

    static final int COUNT = BYTES + PAIRS.size() + CONTROLS.size();

    private static final int TYPE_NORMAL = 1;
    private static final int TYPE_CONTROL = 3;

    /** No letter yet. States are never 0, which would be the one Walsh function that is constant. */
    private static final int STATE_START = 1;

    private static final String CHAT_TEMPLATE = """
            {%- for message in messages -%}
            {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' -}}
            {%- endfor -%}
            {%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}
            """;

    private DemoTokens() {}

    static void write(GgufWriter writer) {
        var tokens = new ArrayList<String>(COUNT);
        for (int b = 0; b < BYTES; b++) tokens.add(Character.toString(printable(b)));
        tokens.addAll(PAIRS);
        tokens.addAll(CONTROLS);
        var types = new ArrayList<>(Collections.nCopies(TURN_START, TYPE_NORMAL));
        types.addAll(Collections.nCopies(CONTROLS.size(), TYPE_CONTROL));
        writer.text("tokenizer.ggml.model", "gpt2")
                .text("tokenizer.ggml.pre", "gpt-2")
                .texts("tokenizer.ggml.tokens", tokens)
                .i32s("tokenizer.ggml.token_type", types)
                .texts(
                        "tokenizer.ggml.merges",
                        PAIRS.stream()
                                .map(pair -> pair.charAt(0) + " " + pair.charAt(1))
                                .toList())
                .u32("tokenizer.ggml.bos_token_id", TEXT_END)
                .u32("tokenizer.ggml.eos_token_id", TURN_END)
                .u32("tokenizer.ggml.padding_token_id", TEXT_END)
                .flag("tokenizer.ggml.add_bos_token", false)
                .text("tokenizer.chat_template", CHAT_TEMPLATE);
    }

    /** The byte-level tokenizers' stand-in for a byte: itself where Latin-1 prints it, else the next sign from U+0100 on. */
    private static int printable(int b) {
        int stand = BYTES;
        for (int other = 0; other <= b; other++) {
            boolean prints = (other > ' ' && other <= '~') || (other > 0xA0 && other != 0xAD);
            if (other == b) return prints ? b : stand;
            if (!prints) stand++;
        }
        throw new AssertionError("unreachable");
    }

    static int stateAfter(int token) {
        int last = token < BYTES
                ? token
                : token < TURN_START ? PAIRS.get(token - BYTES).charAt(1) : 0;
        int letter = last >= 'A' && last <= 'Z' ? last + ('a' - 'A') : last;
        return letter >= 'a' && letter <= 'z' ? STATE_START + 1 + letter - 'a' : STATE_START;
    }

    /** The state from which {@code token} comes; 0 for a token that is never said. */
    static int stateBefore(int token) {
        if (token >= 'a' && token <= 'z') return STATE_START + token - 'a';
        return token == TURN_END ? STATE_START + 26 : 0;
    }

    static boolean isReadable(int token) {
        return (token >= 'a' && token <= 'z') || " .,".indexOf(token) >= 0;
    }
}
