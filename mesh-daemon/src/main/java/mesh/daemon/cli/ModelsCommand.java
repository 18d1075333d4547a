package mesh.daemon.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import mesh.core.model.Fit;
import mesh.daemon.Config;
import mesh.daemon.Machine;
import mesh.daemon.Refusal;
import mesh.daemon.models.Catalog;
import mesh.daemon.models.Housekeeping;
import mesh.daemon.models.Hub;
import mesh.daemon.models.ModelFile;
import mesh.daemon.models.ModelStore;
import mesh.daemon.models.Resolved;
import mesh.daemon.models.Stock;
import mesh.daemon.store.DataDir;
import mesh.daemon.store.Whereabouts;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code mesh models}: what is on this machine and what could be, and whether it fits; and the upkeep of the models
 * folder. Works with and without a running node; only what the mesh can hold is asked of one.
 */
@Command(
        name = "models",
        description = "Lists the models on this machine and in the catalog, and whether they fit.",
        synopsisSubcommandLabel = "[COMMAND]",
        subcommands = {ModelsCommand.Where.class, ModelsCommand.Verify.class, ModelsCommand.Remove.class})
final class ModelsCommand implements Callable<Integer> {
    @Mixin
    final NodeOption node = new NodeOption();

    @Option(names = "--json", description = "Print a JSON array.")
    boolean isJson;

    @Spec
    CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    @Override
    public Integer call() throws Refusal, InterruptedException {
        Config config = node.config();
        JsonNode status = status(config);
        long usableBytes = usableBytes(config, status);
        Stock stock = Stock.of(store(config), usableBytes, meshBytes(status).orElse(usableBytes));
        PrintWriter out = spec.commandLine().getOut();
        if (isJson) json(stock, out);
        else table(stock, DataDir.models(config.dataDir()), out);
        return 0;
    }

    private static String here(Stock.Row row, Path folder) {
        return switch (row.presence()) {
            case OURS -> "on disk";
            case YOURS ->
                row.path()
                        .filter(path -> !path.startsWith(folder))
                        .map(path -> "yours, in " + path.getParent())
                        .orElse("on disk, yours");
            case MADE -> "made on the spot";
            case ABSENT -> "";
        };
    }

    private static String fits(Stock.Row row) {
        return switch (row.fits()) {
            case HERE -> "fits here";
            case MESH -> "fits the mesh";
            case NOWHERE -> "needs " + Fit.gigabytes(row.needBytes());
        };
    }

    /** As scripts know it. */
    private static String where(Stock.Row row) {
        return switch (row.fits()) {
            case HERE -> "here";
            case MESH -> "the mesh";
            case NOWHERE -> "nowhere";
        };
    }

    private static void table(Stock stock, Path folder, PrintWriter out) {
        var table = new Table().row("MODEL", "SIZE", "FITS", "HERE");
        for (Stock.Row row : stock.rows())
            table.row(
                    row.name(),
                    (row.isExact() ? "" : "about ") + Table.bytes(row.bytes()),
                    fits(row),
                    here(row, folder));
        for (Resolved.Refused broken : stock.shelf().broken())
            table.row("-", "-", "-", broken.code() + ": " + broken.message());
        table.print(out);
        if (!stock.shelf().isWhole()) out.println("… and more files than are listed");
    }

    private static void json(Stock stock, PrintWriter out) {
        ArrayNode list = new JsonMapper().createArrayNode();
        for (Stock.Row row : stock.rows()) {
            boolean isFit = row.fits() != Stock.Place.NOWHERE;
            var object = list.addObject()
                    .put("name", row.name())
                    .put("sizeBytes", row.bytes())
                    .put("sizeIsExact", row.isExact())
                    .put("fits", isFit)
                    .put("where", where(row))
                    .put("why", row.why());
            row.path().ifPresent(path -> object.put("path", path.toString()));
        }
        out.println(list.toPrettyString());
    }

    /** As the node says that runs, since its models count as taken by now; else as one would find it. */
    static long usableBytes(Config config, JsonNode status) throws Refusal, InterruptedException {
        return status.isMissingNode()
                ? Machine.memory(config).usableBytes()
                : status.at("/memory/usableBytes").asLong();
    }

    /** What all members together have, where a node runs that knows. */
    static OptionalLong meshBytes(JsonNode status) {
        if (status.isMissingNode()) return OptionalLong.empty();
        long sum = status.at("/memory/usableBytes").asLong();
        for (JsonNode peer : status.path("peers"))
            sum += peer.path("memoryBytes").asLong();
        return OptionalLong.of(sum);
    }

    static JsonNode status(Config config) throws Refusal {
        try {
            var where = Whereabouts.read(config.dataDir());
            if (where.isPresent() && !where.get().management().isEmpty())
                return new ManagementClient(where.get()).get("status");
        } catch (IOException unreadable) {
            throw new Refusal(
                    Refusal.FAILED,
                    "data_dir_unusable",
                    "cannot read " + config.dataDir() + ": " + unreadable.getMessage());
        }
        return JsonMapper.builder().build().missingNode();
    }

