package mesh.daemon.engine;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mesh.daemon.process.Command;

/**
 * Builds a llama-server command line from the flags the binary lists. A flag that it needs stands there in whichever
 * spelling it knows; a flag that only improves things is left out where it is unknown. Pure.
 */
public final class ServerCommand {
    /** A text is made into a vector in one step, so it must fit one; longer ones are refused. */
    private static final String VECTOR_TOKENS_MAX = "2048";

    /** No folder, on any machine. */
    private static final String NOWHERE = "/dev/null";

    private final ServerFlags flags;
    private final List<String> words = new ArrayList<>();
    private final Map<String, String> variables = new LinkedHashMap<>();

    private ServerCommand(Engine engine) {
        this.flags = engine.flags();
        words.add(engine.server().toString());
    }

    /** Serves on 127.0.0.1 only, to whoever shows the key, without reaching for the network. */
    public static Command of(Engine engine, Serving serving, int port, String apiKey) {
        var command = new ServerCommand(engine);
        command.need("-m", serving.model().toString());
        command.need("--host", "127.0.0.1");
        command.need("--port", Integer.toString(port));
        command.key(apiKey);
        command.serving(serving);
        command.pooling(serving.pooling());
        serving.workers()
                .ifPresentOrElse(
                        workers -> command.split(workers, serving.place()),
                        () -> serving.place().ifPresent(place -> command.need("--device", place.devices())));
        serving.draft().ifPresent(draft -> command.draft(draft, serving));
        serving.projector().ifPresent(projector -> command.projector(projector, serving));
        command.manners();
        return new Command(command.words, command.variables);
    }

    /** In the environment only the same user can see it; as an argument everybody could. */
    private void key(String apiKey) {
        if (flags.readsVariable("--api-key", "LLAMA_API_KEY")) variables.put("LLAMA_API_KEY", apiKey);
        else need("--api-key", apiKey);
    }

    private void serving(Serving serving) {
        need("--ctx-size", Integer.toString(serving.ctxSize()));
        need("--parallel", Integer.toString(serving.parallel()));
        if (serving.threads() > 0) need("--threads", Integer.toString(serving.threads()));
        if (flags.knows("--alias")) need("--alias", serving.alias());
        // Unbounded it would be 8 GiB beside what was planned.
        if (flags.knows("--cache-ram")) need("--cache-ram", Long.toString(serving.promptCacheBytes() >> 20));
    }

    /** llama-server does one thing: it writes, or it makes vectors, or it compares. */
    private void pooling(Pooling pooling) {
        switch (pooling) {
            case NONE -> {}
            case RANK -> words.add("--reranking");
            case MEAN, CLS, LAST -> {
                words.add("--embeddings");
                need("--pooling", pooling.word());
            }
        }
        if (pooling != Pooling.NONE) need("--ubatch-size", VECTOR_TOKENS_MAX);
    }

    /**
     * The last units go to the workers in whole layers, those before to a device of this machine, or to its CPU. Fitting would ask each worker a dozen times for what the
     * election has planned already; direct transfers between workers would reach for ports of another machine.
     */
    private void split(Serving.Workers workers, Optional<Serving.Place> place) {
        need("--rpc", String.join(",", workers.endpoints()));
        var devices = new ArrayList<String>();
        var units = new ArrayList<Integer>();
        if (place.isPresent() && place.get().units() > 0) {
            devices.add(place.get().devices());
            units.add(place.get().units());
        }
        for (int worker = 0; worker < workers.units().size(); worker++) devices.add("RPC" + worker);
        units.addAll(workers.units());
        if (place.isPresent()) need("--device", String.join(",", devices));
        need("-ngl", Integer.toString(units.stream().mapToInt(Integer::intValue).sum()));
        need("-ts", String.join(",", units.stream().map(String::valueOf).toList()));
        need("-sm", "layer");
        if (flags.knows("-fit")) need("-fit", "off");
        variables.put("GGML_RPC_NO_COMM", "1");
    }

    /**
     * Upstream has renamed all of it once. Newer builds load a draft and leave it idle unless the kind of guessing is
     * named. In a split it would follow the layers to the workers, and each guess would cross the network.
     */
    private void draft(Serving.Draft draft, Serving serving) {
        need("-md", draft.model().toString());
        if (flags.knows("--spec-type")) need("--spec-type", "draft-simple");
        flags.firstOf("--spec-draft-n-max", "--draft-max", "--draft")
                .ifPresent(flag -> need(flag, Integer.toString(draft.tokensMax())));
        if (serving.workers().isEmpty()) return;
        if (flags.knows("-devd")) need("-devd", ownDevice(serving));
        else if (flags.knows("-ngld")) need("-ngld", "0");
    }

    /**
     * In a split it stays on this machine, as the last device of the list would be another's. What looks like no
     * picture is offered to ffmpeg, which opens whatever a stranger's bytes tell it to: it is not found.
     */
    private void projector(Path projector, Serving serving) {
        need("--mmproj", projector.toString());
        if (flags.knows("--video-ffmpeg-dir")) need("--video-ffmpeg-dir", NOWHERE);
        if (serving.workers().isEmpty()) return;
        if (flags.knows("--mmproj-device")) need("--mmproj-device", ownDevice(serving));
        else want("--no-mmproj-offload");
    }

    private static String ownDevice(Serving serving) {
        return serving.place()
                .filter(place -> place.units() > 0)
                .map(Serving.Place::devices)
                .orElse("none");
    }

    private void manners() {
        want("--metrics");
        want("--jinja");
        want("--offline");
        want("--no-ui", "--no-webui");
    }

    private void need(String flag, String value) {
        words.add(flag);
        words.add(value);
    }

    private void want(String... spellings) {
        flags.firstOf(spellings).ifPresent(words::add);
    }
}
