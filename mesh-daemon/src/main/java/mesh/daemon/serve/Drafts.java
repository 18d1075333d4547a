package mesh.daemon.serve;

import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.Optional;
import mesh.core.Check;
import mesh.core.id.ModelRef;
import mesh.core.model.Fit;
import mesh.core.model.GgufHeader;
import mesh.daemon.edge.TcpEngine;
import mesh.daemon.engine.Engine;
import mesh.daemon.engine.EngineCounts;
import mesh.daemon.engine.Pooling;
import mesh.daemon.engine.Serving;
import mesh.daemon.log.Log;
import mesh.daemon.models.Catalog;
import mesh.daemon.models.Downloads.Brought;
import mesh.daemon.models.ModelFile;
import mesh.daemon.models.ModelSource;
import mesh.daemon.models.Notes;
import mesh.daemon.models.Resolved;
import mesh.daemon.serve.Draft.Stage;
import mesh.daemon.serve.DraftTrial.Figures;
import mesh.daemon.serve.DraftTrial.Step;
import mesh.daemon.serve.DraftVerdicts.Verdict;
import mesh.daemon.serve.LocalModel.Plan;
import mesh.daemon.serve.LocalModel.Standing;

/**
 * Finds, fetches and measures the small models that guess ahead for large ones. A model never waits for its draft: it is
 * served, and starts again with the draft, or without one that does not pay, at a moment when nobody is being answered.
 * Each model with a draft has a virtual thread, {@code draft-MODEL}, that ends when the question is settled.
 */
public final class Drafts {
    private static final Log log = Log.of(Drafts.class);

    /** Fetched unasked: a minute of a usual line, and the largest draft the catalog pairs with a model of 32B. */
    static final long FETCH_BYTES_MAX = 1_000_000_000;

    /** Upstream accepts vocabularies that differ by so many tokens, such as padding, at their end. */
    private static final long VOCABULARY_DIFFERS_MAX = 128;

    private static final long LOOK_MILLIS = 500;

    private final Wish wish;
    private final LocalModels.Parts parts;
    private final Room room;
    private final DraftVerdicts verdicts;

    /**
     * What the operator said.
     *
     * @param said a model in the user's words, for every model with its vocabulary; empty: the catalog's pairing
     * @param tokensMax how far to guess ahead
     */
    public record Wish(Optional<String> said, int tokensMax, boolean isOff) {
        public static final Wish NONE = new Wish(Optional.empty(), 1, true);
    }

    /** What the models can tell and do. */
    interface Room {
        boolean isServed(LocalModel model);

        /** Memory that the model and all beside it leave. */
        long leftBytes(LocalModel model);

        /** Starts the model's engine again, if it runs and nobody is being answered; false when not now. */
        boolean again(LocalModel model);
    }

    Drafts(Wish wish, LocalModels.Parts parts, Room room) {
        this.wish = wish;
        this.parts = parts;
        this.room = room;
        this.verdicts =
                new DraftVerdicts(parts.store().folder().resolve(Notes.FOLDER).resolve("drafts.json"));
    }

    /** Gives a model its draft, before the engine starts if the file is here. Called once per model, when it is planned. */
    void pair(LocalModel model, ModelFile file) {
        if (wish.isOff() || model.draft() != null || Pooling.of(file.header()) != Pooling.NONE) return;
        Optional<String> said = wish.said().or(() -> paired(file));
        if (said.isEmpty()) return;
        switch (parts.store().find(said.get())) {
            case Resolved.Found(ModelFile draft) -> {
                if (!draft.ref().equals(model.ref()) && uses(model, file, draft)) watch(model);
            }
            case Resolved.Fetchable(ModelSource source) -> fetch(model, file, source);
            case Resolved.NotFound(var reason, var message, var near, var advice) ->
                off(model, Draft.fetching(ref(said.get())), reason.code(), message);
            case Resolved.Refused(var code, var message) -> off(model, Draft.fetching(ref(said.get())), code, message);
        }
    }

