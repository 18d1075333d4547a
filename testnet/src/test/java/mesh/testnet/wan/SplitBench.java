package mesh.testnet.wan;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import mesh.testnet.wan.TwoSplits.Split;
import mesh.testnet.wan.TwoSplits.Terms;
import mesh.testnet.wan.TwoSplits.Took;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A split by mesh beside llama.cpp's own RPC, asked in turns over the same cable: load, tokens, prompts, bytes, and how
 * near the design's goals are. No part of the build. Prints tables like those of {@code docs/benchmarks.md}, which says
 * what is measured and by which options. One thread.
 */
class SplitBench {
    private static final String MODEL = System.getProperty("mesh.bench.model", "demo-large");
    private static final int WORKERS = Integer.getInteger("mesh.bench.workers", 1);
    private static final boolean HAS_FILE =
            !System.getProperty("mesh.bench.file", "yes").equals("no");
    private static final long BITS_PER_SECOND = Long.getLong("mesh.bench.mbits", 100) * 1_000_000;
    private static final List<Integer> RTTS_MILLIS = numbers("mesh.bench.rtt", "0,5,20,50");
    private static final List<Integer> PROMPTS_TOKENS = numbers("mesh.bench.prompt", "1000");
    private static final int TOKENS = Integer.getInteger("mesh.bench.tokens", 64);
    private static final int ROUNDS = Integer.getInteger("mesh.bench.rounds", 15);

    /** A daemon that has just started is slower: its Java is not compiled yet. */
    private static final int WARMING_ROUNDS = Integer.getInteger("mesh.bench.warming", 20);

    /** Shown beside the medians, for whoever restarts often. */
    private static final int FIRST_ROUNDS = 5;

    /** Prompts take seconds each. */
    private static final int PROMPT_ROUNDS = Math.max(3, ROUNDS / 3);

    private static final int PROMPT_WARMING_ROUNDS = 3;

    private static final int CONTEXT_TOKENS_MIN = 2_048;

    /** Engines round a context up to so many. */
    private static final int CONTEXT_STEP_TOKENS = 256;

    /** Of the vocabulary: between them stands a byte for each in the demo models as in {@link WideModel}. */
    private static final int TOKEN_MIN = 3;

    private static final int TOKEN_MAX = 255;

    @TempDir
    Path folder;

    private final Opened open = new Opened();
    private final Random random = new Random(6);
    private int asked;

    @AfterEach
    void end() throws Exception {
        open.close();
    }

    /** A median between its quartiles. */
    private record Spread(double low, double median, double high) {
        static Spread of(List<Took> all, ToDoubleFunction<Took> figure) {
            double[] sorted = all.stream().mapToDouble(figure).sorted().toArray();
            int quarter = sorted.length / 4;
            return new Spread(sorted[quarter], sorted[sorted.length / 2], sorted[sorted.length - 1 - quarter]);
        }

        String said(String number) {
            return String.format(Locale.ROOT, number + " (" + number + "–" + number + ")", median, low, high);
        }
    }

    /** What one of the two was asked. */
    private record Asked(Split split, List<Took> answers, List<Took> prompts) {
        List<Took> counted() {
            return answers.subList(WARMING_ROUNDS, answers.size());
        }

        List<Took> prompts(int tokens) {
            return prompts.stream()
                    .filter(took -> took.promptTokens() == tokens)
                    .toList();
        }

        double tokenMillis() {
            return Spread.of(counted(), Took::tokenMillis).median();
        }

        double promptPerSecond(int tokens) {
            return Spread.of(prompts(tokens), Took::promptPerSecond).median();
        }
    }

    private record Pair(int rttMillis, Asked mesh, Asked stock) {
        List<Asked> both() {
            return List.of(mesh, stock);
        }
    }

    @Test
    void meshBesideStockRpc() throws Exception {
        System.out.printf(
                Locale.ROOT,
                "%s, %d worker(s), %d Mbit/s; by turns %d answers of %d tokens each after %d left out, and %d of each prompt;"
                        + " medians (quartiles)%n",
                MODEL,
                WORKERS,
                BITS_PER_SECOND / 1_000_000,
                ROUNDS,
                TOKENS,
                WARMING_ROUNDS,
                PROMPT_ROUNDS);
        var pairs = new ArrayList<Pair>();
        for (int rttMillis : RTTS_MILLIS) {
            Pair pair = measure(rttMillis);
            open.close();
            reportAnswers(pair);
            reportPrompts(pair);
            pairs.add(pair);
        }
        reportGoals(pairs);

        assertThat(pairs).isNotEmpty();
    }

