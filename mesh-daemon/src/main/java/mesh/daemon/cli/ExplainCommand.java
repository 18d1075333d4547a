package mesh.daemon.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import mesh.daemon.Refusal;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mesh explain MODEL}: the election's own arithmetic, so that nobody has to guess why. */
@Command(name = "explain", description = "Says why a model runs alone, split or not at all, with the arithmetic.")
final class ExplainCommand implements Callable<Integer> {
    @Mixin
    final NodeOption node = new NodeOption();

    @Parameters(paramLabel = "MODEL", description = "A model's name, as mesh status shows it.")
    String model = "";

    @Mixin
    final JsonOption json = new JsonOption();

    @Spec
    CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    @Override
    public Integer call() throws Refusal {
        JsonNode told = node.node().get("explain/" + Json.pathSegment(model));
        PrintWriter out = spec.commandLine().getOut();
        if (json.isAsked) out.println(told.toPrettyString());
        else print(told, out);
        return 0;
    }

    private static void print(JsonNode told, PrintWriter out) {
        var facts = new Table()
                .row("model", told.path("model").asText())
                .row(
                        "outcome",
                        told.at("/outcome/kind").asText() + " ("
                                + told.path("reason").asText() + ")");
        long need = told.path("needBytes").asLong();
        if (need > 0)
            facts.row(
                    "memory",
                    "need " + Table.bytes(need) + " in " + told.path("units").asInt() + " units of "
                            + Table.bytes(told.path("unitBytes").asLong()) + ", have "
                            + Table.bytes(told.path("haveBytes").asLong()));
        if (told.has("prediction")) facts.row("a token takes", token(told.path("prediction")));
        if (!told.path("forcedBy").isEmpty())
            facts.row("forced by", told.path("forcedBy").size() + " of the nodes, with --split");
        if (told.path("keepsRunning").asBoolean()) facts.row("kept", "what runs goes on as it is");
        facts.print(out);
        devices(told.path("memory"), out);
        if (told.path("nodes").isEmpty()) return;
        out.println();
        var nodes = new Table().row("NODE", "PART", "WHY", "MEMORY FOR IT", "UNITS", "RTT");
        for (JsonNode each : told.path("nodes"))
            nodes.row(
                    each.path("name").asText() + " " + each.path("id").asText().substring(0, 10),
                    each.path("verdict").asText().replace('_', ' '),
                    each.path("reason").asText(),
                    Table.bytes(each.path("budgetBytes").asLong()),
                    each.path("units").asInt() == 0 ? "-" : each.path("units").asText(),
                    each.path("rttMillis").asInt() < 0
                            ? "-"
                            : each.path("rttMillis").asInt() + " ms");
        nodes.print(out);
    }

    /** What of this machine is counted, and where. */
    private static void devices(JsonNode memory, PrintWriter out) {
        if (memory.path("devices").isEmpty()) return;
        out.println();
        long sum = 0;
        var devices = new Table().row("DEVICE HERE", "WHAT", "FOR MODELS", "");
        for (JsonNode each : memory.path("devices")) {
            sum += each.path("usableBytes").asLong();
            devices.row(
                    each.path("name").asText(),
                    each.path("title").asText(),
                    Table.bytes(each.path("usableBytes").asLong()),
                    each.path("isForSplits").asBoolean() ? "shares of splits stand here" : "");
        }
        long usable = memory.path("usableBytes").asLong();
        devices.row("together", "", Table.bytes(usable), usable < sum ? "capped by --max-vram" : "");
        devices.print(out);
    }

    private static String token(JsonNode prediction) {
        var sum = new StringJoiner(" + ");
        sum.add(millis(prediction.path("computeMicros").asLong()) + " compute");
        for (JsonNode hop : prediction.path("hopMicros")) sum.add(millis(hop.asLong()) + " round trip");
        return millis(prediction.path("tokenMicros").asLong()) + " = " + sum
                + (prediction.path("isAssumed").asBoolean() ? ", partly assumed" : "");
    }

    private static String millis(long micros) {
        return String.format(Locale.ROOT, "%.1f ms", micros / 1e3);
    }
}
