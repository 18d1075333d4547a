package mesh.daemon.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import mesh.core.model.Fit;
import mesh.daemon.Config;
import mesh.daemon.Refusal;
import mesh.daemon.Setting;
import mesh.daemon.Settings;
import mesh.daemon.engine.Engine;
import mesh.daemon.engine.EngineFinder;
import mesh.daemon.engine.EngineShelf;
import mesh.daemon.hardware.Device;
import mesh.daemon.hardware.Gpus;
import mesh.daemon.hardware.Memory;
import mesh.daemon.hardware.PortHolder;
import mesh.daemon.store.DataDir;
import mesh.daemon.store.Whereabouts;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Spec;

/** {@code mesh doctor}: every setting with its origin, then what a node would find here. Changes nothing. */
@Command(name = "doctor", description = "Shows every setting with its origin, and what a node would find here.")
final class DoctorCommand implements Callable<Integer> {
    @Mixin
    final NodeOption node = new NodeOption();

    @Spec
    CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    private boolean isWell = true;

    @Override
    public Integer call() throws Refusal, InterruptedException {
        Settings settings = Settings.resolve(node.said(), System.getenv());
        Config config = Config.of(settings);
        PrintWriter out = spec.commandLine().getOut();
        var table = new Table().row("SETTING", "VALUE", "FROM", "MEANING");
        for (Setting setting : Setting.values()) {
            Settings.Value value = settings.of(setting);
            table.row(
                    setting.key(),
                    setting.isSecret() && !value.words().isEmpty() ? "(set)" : String.join(",", value.words()),
                    value.origin().toString(),
                    setting.meaning());
        }
        table.print(out);
        out.println();
        var findings = new Table();
        java(findings);
        Optional<Engine> engine = engine(config, findings);
        memory(config, engine.map(Engine::devices).orElse(List.of()), findings);
        dataDir(config.dataDir(), findings);
        ports(config, findings);
        findings.print(out);
        return isWell ? 0 : Refusal.FAILED;
    }

    private static void java(Table findings) {
        findings.row(
                "ok",
                "java",
                Runtime.version() + ", " + System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    }

    /** A card counts when both the system and llama.cpp know it. */
    private void memory(Config config, List<Device> devices, Table findings) throws InterruptedException {
        List<Gpus.Gpu> cards = Gpus.probe();
        for (Device device : devices)
            findings.row(
                    "ok",
                    "device",
                    device.name() + ", " + device.title() + ", " + Fit.gigabytes(device.freeBytes()) + " of "
                            + Fit.gigabytes(device.totalBytes()) + " free");
        for (Gpus.Gpu card : cards)
            findings.row(
                    "ok",
                    "gpu",
                    card.name() + ", " + Fit.gigabytes(card.freeBytes()) + " of " + Fit.gigabytes(card.totalBytes())
                            + (card.isUnified() ? " for it, shared with the machine and counted there" : " free")
                            + (devices.isEmpty() ? "; llama.cpp here cannot use it" : ""));
        if (devices.isEmpty() && cards.isEmpty()) findings.row("ok", "gpu", "none found: models run on the CPU");
        try {
            Memory memory = config.serve().of(Memory.probe().with(config.serve().chosen(devices), cards));
            findings.row("ok", "memory", Fit.gigabytes(memory.usableBytes()) + " for models; " + memory.how());
        } catch (Refusal refused) {
            bad(findings, "memory", String.valueOf(refused.getMessage()));
        }
    }

    private void dataDir(Path dataDir, Table findings) {
        if (!Files.exists(dataDir)) findings.row("ok", "data dir", dataDir + " will be made at the first start");
        else if (Files.isDirectory(dataDir) && Files.isWritable(dataDir))
            findings.row("ok", "data dir", dataDir.toString());
        else bad(findings, "data dir", dataDir + " is not a folder this user can write");
    }

    private Optional<Engine> engine(Config config, Table findings) throws InterruptedException {
        var shelf = new EngineShelf(DataDir.engine(config.dataDir()));
        switch (EngineFinder.find(config.engine().binDir().orElse(null), shelf)) {
            case EngineFinder.Search.Found(Engine engine) -> {
                findings.row("ok", "llama.cpp", engine.version() + " in " + engine.folder());
                return Optional.of(engine);
            }
            case EngineFinder.Search.NotFound notFound
            when config.offline() || config.engine().binDir().isPresent() ->
                bad(findings, "llama.cpp", "not found; while online, run: mesh engine install");
            case EngineFinder.Search.NotFound notFound ->
                findings.row("ok", "llama.cpp", "not found; the first start installs it");
        }
        return Optional.empty();
    }

    private void ports(Config config, Table findings) {
        try {
            var running = Whereabouts.read(config.dataDir());
            if (running.isPresent()) {
                findings.row(
                        "ok",
                        "ports",
                        "a node runs already, with pid " + running.get().pid());
                return;
            }
        } catch (IOException unreadable) {
            bad(findings, "ports", String.valueOf(unreadable.getMessage()));
        }
        for (var port : Map.of(
                        "--port",
                        config.ports().api(),
                        "--console",
                        config.ports().consolePort())
                .entrySet()) {
            if (isFree(port.getValue())) findings.row("ok", port.getKey(), port.getValue() + " is free");
            else
                bad(
                        findings,
                        port.getKey(),
                        port.getValue() + " is taken"
                                + PortHolder.of(port.getValue())
                                        .map(h -> " by " + h)
                                        .orElse(""));
        }
    }

    private void bad(Table findings, String what, String verdict) {
        isWell = false;
        findings.row("BAD", what, verdict);
    }

    private static boolean isFree(int port) {
        try (var probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException taken) {
            return false;
        }
    }
}
