package mesh.daemon.api;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mesh.core.elect.Explanation;
import mesh.core.elect.Explanation.Considered;
import mesh.core.elect.Outcome;
import mesh.core.elect.Prediction;
import mesh.core.id.NodeId;

/** An election's arithmetic as JSON, for {@code GET explain/MODEL}. Stateless. */
final class Explained {
    private Explained() {}

    static Map<String, Object> of(Explanation told) {
        var shown = fields(
                "model", told.model().name(),
                "outcome", outcome(told.outcome()),
                "reason", told.reason().code(),
                "needBytes", told.need().bytes(),
                "haveBytes", told.haveBytes(),
                "units", told.need().units(),
                "unitBytes", told.need().unitBytes(),
                "kvBytes", told.need().kvBytes(),
                "isGuessed", told.need().guessed(),
                "forcedBy", ids(told.forcedBy()),
                "rttMillisMax", told.limits().rttMillisMax(),
                "tokenMillisMax", told.limits().tokenMicrosMax() / 1_000,
                "keepsRunning", told.keepsRunning(),
                "obeysRatios", told.obeysRatios());
        told.prediction().ifPresent(prediction -> shown.put("prediction", prediction(prediction)));
        shown.put("nodes", told.considered().stream().map(Explained::node).toList());
        return shown;
    }

    private static Map<String, Object> outcome(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Solo(List<NodeId> hosts) -> fields("kind", "solo", "hosts", ids(hosts));
            case Outcome.Split split ->
                fields(
                        "kind", "split",
                        "hosts", ids(List.of(split.host())),
                        "workers", ids(split.workers()),
                        "tensorSplit", split.shares());
            case Outcome.Waiting waiting -> fields("kind", "waiting", "hosts", List.of());
            case Outcome.Refused refused -> fields("kind", "refused", "hosts", List.of());
        };
    }

    /** One token of one caller: reading the weights, then a round trip for each worker, one after the other. */
    private static Map<String, Object> prediction(Prediction prediction) {
        return fields(
                "computeMicros", prediction.computeMicros(),
                "hopMicros", prediction.hopMicros(),
                "tokenMicros", prediction.tokenMicros(),
                "milliTokensPerSecond", prediction.milliTokensPerSecond(),
                "isAssumed", prediction.isAssumed());
    }

    private static Map<String, Object> node(Considered node) {
        return fields(
                "id", node.node().hex(),
                "name", node.name(),
                "verdict", node.verdict().name().toLowerCase(java.util.Locale.ROOT),
                "reason", node.reason().code(),
                "budgetBytes", node.budgetBytes(),
                "needBytes", node.needBytes(),
                "units", node.share(),
                "unitsBytes", node.shareBytes(),
                "rttMillis", node.rttMillis(),
                "milliTokensPerSecond", node.milliTokensPerSecond());
    }

    private static List<String> ids(List<NodeId> nodes) {
        return nodes.stream().map(NodeId::hex).toList();
    }

    private static Map<String, Object> fields(Object... pairs) {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) fields.put((String) pairs[i], pairs[i + 1]);
        return fields;
    }
}