    /** Why what the operator said can be no draft; empty when it can, or nothing was said. */
    Optional<LocalModels.Wish.Refused> refusal() {
        if (wish.isOff() || wish.said().isEmpty()) return Optional.empty();
        return switch (parts.store().find(wish.said().get())) {
            case Resolved.Found found -> Optional.empty();
            case Resolved.Fetchable fetchable -> Optional.empty();
            case Resolved.NotFound(var reason, var message, var near, var advice) ->
                Optional.of(new LocalModels.Wish.Refused(reason.code(), "--draft: " + message + " " + advice, true));
            case Resolved.Refused(var code, var message) ->
                Optional.of(new LocalModels.Wish.Refused(code, "--draft: " + message, false));
        };
    }

    private static ModelRef ref(String said) {
        return ModelRef.isName(said) ? new ModelRef(said) : new ModelRef("draft");
    }

    private static Optional<String> paired(ModelFile file) {
        return Catalog.bundled().named(file.ref().name()).flatMap(entry -> Optional.ofNullable(entry.draft()));
    }

    private void fetch(LocalModel model, ModelFile file, ModelSource source) {
        long bytes = source.bytes()
                .orElseGet(() -> Catalog.bundled()
                        .named(source.ref().name())
                        .map(Catalog.Entry::bytesAbout)
                        .orElse(0L));
        if (wish.said().isEmpty() && bytes > FETCH_BYTES_MAX) {
            off(
                    model,
                    Draft.fetching(source.ref()),
                    "draft_too_large",
                    "about " + Fit.gigabytes(bytes) + ", not fetched unasked; mesh download " + model.name()
                            + " --draft does");
            return;
        }
        model.drafts(Draft.fetching(source.ref()));
        Thread.ofVirtual().name("draft-" + model.ref()).start(() -> {
            Brought brought =
                    parts.downloads().of(source, (phase, done, total) -> {}).run();
            switch (brought) {
                case Brought.Here(ModelFile draft) -> {
                    if (uses(model, file, draft)) measure(model);
                }
                case Brought.Refused(String code, String message, boolean passes) ->
                    off(model, Draft.fetching(source.ref()), code, message);
            }
        });
    }

    /** Whether the draft does for the model, and there is memory for both. */
    private boolean uses(LocalModel model, ModelFile file, ModelFile draft) {
        if (!isSameVocabulary(file.header(), draft.header())) {
            off(
                    model,
                    Draft.tried(draft, 0),
                    "draft_vocabulary",
                    draft.ref() + " and " + model.ref() + " have different vocabularies");
            return false;
        }
        Plan plan = model.plan();
        if (plan == null) return false;
        long needBytes = draft.fit().needBytes(plan.ctxTokens(), plan.slots());
        long leftBytes = room.leftBytes(model);
        if (needBytes > leftBytes) {
            off(
                    model,
                    Draft.tried(draft, 0),
                    "draft_no_room",
                    draft.ref() + " needs " + Fit.gigabytes(needBytes) + " beside the model, left are "
                            + Fit.gigabytes(leftBytes));
            return false;
        }
        model.drafts(Draft.tried(draft, needBytes));
        log.info("draft.paired", "model", model.ref(), "draft", draft.ref(), "needBytes", needBytes);
        return true;
    }

    static boolean isSameVocabulary(GgufHeader one, GgufHeader other) {
        String tokens = "tokenizer.ggml.tokens";
        return one.text("tokenizer.ggml.model").equals(other.text("tokenizer.ggml.model"))
                && Math.abs(one.length(tokens) - other.length(tokens)) <= VOCABULARY_DIFFERS_MAX;
    }

    /** For the start of an engine: what it is to use. */
    Optional<Serving.Draft> forStart(LocalModel model, Engine engine) {
        model.startsDrafting(false);
        Draft draft = model.draft();
        if (draft == null || !draft.isWanted() || draft.file().isEmpty()) return Optional.empty();
        if (!engine.flags().knows("-md")) {
            off(model, draft, "engine_cannot", "this llama.cpp knows no drafts");
            return Optional.empty();
        }
        if (draft.stage() == Stage.TRIED) {
            Optional<Verdict> earlier = verdicts.of(pair(draft, file(model), engine.version()), Instant.now());
            if (earlier.isPresent() && judged(model, draft, earlier.get()).stage() == Stage.OFF)
                return Optional.empty();
        }
        model.startsDrafting(true);
        return Optional.of(new Serving.Draft(draft.file().get().path(), wish.tokensMax()));
    }

