package mesh.daemon.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import mesh.core.model.Fit;
import mesh.daemon.Config;
import mesh.daemon.Refusal;
import mesh.daemon.Setting;
import mesh.daemon.Settings;
import mesh.daemon.fetch.Network;
import mesh.daemon.fetch.Patience;
import mesh.daemon.models.Catalog;
import mesh.daemon.models.Downloads;
import mesh.daemon.models.Hub;
import mesh.daemon.models.ModelFile;
import mesh.daemon.models.ModelSource;
import mesh.daemon.models.ModelStore;
import mesh.daemon.models.Neighbours;
import mesh.daemon.models.Resolved;
import mesh.daemon.store.DataDir;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code mesh download}: fetches a model into the data dir, or goes on where an earlier run was stopped. Works with and
 * without a running node.
 */
@Command(
        name = "download",
        description = {
            "Fetches a model, or goes on with one that was not fetched whole.",
            "Without a name it lists what the catalog has."
        })
final class DownloadCommand implements Callable<Integer> {
    @Mixin
    final NodeOption node = new NodeOption();

    @Parameters(
            arity = "0..1",
            paramLabel = "NAME",
            description = "As after --model: a name of the catalog, org/repo/file.gguf, or a URL.")
    @Nullable
    String name;

    @Option(names = "--draft", description = "Fetch the small model that guesses ahead for it as well.")
    boolean isWithDraft;

    @Option(names = "--anyway", description = "Fetch it although it fits neither this machine nor its mesh.")
    boolean isAnyway;

    @Option(names = "--hub-url", paramLabel = "URL", description = "Fetch from this mirror of the hub.")
    @Nullable
    String hubUrl;

    @Option(names = "--max-download", paramLabel = "MB", description = "At most so many megabytes per second.")
    @Nullable
    String maxDownload;

    @Option(names = "--json", description = "Print one JSON object per event.")
    boolean isJson;

    @Spec
    CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    @Override
    public Integer call() throws Refusal, InterruptedException {
        Config config = config();
        PrintWriter out = spec.commandLine().getOut();
        if (name == null) {
            listing(out);
            return 0;
        }
        var store = new ModelStore(
                DataDir.models(config.dataDir()),
                Catalog::bundled,
                new Hub(config.fetching().hub()),
                config.fetching().caches());
        var network = Network.of(
                System.getenv(), config.fetching().hub(), config.fetching().bytesPerSecondMax(), Patience.USUAL);
        var downloads = new Downloads(store, network, config.offline(), Neighbours.none());
        var heeding = isAnyway ? downloads : downloads.within(gauge(config));
        for (String each : names(name)) bring(each, store, heeding, out);
        return 0;
    }

    private static Downloads.Gauge gauge(Config config) throws Refusal, InterruptedException {
        JsonNode status = ModelsCommand.status(config);
        long usableBytes = ModelsCommand.usableBytes(config, status);
        long meshBytes = ModelsCommand.meshBytes(status).orElse(usableBytes);
        return new Downloads.Gauge() {
            @Override
            public long usableBytes() {
                return usableBytes;
            }

            @Override
            public long meshBytes() {
                return meshBytes;
            }

            @Override
            public boolean mayGrow() {
                return false;
            }
        };
    }

    private Config config() throws Refusal {
        var said = new java.util.EnumMap<Setting, List<String>>(Setting.class);
        said.putAll(node.said());
        if (hubUrl != null) said.put(Setting.HUB_URL, List.of(hubUrl));
        if (maxDownload != null) said.put(Setting.MAX_DOWNLOAD, List.of(maxDownload));
        return Config.of(Settings.resolve(said, System.getenv()));
    }

    private List<String> names(String wanted) throws Refusal {
        var names = new ArrayList<String>(List.of(wanted));
        if (!isWithDraft) return names;
        Catalog.Entry entry = Catalog.bundled()
                .named(wanted)
                .orElseThrow(() -> new Refusal(
                        Refusal.FAILED, "no_draft", "--draft needs a name of the catalog; see: mesh download"));
        if (entry.draft() == null)
            throw new Refusal(Refusal.FAILED, "no_draft", "the catalog knows no draft for " + entry.name());
        names.add(entry.draft());
        return names;
    }

    private void bring(String said, ModelStore store, Downloads downloads, PrintWriter out) throws Refusal {
        switch (store.find(said)) {
            case Resolved.Found(ModelFile file) -> done(file, "already here", out);
            case Resolved.Fetchable(ModelSource source) -> {
                Downloads.Brought brought;
                try (var meter = new DownloadMeter(source.ref().name(), out, isJson)) {
                    brought = downloads.of(source, meter).run();
                }
                switch (brought) {
                    case Downloads.Brought.Here(ModelFile file) -> done(file, "downloaded", out);
                    case Downloads.Brought.Refused(String code, String message, boolean passes) -> {
                        if (isJson) event(out, "download.refused", source.ref().name(), "reason", code);
                        throw new Refusal(Refusal.FAILED, code, code + ": " + message);
                    }
                }
            }
            case Resolved.NotFound(var reason, var message, var near, var advice) -> {
                String hint = near.isEmpty() ? "" : "; did you mean " + String.join(" or ", near) + "?";
                throw new Refusal(Refusal.FAILED, reason.code(), message + hint + " " + advice);
            }
            case Resolved.Refused(String code, String message) ->
                throw new Refusal(Refusal.FAILED, code, code + ": " + message);
        }
    }

    private void done(ModelFile file, String how, PrintWriter out) {
        if (isJson)
            event(out, "download.done", file.ref().name(), "path", file.path().toString());
        else out.println(file.ref().name() + ": " + how + ", " + Table.bytes(file.bytes()) + " in " + file.path());
    }

    private static void event(PrintWriter out, String event, String model, String key, String value) {
        ObjectNode line = new JsonMapper().createObjectNode();
        out.println(line.put("event", event).put("model", model).put(key, value));
    }

    private static void listing(PrintWriter out) {
        var table = new Table().row("MODEL", "SIZE", "CAN", "DRAFT");
        for (Catalog.Entry entry : Catalog.bundled().entries())
            table.row(
                    entry.name(),
                    (entry.bytes().isPresent() ? "" : "about ") + Fit.gigabytes(entry.bytesAbout()),
                    String.join(" ", entry.capabilities()),
                    entry.draft() == null ? "" : entry.draft());
        table.print(out);
    }
}
