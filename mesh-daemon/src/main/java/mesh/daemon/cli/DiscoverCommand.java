package mesh.daemon.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import mesh.core.listing.Candidate;
import mesh.core.listing.Listing;
import mesh.core.listing.Rejected;
import mesh.core.listing.Wish;
import mesh.daemon.Config;
import mesh.daemon.Refusal;
import mesh.daemon.Rendezvous;
import mesh.daemon.Setting;
import mesh.daemon.Settings;
import mesh.daemon.listing.Discovered;
import mesh.daemon.listing.Discovery;
import mesh.daemon.listing.Found;
import mesh.daemon.nostr.Answered;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code mesh discover}: which meshes are listed on Nostr relays. Needs no running node, and joins nothing. */
@Command(name = "discover", description = "Shows the meshes that are listed on Nostr relays, best first.")
final class DiscoverCommand implements Callable<Integer> {
    private static final double BYTES_PER_GB = 1e9;

    @Mixin
    final NodeOption node = new NodeOption();

    @Option(names = "--model", paramLabel = "NAME", description = "Only meshes that serve this model.")
    String model = "";

    @Option(names = "--region", paramLabel = "REGION", description = "Only meshes that say they stand there.")
    String region = "";

    @Option(names = "--min-vram", paramLabel = "GB", description = "Only meshes with so much memory for models.")
    double gigabytes;

    @Option(names = "--probe", description = "Knock at the first eight, so that only those that answer count.")
    boolean isProbed;

    @Option(names = "--auto", description = "Print the best mesh's invite and nothing else; knocks first.")
    boolean isAuto;

    @Option(names = "--nostr-relay", paramLabel = "URL", description = "A relay to ask. May be repeated.")
    List<String> relays = List.of();

    @Option(names = "--nostr-trust", paramLabel = "NPUB", description = "A publisher to prefer. May be repeated.")
    List<String> trusted = List.of();

    @Option(names = "--json", description = "Print everything that was found, as JSON.")
    boolean isJson;

    @Spec
    CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    @Override
    public Integer call() throws Refusal, InterruptedException {
        Config config = config();
        if (config.offline())
            throw new Refusal(Refusal.USAGE, "offline", "--offline forbids discover: it asks Nostr relays");
        Discovery.Outcome found;
        try {
            var wish =
                    new Wish("", model, region, (long) (gigabytes * BYTES_PER_GB), List.of(), false, Optional.empty());
            found = Rendezvous.discovery(config).look(wish, isProbed || isAuto);
        } catch (IOException unusable) {
            throw new Refusal(Refusal.FAILED, "discover_failed", "cannot look: " + unusable.getMessage());
        }
        PrintWriter out = spec.commandLine().getOut();
        if (isAuto) return best(found, out);
        if (isJson) out.println(Discovered.json(found).toPrettyString());
        else print(found, out);
        if (found.isHeard()) return 0;
        throw new Refusal(Refusal.MISSING, "no_relay", "no relay answered: " + answers(found.relays()));
    }

    private Config config() throws Refusal {
        Map<Setting, List<String>> said = new EnumMap<>(Setting.class);
        said.putAll(node.said());
        if (!relays.isEmpty()) said.put(Setting.NOSTR_RELAY, relays);
        if (!trusted.isEmpty()) said.put(Setting.NOSTR_TRUST, trusted);
        return Config.of(Settings.resolve(said, System.getenv()));
    }

    private static int best(Discovery.Outcome found, PrintWriter out) throws Refusal {
        for (Found each : found.meshes())
            if (each.candidate().probe() instanceof Candidate.Probe.Answered) {
                out.println(each.best().token());
                return 0;
            }
        throw new Refusal(
                Refusal.MISSING,
                "mesh_not_found",
                "no mesh to join: " + found.listings() + " listed, "
                        + found.meshes().size() + " meet what was asked for, none answered; relays: "
                        + answers(found.relays()));
    }

    private void print(Discovery.Outcome found, PrintWriter out) {
        var table = new Table().row("NAME", "REGION", "NODES", "MEMORY", "CLIENTS", "MILLIS", "MESH", "SERVES");
        for (Found each : found.meshes()) {
            Listing listing = each.candidate().listing();
            OptionalInt millis = each.candidate().latencyMillis();
            table.row(
                    listing.name().isEmpty() ? "-" : listing.name(),
                    listing.region().isEmpty() ? "-" : listing.region(),
                    Integer.toString(listing.nodes()),
                    Table.bytes(listing.memoryBytes()),
                    listing.clients() + (listing.clientsMax() == 0 ? "" : " of " + listing.clientsMax()),
                    millis.isPresent()
                            ? Integer.toString(millis.getAsInt())
                            : probe(each.candidate().probe()),
                    listing.mesh().toString(),
                    String.join(", ", listing.serving()));
        }
        if (!found.meshes().isEmpty()) table.print(out);
        else if (found.isHeard()) out.println("no mesh found; " + found.listings() + " listed do not meet this");
        for (Map.Entry<Rejected, Integer> row : found.rejected().entrySet())
            if (row.getKey() != Rejected.SUPERSEDED)
                out.println(row.getValue() + " not shown: " + row.getKey().code());
    }

    private static String probe(Candidate.Probe probe) {
        return probe instanceof Candidate.Probe.Failed(String reason) ? reason : "-";
    }

    private static String answers(Map<URI, Answered> relays) {
        var words = new java.util.StringJoiner(", ");
        relays.forEach((relay, answer) -> words.add(relay.getHost() + " "
                + (answer.detail().isEmpty() ? answer.end().code() : answer.detail())));
        return words.toString();
    }
}
