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
import picocli.CommandLine.Spec;

/** {@code mesh status}: what the running node serves, and why not more. */
@Command(name = "status", description = "Shows what the running node serves, and why not more.")
final class StatusCommand implements Callable<Integer> {
    /** Enough to tell the nodes of one mesh apart, as logs show them. */
    private static final int ID_CHARS = 10;

    @Mixin
    final NodeOption node = new NodeOption();

    @Mixin
    final JsonOption json = new JsonOption();

    @Spec
    CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    @Override
    public Integer call() throws Refusal {
        JsonNode status = node.node().get("status");
        PrintWriter out = spec.commandLine().getOut();
        if (json.isAsked) out.println(status.toPrettyString());
        else print(status, out);
        return 0;
    }

    private static void print(JsonNode status, PrintWriter out) {
        new Table()
                .row(
                        "node",
                        status.at("/node/name").asText() + " (mesh "
                                + status.path("version").asText() + ")")
                .row("mesh", mesh(status))
                .row("listing", listing(status.path("listing")))
                .row("api", status.at("/api/url").asText())
                .row("memory", memory(status.path("memory")))
                .row("requests", requests(status.path("requests")))
                .print(out);
        relays(status.at("/listing/relays"), out);
        peers(status.path("peers"), out);
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
                    model.path("reason").asText("") + detail(model) + draft(model.path("draft")));
        table.print(out);
        for (JsonNode model : models) workers(model, out);
    }

    private static void workers(JsonNode model, PrintWriter out) {
        if (model.path("workers").isEmpty()) return;
        out.println();
        var table = new Table()
                .row("WORKER OF " + model.path("name").asText(), "UNITS", "RTT", "SENT", "SAVED", "DIRECT", "HEARD");
        for (JsonNode worker : model.path("workers"))
            table.row(
                    worker.path("name").asText() + " "
                            + worker.path("id").asText().substring(0, ID_CHARS),
                    worker.path("units").asText(),
                    rtt(worker.path("rttMillis").asDouble()),
                    Table.bytes(worker.path("sentBytes").asLong()),
                    Table.bytes(worker.path("savedBytes").asLong()),
                    Table.bytes(worker.path("directBytes").asLong()),
                    Table.bytes(worker.path("heardBytes").asLong()));
        table.print(out);
    }

    private static String mesh(JsonNode status) {
        String id = status.at("/mesh/id").asText();
        if (id.isEmpty()) return "none yet";
        return id.substring(0, ID_CHARS) + ", as " + status.at("/node/role").asText() + " at "
                + status.at("/node/address").asText()
                + nat(status.at("/node/nat").asText());
    }

    private static String nat(String kind) {
        return switch (kind) {
            case "steady" -> ", behind a NAT that can be punched";
            case "changing" -> ", behind a NAT with a port for each address";
            default -> "";
        };
    }

    private static String listing(JsonNode listing) {
        if (listing.isMissingNode()) return "none; see --publish";
        return listing.path("state").asText() + ", seen on "
                + listing.path("confirmed").asInt() + " of "
                + listing.path("relays").size() + " relays";
    }

    private static void relays(JsonNode relays, PrintWriter out) {
        if (relays.isEmpty()) return;
        out.println();
        var table = new Table().row("RELAY", "LINK", "SAID", "RESTS");
        for (JsonNode relay : relays) {
            long minutes = (relay.path("restsUntilMillis").asLong() - System.currentTimeMillis()) / 60_000;
            table.row(
                    relay.path("url").asText(),
                    relay.path("link").asText(),
                    relay.path("said").asText(),
                    relay.has("restsUntilMillis") ? "for " + Math.max(1, minutes) + " min" : "-");
        }
        table.print(out);
    }

    private static void peers(JsonNode peers, PrintWriter out) {
        if (peers.isEmpty()) return;
        out.println();
        var table = new Table().row("PEER", "STATE", "ROLE", "RTT", "PATH", "MEMORY", "ENGINE", "HEARD", "SERVING");
        for (JsonNode peer : peers) {
            var serving = new StringJoiner(", ");
            for (JsonNode model : peer.path("serving")) serving.add(model.asText());
            table.row(
                    peer.path("name").asText() + " " + peer.path("id").asText().substring(0, ID_CHARS),
                    peer.path("state").asText(),
                    peer.path("role").asText(),
                    rtt(peer.path("rttMillis").asDouble()),
                    path(peer),
                    Table.bytes(peer.path("memoryBytes").asLong()),
                    peer.path("version").asText().isEmpty()
                            ? "-"
                            : peer.path("version").asText().split(" ", 2)[0],
                    peer.path("ageMillis").asLong() / 1_000 + " s ago",
                    serving.length() == 0 ? "-" : serving.toString());
        }
        table.print(out);
    }

    private static String path(JsonNode peer) {
        String path = peer.path("path").asText();
        String via = peer.path("via").asText();
        if (path.isEmpty()) return "-";
        return via.isEmpty() ? path + ", " + peer.path("pathKind").asText() : path + " via " + via;
    }

    private static String rtt(double millis) {
        return millis < 0 ? "-" : String.format(Locale.ROOT, "%.1f ms", millis);
    }

    private static String detail(JsonNode model) {
        String detail = model.path("detail").asText("");
        return detail.isEmpty() ? "" : ": " + detail;
    }

    /** The day says whether it is worth another look. */
    private static String judged(JsonNode draft) {
        String at = draft.path("judgedAt").asText();
        return at.isEmpty() ? "" : ", found on " + at.substring(0, at.indexOf('T'));
    }

    /** The small model that guesses ahead, if there is one or was to be. */
    private static String draft(JsonNode draft) {
        if (draft.isMissingNode()) return "";
        String name = draft.path("name").asText();
        return switch (draft.path("stage").asText()) {
            case "off" -> "; no draft " + name + ": " + draft.path("reason").asText() + judged(draft);
            case "kept" ->
                "; draft " + name + ", " + draft.path("acceptedPercent").asInt() + " % right" + judged(draft);
            default -> "; draft " + name + " on trial";
        };
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
