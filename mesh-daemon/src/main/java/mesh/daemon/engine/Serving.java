package mesh.daemon.engine;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import mesh.core.Check;
import mesh.core.model.PartName;

/**
 * How llama-server is to serve one model on one machine.
 *
 * @param alias the id the API shows for it
 * @param ctxSize tokens of context for all slots together; 0 takes the model's own
 * @param parallel answers at a time
 * @param threads 0 leaves the choice to llama.cpp
 * @param promptCacheBytes memory for states of earlier prompts; 0 = none
 * @param workers whose memory holds the later layers; empty when the model runs here alone
 * @param pooling how one vector is made of a text; NONE for models that write
 * @param draft what guesses ahead for it
 * @param place which of this machine's processors; empty leaves the choice to llama.cpp
 * @param projector what turns pictures into tokens for it
 */
public record Serving(
        Path model,
        String alias,
        int ctxSize,
        int parallel,
        int threads,
        long promptCacheBytes,
        Optional<Workers> workers,
        Pooling pooling,
        Optional<Draft> draft,
        Optional<Place> place,
        Optional<Path> projector) {
    /** Nothing guesses ahead, llama.cpp chooses the place, and the model sees nothing. */
    public Serving(
            Path model,
            String alias,
            int ctxSize,
            int parallel,
            int threads,
            long promptCacheBytes,
            Optional<Workers> workers,
            Pooling pooling) {
        this(
                model,
                alias,
                ctxSize,
                parallel,
                threads,
                promptCacheBytes,
                workers,
                pooling,
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    /** The model runs here alone, and writes. */
    public Serving(Path model, String alias, int ctxSize, int parallel, int threads, long promptCacheBytes) {
        this(model, alias, ctxSize, parallel, threads, promptCacheBytes, Optional.empty(), Pooling.NONE);
    }

    public Serving {
        // An engine that is confined starts in another folder.
        model = model.toAbsolutePath();
        projector = projector.map(Path::toAbsolutePath);
        Check.that(
                ctxSize >= 0 && parallel >= 1 && threads >= 0 && promptCacheBytes >= 0,
                "sizes count things",
                ctxSize,
                parallel,
                threads);
    }

    /** All files that the engine reads, every part of a model that was cut. */
    public List<Path> files() {
        var files = new ArrayList<>(parts(model));
        draft.ifPresent(guessing -> files.addAll(parts(guessing.model())));
        projector.ifPresent(files::add);
        return files;
    }

    private static List<Path> parts(Path first) {
        return PartName.parse(String.valueOf(first.getFileName()))
                .map(name ->
                        name.fileNames().stream().map(first::resolveSibling).toList())
                .orElse(List.of(first));
    }

    /** The same with its later layers held by workers, and without a prompt cache: states would cross the network. */
    public Serving over(Workers held) {
        return new Serving(
                model, alias, ctxSize, parallel, threads, 0, Optional.of(held), pooling, draft, place, projector);
    }

    /** The same with a smaller model that guesses ahead, if there is one. */
    public Serving with(Optional<Draft> guessing) {
        return new Serving(
                model,
                alias,
                ctxSize,
                parallel,
                threads,
                promptCacheBytes,
                workers,
                pooling,
                guessing,
                place,
                projector);
    }

    /** The same on these processors of this machine. */
    public Serving on(Optional<Place> chosen) {
        return new Serving(
                model, alias, ctxSize, parallel, threads, promptCacheBytes, workers, pooling, draft, chosen, projector);
    }

    /** The same with what lets it see, if there is such. */
    public Serving seeing(Optional<Path> by) {
        return new Serving(
                model, alias, ctxSize, parallel, threads, promptCacheBytes, workers, pooling, draft, place, by);
    }

    /**
     * Processors of this machine, in llama.cpp's words.
     *
     * @param devices parted by commas, or {@code none} for the CPU alone
     * @param units how many of layers + 1 they hold before the workers' in a split; 0: the CPU holds those
     */
    public record Place(String devices, int units) {}

    /**
     * A small model of the same vocabulary. What it guesses is checked by the large one, so the text stays the same.
     *
     * @param tokensMax how far it guesses ahead
     */
    public record Draft(Path model, int tokensMax) {
        public Draft {
            model = model.toAbsolutePath();
            Check.that(tokensMax > 0, "a guess has a length", tokensMax);
        }
    }

    /**
     * Where the layers go that do not stay here.
     *
     * @param endpoints of the rpc-servers as llama-server reaches them, {@code host:port}
     * @param units how many of layers + 1 each holds, the last of all with the output; the rest stays here
     */
    public record Workers(List<String> endpoints, List<Integer> units) {
        public Workers {
            Check.that(!endpoints.isEmpty() && endpoints.size() == units.size(), "a share for each", endpoints, units);
            endpoints = List.copyOf(endpoints);
            units = List.copyOf(units);
        }
    }
}
