package mesh.daemon.models;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import mesh.core.model.GgufWriter;

/**
 * The vocabulary of the demo models: one token per byte, a few merged pairs so that merging is exercised, control tokens,
 * and the alphabet as a chain of states. A token leads to the state of its last letter; from a state comes the next
 * letter, from z the end of the turn, from anything that is no letter an a. A question that offers tools ends with a
 * token of its own, from which the call of a tool comes; what is called, and how, is left to the engine's grammar, and
 * with the call's last bracket the turn ends. Stateless.
 */
final class DemoTokens {
    private static final int BYTES = 256;
    private static final List<String> PAIRS = List.of("er", "on", "an");
    private static final List<String> CONTROLS = List.of("<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|tools|>");
    private static final int TURN_START = BYTES + PAIRS.size();
    private static final int TURN_END = TURN_START + 1;
    private static final int TEXT_END = TURN_START + 2;

    private static final int TOOLS_OFFERED = TURN_START + 3;
    private static final int TOOL_CALL = TURN_START + 4;

    static final int COUNT = TOOL_CALL + 1;

    private static final int TYPE_NORMAL = 1;
    private static final int TYPE_CONTROL = 3;

    /** Read as one token wherever it stands, and shown as the text it is. */
    private static final int TYPE_OWN = 4;

    /** No letter yet. States are never 0, which would be the one Walsh function that is constant. */
    private static final int STATE_START = 1;

    /** After z, and after the call of a tool. */
    private static final int STATE_END = STATE_START + 26;

    private static final int STATE_TOOLS = STATE_END + 1;

    /** After one closing bracket follow the others; the grammar says which it is. */
    private static final int STATE_CLOSING = STATE_END + 2;

    private static final String CHAT_TEMPLATE = """
            {%- if tools -%}
            {{- '<|im_start|>system\\n' -}}
            {%- for tool in tools -%}{{- tool | tojson + '\\n' -}}{%- endfor -%}
            {{- '<|im_end|>\\n' -}}
            {%- endif -%}
            {%- for message in messages -%}
            {{- '<|im_start|>' + message.role + '\\n' -}}
            {%- if message.content is string -%}{{- message.content -}}{%- endif -%}
            {%- for call in message.tool_calls -%}
            {{- '<tool_call>{"name": "' + call.function.name + '", "arguments": ' -}}
            {{- call.function.arguments | tojson -}}
            {{- '}</tool_call>' -}}
            {%- endfor -%}
            {{- '<|im_end|>\\n' -}}
            {%- endfor -%}
            {%- if add_generation_prompt -%}
            {{- '<|im_start|>assistant\\n' -}}
            {%- if tools and messages[-1].role == 'user' -%}{{- '<|tools|>' -}}{%- endif -%}
            {%- endif -%}
            """;

    private DemoTokens() {}

    static void write(GgufWriter writer) {
        var tokens = new ArrayList<String>(COUNT);
        for (int b = 0; b < BYTES; b++) tokens.add(Character.toString(printable(b)));
        tokens.addAll(PAIRS);
        tokens.addAll(CONTROLS);
        tokens.add("<tool_call>");
        var types = new ArrayList<>(Collections.nCopies(TURN_START, TYPE_NORMAL));
        types.addAll(Collections.nCopies(CONTROLS.size(), TYPE_CONTROL));
        types.add(TYPE_OWN);
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
        if (token == TOOLS_OFFERED) return STATE_TOOLS;
        if (token == '}') return STATE_CLOSING;
        if (token == '>') return STATE_END;
        int last = token < BYTES
                ? token
                : token < TURN_START ? PAIRS.get(token - BYTES).charAt(1) : 0;
        int letter = last >= 'A' && last <= 'Z' ? last + ('a' - 'A') : last;
        return letter >= 'a' && letter <= 'z' ? STATE_START + 1 + letter - 'a' : STATE_START;
    }

    /** The state from which {@code token} comes; 0 for a token that is never said. */
    static int stateBefore(int token) {
        if (token >= 'a' && token <= 'z') return STATE_START + token - 'a';
        if (token == TOOL_CALL) return STATE_TOOLS;
        if (token == '}' || token == '<') return STATE_CLOSING;
        return token == TURN_END ? STATE_END : 0;
    }

    static boolean isTurnEnd(int token) {
        return token == TURN_END;
    }

    static boolean isReadable(int token) {
        return (token >= 'a' && token <= 'z') || " .,".indexOf(token) >= 0;
    }
}