    private static ModelStore store(Config config) {
        return new ModelStore(
                DataDir.models(config.dataDir()),
                Catalog::bundled,
                new Hub(config.fetching().hub()),
                config.fetching().caches());
    }

    /** Which model on this machine a command is about, and where models lie. */
    static final class OnDisk {
        @Mixin
        final NodeOption node = new NodeOption();

        @Parameters(paramLabel = "MODEL", description = "A name on disk.")
        String model = "";

        ModelStore store() throws Refusal {
            return ModelsCommand.store(node.config());
        }

        ModelFile file(ModelStore store) throws Refusal {
            Optional<ModelFile> here = store.here(model);
            if (here.isPresent()) return here.get();
            return switch (store.find(model)) {
                case Resolved.Found(ModelFile file) -> file;
                case Resolved.Fetchable(var source) ->
                    throw new Refusal(
                            Refusal.FAILED,
                            "not_here",
                            source.ref() + " is not on this machine; fetch it with: mesh download " + model);
                case Resolved.NotFound missing ->
                    throw new Refusal(Refusal.FAILED, missing.reason().code(), missing.message());
                case Resolved.Refused(String code, String message) ->
                    throw new Refusal(Refusal.FAILED, code, code + ": " + message);
            };
        }
    }

    /** {@code mesh models where}. */
    @Command(name = "where", description = "Prints the files of a model, where they came from, and when it was used.")
    static final class Where implements Callable<Integer> {
        @Mixin
        final OnDisk onDisk = new OnDisk();

        @Spec
        CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

        @Override
        public Integer call() throws Refusal {
            ModelStore store = onDisk.store();
            for (Path file : onDisk.file(store).files()) {
                var note = store.notes().of(file);
                var origin = note.origin();
                spec.commandLine()
                        .getOut()
                        .println(file
                                + (origin == null
                                        ? ", not fetched by mesh"
                                        : ", from " + origin.from() + " on " + origin.fetchedAt())
                                + (note.usedAt() == null ? "" : ", last used " + note.usedAt()));
            }
            return 0;
        }
    }

    /** {@code mesh models verify}. */
    @Command(name = "verify", description = "Reads a model's files and compares them with their hashes.")
    static final class Verify implements Callable<Integer> {
        @Mixin
        final OnDisk onDisk = new OnDisk();

        @Spec
        CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

        @Override
        public Integer call() throws Refusal {
            ModelStore store = onDisk.store();
            PrintWriter out = spec.commandLine().getOut();
            try {
                boolean isSound = true;
                for (var verdict :
                        new Housekeeping(store, Catalog.bundled()).verify(onDisk.file(store), (done, total) -> {})) {
                    switch (verdict) {
                        case Housekeeping.Verdict.Sound(Path file, String sha256) ->
                            out.println(file + ": sound, sha256 " + sha256);
                        case Housekeeping.Verdict.Unknown(Path file, String sha256) ->
                            out.println(file + ": nobody said its hash; sha256 " + sha256);
                        case Housekeeping.Verdict.Damaged(Path file, String sha256, String expected) -> {
                            isSound = false;
                            out.println(file + ": DAMAGED, sha256 " + sha256 + ", expected " + expected);
                        }
                    }
                }
                return isSound ? 0 : Refusal.FAILED;
            } catch (IOException unreadable) {
                throw new Refusal(Refusal.FAILED, "io_failed", "cannot read the model: " + unreadable.getMessage());
            }
        }
    }

    /** {@code mesh models rm}. */
    @Command(
            name = "rm",
            description = "Removes a model that mesh fetched or made, whole or half fetched; never one that is yours.")
    static final class Remove implements Callable<Integer> {
        @Mixin
        final OnDisk onDisk = new OnDisk();

        @Spec
        CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

        @Override
        public Integer call() throws Refusal {
            String model = onDisk.model;
            for (JsonNode served : status(onDisk.node.config()).path("models"))
                if (served.path("name").asText().equals(model))
                    throw new Refusal(
                            Refusal.FAILED, "in_use", "a running node has " + model + "; first: mesh drop " + model);
            try {
                return switch (new Housekeeping(onDisk.store(), Catalog.bundled()).remove(model)) {
                    case Housekeeping.Removal.Removed(var files, long bytes) -> {
                        for (Path file : files) spec.commandLine().getOut().println("removed " + file);
                        yield 0;
                    }
                    case Housekeeping.Removal.Refused(String code, String message) ->
                        throw new Refusal(Refusal.FAILED, code, message);
                };
            } catch (IOException stuck) {
                throw new Refusal(Refusal.FAILED, "io_failed", "cannot remove it: " + stuck.getMessage());
            }
        }
    }
}
