package mesh.daemon.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import mesh.daemon.Refusal;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code mesh status}: what the running node serves, and why not more. */
@Command(name = "status", description = "Shows what the running node serves, and why not more.")
final class StatusCommand implements Callable<Integer> {
    @Mixin
    final NodeOption node = new NodeOption();

    @Option(names = "--json", description = "Print the management API's answer as it is.")
    boolean isJson;

    @Spec
    CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    @Override
    public Integer call() throws Refusal {
        JsonNode status = node.node().get("status");
        PrintWriter out = spec.commandLine().getOut();
        if (isJson) out.println(status.toPrettyString());
        else print(status, out);
        return 0;
    }

    private static void print(JsonNode status, PrintWriter out) {
        new Table()
                .row(
                        "node",
                        status.at("/node/name").asText() + " (mesh "
                                + status.path("version").asText() + ")")
                .row("api", status.at("/api/url").asText())
                .row("memory", memory(status.path("memory")))
                .row("requests", requests(status.path("requests")))
                .print(out);
        JsonNode models = status.path("models");
        if (models.isEmpty()) {
            out.println();
            out.println("No model yet. Load one with: mesh load demo");
            return;
        }
        out.println();
        var table = new Table().row("MODEL", "STATE", "CONTEXT", "SIZE", "WHY");
        for (JsonNode model : models)
            table.row(
                    model.path("name").asText(),
                    model.path("state").asText(),
                    model.path("ctx").asInt() == 0 ? "-" : model.path("ctx").asText(),
                    Table.bytes(model.path("sizeBytes").asLong()),
                    model.path("reason").asText("") + detail(model));
        table.print(out);
    }

    private static String detail(JsonNode model) {
        String detail = model.path("detail").asText("");
        return detail.isEmpty() ? "" : ": " + detail;
    }

    private static String memory(JsonNode memory) {
        return Table.bytes(memory.path("usableBytes").asLong()) + " usable of "
                + Table.bytes(memory.path("totalBytes").asLong()) + " ("
                + memory.path("source").asText() + ")";
    }

    private static String requests(JsonNode requests) {
        return requests.path("answered").asLong() + " answered, "
                + requests.path("failed").asLong() + " failed, "
                + requests.path("left").asLong() + " left by their callers";
    }
}
