package mesh.daemon;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import mesh.core.openai.Usage;
import mesh.daemon.edge.ServeRecord;
import mesh.daemon.edge.Served;

/**
 * What became of the requests at this node: counts since the start, and the last relayed ones with their ways. Written on
 * event loops, read anywhere; the lock guards the list and the sums for a moment.
 */
final class Requests {
    /** A few screens; what is older is in the log. */
    private static final int RECENT_MAX = 256;

    /** As many models as a node announces; the rest is counted together, so that names cannot fill the memory. */
    private static final int MODELS_MAX = 128;

    private static final String OTHERS = "other";

    private final LongAdder answered = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final LongAdder left = new LongAdder();
    private final ArrayDeque<Served> recent = new ArrayDeque<>();
    private final Map<String, Sum> sums = new TreeMap<>();

    /** Everything of one model by one route. */
    private static final class Sum {
        long answered;
        long failed;
        long left;
        long retries;
        long promptTokens;
        long cachedTokens;
        long answerTokens;
        long firstByteMicros;
        long totalMicros;
    }

    /** At our own port. A caller's own mistake counts as answered: it was. */
    void served(Served exchange) {
        switch (exchange.ending()) {
            case CLIENT_GONE -> left.increment();
            case CUT -> failed.increment();
            case WHOLE -> (exchange.status() < 500 ? answered : failed).increment();
        }
        relayed(exchange);
    }

    /** For a peer, or for a caller of our own. */
    void relayed(Served exchange) {
        if (exchange.record().isEmpty()) return;
        ServeRecord record = exchange.record().get();
        synchronized (this) {
            recent.addLast(exchange);
            if (recent.size() > RECENT_MAX) recent.removeFirst();
            Sum sum = sumOf(exchange);
            switch (exchange.ending()) {
                case CLIENT_GONE -> sum.left++;
                case CUT -> sum.failed++;
                case WHOLE -> {
                    if (exchange.status() < 500) sum.answered++;
                    else sum.failed++;
                }
            }
            sum.retries += Math.max(0, record.attempts().size() - 1);
            Usage usage = record.usage();
            sum.promptTokens += usage.promptTokens();
            sum.cachedTokens += usage.cachedTokens();
            sum.answerTokens += usage.completionTokens();
            sum.firstByteMicros += Math.max(0, exchange.firstByteNanos()) / 1_000;
            sum.totalMicros += exchange.totalNanos() / 1_000;
        }
    }

    private Sum sumOf(Served exchange) {
        String model = exchange.labels().getOrDefault("x-mesh-model", "");
        String route = exchange.asker().isEmpty() ? exchange.labels().getOrDefault("x-mesh-route", "none") : "for-peer";
        boolean isKnown = sums.size() < MODELS_MAX || sums.containsKey(labels(model, route));
        return sums.computeIfAbsent(labels(isKnown ? model : OTHERS, route), fresh -> new Sum());
    }

    private static String labels(String model, String route) {
        return "model=\"" + model.replace("\\", "\\\\").replace("\"", "\\\"") + "\",route=\"" + route + "\"";
    }

    Map<String, Long> counts() {
        var counts = new LinkedHashMap<String, Long>();
        counts.put("answered", answered.sum());
        counts.put("failed", failed.sum());
        counts.put("left", left.sum());
        return counts;
    }

    /** The last relayed ones, newest first. */
    synchronized List<Served> recent() {
        return new ArrayList<>(recent).reversed();
    }