    private Pair measure(int rttMillis) throws Exception {
        int contextTokens = Math.max(CONTEXT_TOKENS_MIN, Collections.max(PROMPTS_TOKENS) + TOKENS);
        contextTokens = Math.ceilDiv(contextTokens, CONTEXT_STEP_TOKENS) * CONTEXT_STEP_TOKENS;
        var terms = new Terms(MODEL, WORKERS, HAS_FILE, rttMillis, BITS_PER_SECOND, contextTokens);
        var splits = new TwoSplits(open, terms, folder.resolve(rttMillis + ""));
        List<Asked> both = splits.load().stream()
                .map(split -> new Asked(split, new ArrayList<>(), new ArrayList<>()))
                .toList();
        for (int round = 0; round < WARMING_ROUNDS + ROUNDS; round++) {
            List<Integer> prompt = prompt(1);
            for (Asked each : both) each.answers().add(splits.ask(each.split(), prompt, TOKENS));
        }
        for (int round = 0; round < PROMPT_WARMING_ROUNDS; round++) {
            List<Integer> prompt = prompt(PROMPTS_TOKENS.getFirst());
            for (Asked each : both) splits.ask(each.split(), prompt, 1);
        }
        for (int round = 0; round < PROMPT_ROUNDS; round++)
            for (int tokens : PROMPTS_TOKENS) {
                List<Integer> prompt = prompt(tokens);
                for (Asked each : both) each.prompts().add(splits.ask(each.split(), prompt, 1));
            }
        return new Pair(rttMillis, both.getFirst(), both.getLast());
    }

    /** Each begins with another token than those before, so that no engine finds it in its cache. */
    private List<Integer> prompt(int tokens) {
        var prompt = new ArrayList<>(List.of(TOKEN_MIN + asked++ % (TOKEN_MAX - TOKEN_MIN)));
        while (prompt.size() < tokens) prompt.add(random.nextInt(TOKEN_MIN, TOKEN_MAX));
        return prompt;
    }

    private static void reportAnswers(Pair pair) {
        System.out.println(
                "| RTT | split by | load | over the link | ms a token | tokens/s | per token | daemons' CPU |");
        System.out.println("|---|---|---|---|---|---|---|---|");
        for (Asked each : pair.both()) {
            double daemonMillis = each.counted().stream()
                    .mapToDouble(Took::daemonMillis)
                    .average()
                    .orElseThrow();
            System.out.printf(
                    Locale.ROOT,
                    "| %d ms | %s | %.1f s | %,d kB | %s | %.1f | %.1f kB | %.2f ms a token |%n",
                    pair.rttMillis(),
                    each.split().name(),
                    each.split().loadSeconds(),
                    each.split().loadBytes() / 1_000,
                    Spread.of(each.counted(), Took::tokenMillis).said("%.2f"),
                    1_000 / each.tokenMillis(),
                    Spread.of(each.counted(), Took::bytes).median() / TOKENS / 1_000,
                    daemonMillis / TOKENS);
        }
        for (Asked each : pair.both())
            System.out.printf(
                    Locale.ROOT,
                    "first %d answers of %s, ms a token: %s%n",
                    FIRST_ROUNDS,
                    each.split().name(),
                    each.answers().stream()
                            .limit(FIRST_ROUNDS)
                            .map(took -> String.format(Locale.ROOT, "%.1f", took.tokenMillis()))
                            .collect(Collectors.joining(" ")));
    }

    private static void reportPrompts(Pair pair) {
        System.out.println("| RTT | prompt | split by | tokens/s | per prompt token | daemons' CPU |");
        System.out.println("|---|---|---|---|---|---|");
        for (int tokens : PROMPTS_TOKENS)
            for (Asked each : pair.both()) {
                List<Took> prompts = each.prompts(tokens);
                System.out.printf(
                        Locale.ROOT,
                        "| %d ms | %,d | %s | %s | %.1f kB | %.2f ms a token |%n",
                        pair.rttMillis(),
                        tokens,
                        each.split().name(),
                        Spread.of(prompts, Took::promptPerSecond).said("%.0f"),
                        Spread.of(prompts, Took::bytes).median() / tokens / 1_000,
                        Spread.of(prompts, Took::daemonMillis).median() / tokens);
            }
    }

    /** The law needs the round trip of 0, at which llama.cpp shows what is left to compute. */
    private static void reportGoals(List<Pair> pairs) {
        System.out.println("| goal | mesh | llama.cpp |");
        System.out.println("|---|---|---|");
        for (Pair near : pairs) {
            if (near.rttMillis() != 0) continue;
            double computing = near.stock().tokenMillis();
            for (Pair pair : pairs) {
                double law = computing + WORKERS * pair.rttMillis();
                System.out.printf(
                        Locale.ROOT,
                        "| %d ms: 95 %% of 1/(%.2f + %d · %d ms) = %.1f tokens/s | %.1f %% | %.1f %% |%n",
                        pair.rttMillis(),
                        computing,
                        WORKERS,
                        pair.rttMillis(),
                        1_000 / law,
                        100 * law / pair.mesh().tokenMillis(),
                        100 * law / pair.stock().tokenMillis());
            }
        }
        for (Pair pair : pairs) {
            for (int tokens : PROMPTS_TOKENS)
                System.out.printf(
                        Locale.ROOT,
                        "| %d ms, prompt of %,d: 2.5 times llama.cpp's speed | %.2f | 1 |%n",
                        pair.rttMillis(),
                        tokens,
                        pair.mesh().promptPerSecond(tokens) / pair.stock().promptPerSecond(tokens));
            System.out.printf(
                    Locale.ROOT,
                    "| %d ms, load: below 1 %% of the model's bytes | %.2f %% | %.2f %% |%n",
                    pair.rttMillis(),
                    pair.mesh().split().loadPercent(),
                    pair.stock().split().loadPercent());
        }
    }

    private static List<Integer> numbers(String property, String otherwise) {
        return Arrays.stream(System.getProperty(property, otherwise).split(","))
                .map(Integer::valueOf)
                .toList();
    }
}
