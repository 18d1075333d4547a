package mesh.daemon.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import mesh.core.model.Fit;
import mesh.daemon.Config;
import mesh.daemon.Refusal;
import mesh.daemon.hardware.Memory;
import mesh.daemon.models.Catalog;
import mesh.daemon.models.DemoModel;
import mesh.daemon.models.ModelFile;
import mesh.daemon.models.ModelStore;
import mesh.daemon.models.Resolved;
import mesh.daemon.store.DataDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code mesh models}: what this machine could serve, and whether it fits. Works with and without a running node. */
@Command(name = "models", description = "Lists the models on this machine and whether they fit it.")
final class ModelsCommand implements Callable<Integer> {
    @Mixin
    final NodeOption node = new NodeOption();

    @Option(names = "--json", description = "Print a JSON array.")
    boolean isJson;

    @Spec
    CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    @Override
    public Integer call() throws Refusal {
        Config config = node.config();
        var store = new ModelStore(DataDir.models(config.dataDir()), Catalog::bundled);
        ModelStore.Shelf shelf = store.list();
        long usableBytes = config.serve().of(Memory.probe()).usableBytes();
        PrintWriter out = spec.commandLine().getOut();
        if (isJson) json(shelf, usableBytes, out);
        else table(shelf, usableBytes, out);
        return 0;
    }

    private static void table(ModelStore.Shelf shelf, long usableBytes, PrintWriter out) {
        var table = new Table().row("MODEL", "SIZE", "HERE");
        for (ModelFile file : shelf.models())
            table.row(file.ref().name(), Table.bytes(file.bytes()), verdict(file, usableBytes));
        for (Resolved.Refused broken : shelf.broken()) table.row("-", "-", broken.code() + ": " + broken.message());
        for (DemoModel demo : DemoModel.list())
            if (shelf.models().stream().noneMatch(file -> file.ref().name().equals(demo.name())))
                table.row(demo.name(), Table.bytes(demo.size()), "made on the spot");
        table.print(out);
        if (!shelf.isWhole()) out.println("… and more files than are listed");
    }

    private static void json(ModelStore.Shelf shelf, long usableBytes, PrintWriter out) {
        ArrayNode list = new JsonMapper().createArrayNode();
        for (ModelFile file : shelf.models()) {
            Fit.Verdict verdict = Fit.of(file.header()).within(usableBytes, Fit.Ask.ANY);
            list.addObject()
                    .put("name", file.ref().name())
                    .put("path", file.path().toString())
                    .put("sizeBytes", file.bytes())
                    .put("fits", verdict instanceof Fit.Verdict.Fits)
                    .put("why", verdict.why());
        }
        out.println(list.toPrettyString());
    }

    private static String verdict(ModelFile file, long usableBytes) {
        Fit.Verdict verdict = Fit.of(file.header()).within(usableBytes, Fit.Ask.ANY);
        return switch (verdict) {
            case Fit.Verdict.Fits fits -> "fits: " + fits.why();
            case Fit.Verdict.TooBig tooBig -> "too big: " + tooBig.why();
        };
    }
}
