package mesh.daemon;

import java.util.function.Consumer;
import mesh.daemon.api.Management;
import mesh.daemon.hardware.Memory;
import mesh.daemon.serve.LocalModels;
import mesh.daemon.serve.LocalModels.Wish;

/** The daemon as its management API sees it. Called on virtual threads. */
final class NodeManagement implements Management {
    private final String nodeName;
    private final String apiUrl;
    private final Memory memory;
    private final LocalModels models;
    private final Requests requests;
    private final Consumer<String> stop;

    NodeManagement(
            String nodeName,
            String apiUrl,
            Memory memory,
            LocalModels models,
            Requests requests,
            Consumer<String> stop) {
        this.nodeName = nodeName;
        this.apiUrl = apiUrl;
        this.memory = memory;
        this.models = models;
        this.requests = requests;
        this.stop = stop;
    }

    @Override
    public Status status() {
        return new Status(
                Version.text(),
                nodeName,
                apiUrl,
                new MemoryStatus(
                        memory.totalBytes(),
                        memory.usableBytes(),
                        memory.source().word()),
                models.status(),
                requests.counts());
    }

    @Override
    public Changed load(String said) {
        return switch (models.add(said)) {
            case Wish.Granted(String name) -> new Changed.Done(name);
            case Wish.Refused(String code, String message, boolean isMissing) ->
                new Changed.Refused(code, message, isMissing);
        };
    }

    @Override
    public Changed drop(String name) throws InterruptedException {
        return models.drop(name)
                ? new Changed.Done(name)
                : new Changed.Refused(
                        "model_not_served", "this node does not serve " + name + "; see mesh status", true);
    }

    @Override
    public void shutdown() {
        stop.accept("asked");
    }
}
