package mesh.daemon.serve;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import mesh.core.id.NodeId;
import mesh.core.member.Profile.Phase;
import mesh.core.member.Profile.Served;
import mesh.daemon.api.Management.ModelStatus;
import mesh.daemon.api.Management.ProgressStatus;
import mesh.daemon.api.Management.WorkerStatus;
import mesh.daemon.api.Models.Answer;
import mesh.daemon.api.Models.Entry;
import mesh.daemon.api.Models.State;
import mesh.daemon.edge.Turnstile;
import mesh.daemon.serve.LocalModel.Plan;
import mesh.daemon.serve.LocalModel.Standing;
import mesh.daemon.split.Split;
import mesh.daemon.tunnel.Meter;
import org.jspecify.annotations.Nullable;

/**
 * How a model looks from outside: its state, and its lines in the status and the API. Works on any thread, and changes
 * nothing.
 */
final class ModelView {
    private static final String OWNER = "mesh";
    private static final String SOLO = "solo";

    /** A small model is there by then; a large one says how far it has come. */
    private static final int RETRY_AFTER_SECONDS = 2;

    private ModelView() {}

    static ModelStatus status(LocalModel model) {
        Plan plan = model.plan();
        String reason = switch (model.standing()) {
            case Standing.Preparing preparing -> "preparing";
            case Standing.Downloading downloading -> "downloading";
            case Standing.Loading loading -> "model_loading";
            case Standing.Waiting waiting -> waiting.code();
            case Standing.Lent lent -> "lends";
            case Standing.Ready ready -> model.split() == null ? "fits_here" : "split";
            case Standing.Failed failed -> failed.code();
        };
        return new ModelStatus(
                model.name(),
                state(model).name().toLowerCase(Locale.ROOT),
                reason,
                model.detail(),
                mode(model),
                plan == null ? 0 : plan.ctxTokens(),
                plan == null ? 0 : plan.slots(),
                plan == null ? 0 : plan.file().bytes(),
                plan == null ? 0 : plan.needBytes(),
                workers(model.split()),
                shares(model.split()),
                Optional.ofNullable(model.amount())
                        .map(now ->
                                new ProgressStatus(now.phase(), now.doneBytes(), now.totalBytes(), now.sinceMillis())),
                Optional.ofNullable(model.draft()).map(Draft::status));
    }

    /** The nodes whose memory it uses. */
    static List<NodeId> lenders(LocalModel model) {
        Split split = model.split();
        return split == null ? List.of() : split.order().workers();
    }

    private static List<WorkerStatus> workers(@Nullable Split split) {
        if (split == null) return List.of();
        var workers = new ArrayList<WorkerStatus>();
        List<NodeId> ids = split.order().workers();
        for (int i = 0; i < ids.size(); i++) {
            Meter.Reading read = Optional.ofNullable(split.meters().get(ids.get(i)))
                    .orElseGet(Meter::new)
                    .read();
            workers.add(new WorkerStatus(
                    ids.get(i).hex(),
                    "",
                    split.order().units().get(i),
                    -1,
                    read.toPeerBytes(),
                    read.savedBytes(),
                    read.fromPeerBytes()));
        }
        return workers;
    }

    private static List<Integer> shares(@Nullable Split split) {
        if (split == null) return List.of();
        var shares = new ArrayList<>(split.order().units());
        int lent = shares.stream().mapToInt(Integer::intValue).sum();
        shares.addFirst(split.order().unitsAll() - lent);
        return shares;
    }

    private static String mode(LocalModel model) {
        if (model.loan() != null) return "worker";
        return model.split() == null ? SOLO : "split";
    }

    static State state(LocalModel model) {
        return switch (model.standing()) {
            case Standing.Preparing preparing -> State.LOADING;
            case Standing.Downloading downloading -> State.LOADING;
            case Standing.Loading loading -> State.LOADING;
            case Standing.Waiting waiting -> State.WAITING;
            case Standing.Lent lent -> State.WAITING;
            case Standing.Ready ready -> State.READY;
            case Standing.Failed failed -> State.FAILED;
        };
    }

    static Entry entry(LocalModel model, long startedSeconds) {
        Plan plan = model.plan();
        int ctxTokens = plan == null ? 0 : plan.ctxTokens();
        long bytes = plan == null ? 0 : plan.file().bytes();
        return new Entry(
                model.name(),
                state(model),
                model.detail(),
                ctxTokens,
                bytes,
                startedSeconds,
                OWNER,
                List.of(),
                model.skills());
    }

    /** What the model is, or is about to be, for the table of routes. */
    static Served row(LocalModel model) {
        Plan plan = model.plan();
        Phase phase = switch (state(model)) {
            case READY -> Phase.READY;
            case LOADING, WAITING, COLD -> Phase.LOADING;
            case FAILED -> Phase.FAILED;
        };
        Turnstile turnstile = model.turnstile();
        return new Served(
                model.ref(),
                phase,
                plan == null ? 0 : plan.slots(),
                turnstile == null ? 0 : turnstile.outstanding(),
                model.milliTokensPerSecond(),
                lenders(model),
                plan == null ? 0 : plan.ctxTokens(),
                plan == null ? 0 : plan.file().bytes(),
                model.skills(),
                false,
                List.of());
    }

    /** Why it cannot answer; empty when it can. */
    static Optional<Answer> unready(LocalModel model) {
        return switch (model.standing()) {
            case Standing.Preparing(String what) ->
                Optional.of(new Answer.Loading(model.name(), what, RETRY_AFTER_SECONDS));
            case Standing.Downloading(String progress) ->
                Optional.of(new Answer.Loading(model.name(), progress, RETRY_AFTER_SECONDS));
            case Standing.Loading(String progress) ->
                Optional.of(new Answer.Loading(model.name(), progress, RETRY_AFTER_SECONDS));
            case Standing.Waiting waiting ->
                Optional.of(new Answer.Loading(model.name(), model.detail(), RETRY_AFTER_SECONDS));
            case Standing.Lent lent ->
                Optional.of(new Answer.Loading(model.name(), model.detail(), RETRY_AFTER_SECONDS));
            case Standing.Ready ready -> Optional.empty();
            case Standing.Failed(String code, String message) ->
                Optional.of(new Answer.Failed(model.name(), code, message));
        };
    }
}