    /** In the words of Prometheus. {@code waiting}, {@code hostless} and {@code peers} are read at this moment. */
    synchronized String metrics(Map<String, Integer> waiting, int hostless, int peers) {
        var text = new StringBuilder();
        family(text, "mesh_requests_answered_total", "counter", "relayed requests answered", s -> s.answered);
        family(
                text,
                "mesh_requests_failed_total",
                "counter",
                "relayed requests that failed or were cut",
                s -> s.failed);
        family(text, "mesh_requests_left_total", "counter", "relayed requests whose caller left", s -> s.left);
        family(text, "mesh_request_retries_total", "counter", "further hosts asked for a request", s -> s.retries);
        family(text, "mesh_prompt_tokens_total", "counter", "tokens of prompts", s -> s.promptTokens);
        family(text, "mesh_cached_tokens_total", "counter", "of these, found in a cache", s -> s.cachedTokens);
        family(text, "mesh_answer_tokens_total", "counter", "tokens generated", s -> s.answerTokens);
        family(
                text,
                "mesh_first_byte_micros_total",
                "counter",
                "time to the first byte, summed",
                s -> s.firstByteMicros);
        family(text, "mesh_request_micros_total", "counter", "whole time, summed", s -> s.totalMicros);
        text.append(
                "# HELP mesh_queue_waiting requests before an engine of this node\n# TYPE mesh_queue_waiting gauge\n");
        waiting.forEach((model, count) -> text.append("mesh_queue_waiting{model=\"")
                .append(model)
                .append("\"} ")
                .append(count)
                .append('\n'));
        text.append("# HELP mesh_requests_hostless requests that wait until there is a host\n")
                .append("# TYPE mesh_requests_hostless gauge\nmesh_requests_hostless ")
                .append(hostless)
                .append('\n');
        text.append("# HELP mesh_peers other members this node knows\n# TYPE mesh_peers gauge\nmesh_peers ")
                .append(peers)
                .append('\n');
        return text.toString();
    }

    private void family(StringBuilder text, String name, String type, String help, Reading reading) {
        text.append("# HELP ").append(name).append(' ').append(help).append("\n# TYPE ");
        text.append(name).append(' ').append(type).append('\n');
        sums.forEach((labels, sum) -> text.append(name)
                .append('{')
                .append(labels)
                .append("} ")
                .append(reading.of(sum))
                .append('\n'));
    }

    /** One figure of a sum. */
    private interface Reading {
        long of(Sum sum);
    }

    /** One relayed request as the management API shows it. */
    static Map<String, Object> shown(Served exchange) {
        ServeRecord record = exchange.record().orElseThrow();
        var shown = new LinkedHashMap<String, Object>();
        shown.put("id", exchange.requestId());
        shown.put("startedMillis", exchange.startedMillis());
        shown.put("path", exchange.path());
        shown.put("askedBy", exchange.asker());
        shown.put("model", exchange.labels().getOrDefault("x-mesh-model", ""));
        shown.put("node", exchange.labels().getOrDefault("x-mesh-node", ""));
        shown.put("route", exchange.labels().getOrDefault("x-mesh-route", ""));
        shown.put("why", exchange.labels().getOrDefault("x-mesh-why", ""));
        shown.put("dialect", record.dialect().name().toLowerCase(Locale.ROOT));
        shown.put("stream", record.isStream());
        shown.put("status", exchange.status());
        shown.put("ending", exchange.ending().name().toLowerCase(Locale.ROOT));
        shown.put("queuedMillis", record.queuedMillis());
        shown.put("firstByteMillis", millis(exchange.firstByteNanos()).orElse(-1L));
        shown.put("totalMillis", TimeUnit.NANOSECONDS.toMillis(exchange.totalNanos()));
        shown.put("promptTokens", record.usage().promptTokens());
        shown.put("cachedTokens", record.usage().cachedTokens());
        shown.put("answerTokens", record.usage().completionTokens());
        shown.put("requestBytes", exchange.requestBytes());
        shown.put("responseBytes", exchange.responseBytes());
        shown.put("attempts", record.attempts());
        shown.put("waits", record.waits());
        return shown;
    }

    private static Optional<Long> millis(long nanos) {
        return nanos < 0 ? Optional.empty() : Optional.of(TimeUnit.NANOSECONDS.toMillis(nanos));
    }
}