    /** An engine that was started with the draft could not be; true when it is worth a start without. */
    boolean failed(LocalModel model, String code, String message) {
        Draft draft = model.draft();
        if (!model.isDrafting() || draft == null) return false;
        off(model, draft, "draft_engine_failed", code + ": " + message);
        return true;
    }

    private void off(LocalModel model, Draft draft, String reason, String message) {
        off(model, draft.off(reason), message);
    }

    private void off(LocalModel model, Draft draft, String message) {
        model.drafts(draft);
        Figures figures = draft.figures();
        log.info(
                "draft.off",
                "model",
                model.ref(),
                "draft",
                draft.ref(),
                "reason",
                draft.reason(),
                "message",
                message,
                "acceptedPercent",
                figures.acceptedPercent(),
                "milliTokensPerSecond",
                figures.milliTokensPerSecond(),
                "milliTokensPerSecondPlain",
                figures.milliTokensPerSecondPlain());
        parts.terminal().accept(model.name() + ": no draft: " + message);
    }

    private void watch(LocalModel model) {
        Thread.ofVirtual().name("draft-" + model.ref()).start(() -> measure(model));
    }

    /** Ends when the engine runs as it should and nothing is left to find out. */
    private void measure(LocalModel model) {
        var trial = new DraftTrial();
        try {
            while (room.isServed(model)) {
                Thread.sleep(LOOK_MILLIS);
                Draft draft = model.draft();
                if (draft == null || !(model.standing() instanceof Standing.Ready(TcpEngine engine))) continue;
                if (model.isDrafting() != draft.isWanted()) room.again(model);
                else if (draft.stage() == Stage.TRIED || draft.stage() == Stage.COMPARED)
                    look(model, draft, trial, engine.address(), engine.apiKey());
                else return;
            }
        } catch (InterruptedException ending) {
            // Only the JVM's end interrupts this thread.
        }
    }

    private void look(LocalModel model, Draft draft, DraftTrial trial, InetSocketAddress address, String apiKey) {
        Optional<EngineCounts> counts = EngineCounts.ask(address, apiKey);
        if (counts.isEmpty()) return;
        switch (trial.look(model.isDrafting(), counts.get())) {
            case Step.Wait wait -> {}
            case Step.Compare compare -> model.drafts(draft.compared());
            case Step.Keep(Figures figures) -> found(model, draft, "", figures);
            case Step.Drop(String reason, Figures figures) -> found(model, draft, reason, figures);
        }
    }

    private void found(LocalModel model, Draft draft, String reason, Figures figures) {
        String engine = parts.engines().found().map(Engine::version).orElse("");
        judged(model, draft, verdicts.found(pair(draft, file(model), engine), reason, figures, Instant.now()));
    }

    private Draft judged(LocalModel model, Draft draft, Verdict verdict) {
        Draft judged = draft.judged(verdict);
        Figures figures = verdict.figures();
        if (judged.stage() == Stage.OFF) {
            off(model, judged, words(draft, verdict.reason(), figures) + ", found on " + verdict.at());
            return judged;
        }
        model.drafts(judged);
        log.info(
                "draft.kept",
                "model",
                model.ref(),
                "draft",
                draft.ref(),
                "acceptedPercent",
                figures.acceptedPercent(),
                "milliTokensPerSecond",
                figures.milliTokensPerSecond(),
                "milliTokensPerSecondPlain",
                figures.milliTokensPerSecondPlain());
        return judged;
    }

    private static ModelFile file(LocalModel model) {
        return Check.present(model.plan(), "a draft is paired with what is planned")
                .file();
    }

    private DraftVerdicts.Pair pair(Draft draft, ModelFile file, String engine) {
        long draftBytes = draft.file().map(ModelFile::bytes).orElse(0L);
        return new DraftVerdicts.Pair(
                file.ref().name(), file.bytes(), draft.ref().name(), draftBytes, engine, wish.tokensMax());
    }

    private static String words(Draft draft, String reason, Figures figures) {
        if (reason.equals("draft_rejected"))
            return figures.acceptedPercent() + " % of what " + draft.ref() + " guessed was right, too little to pay";
        return "%s made it %d %% faster, too little to pay: %.1f tokens per second, %.1f without"
                .formatted(
                        draft.ref(),
                        figures.gainPercent(),
                        figures.milliTokensPerSecond() / 1000.0,
                        figures.milliTokensPerSecondPlain() / 1000.0);
    }
}
