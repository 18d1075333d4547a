package mesh.daemon.serve;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Profile.Skill;
import mesh.daemon.edge.TcpEngine;
import mesh.daemon.edge.Turnstile;
import mesh.daemon.fetch.Progress;
import mesh.daemon.models.Downloads;
import mesh.daemon.models.Downloads.Download;
import mesh.daemon.models.ModelFile;
import mesh.daemon.process.Supervisor;
import mesh.daemon.split.Loan;
import mesh.daemon.split.Split;
import org.jspecify.annotations.Nullable;

/**
 * One model this node serves, or tries to. Changed by its own virtual thread and its supervisor's; read by anybody, so
 * every field is final or one volatile reference.
 */
final class LocalModel {
    /** Where it stands. */
    sealed interface Standing {
        /** Its file is made, its engine looked for or installed. */
        record Preparing(String what) implements Standing {}

        /** Its file is on its way. */
        record Downloading(String progress) implements Standing {}

        record Loading(String progress) implements Standing {}

        /** Nothing runs here until the mesh says so; {@code code} says what for. */
        record Waiting(String code, String message) implements Standing {}

        /** Another node runs it, with memory of this one. */
        record Lent(NodeId host) implements Standing {}

        record Ready(TcpEngine engine) implements Standing {}

        record Failed(String code, String message) implements Standing {}
    }

    /** How it is run, once the file and the memory are known. */
    record Plan(ModelFile file, int ctxTokens, int slots, int threads, long needBytes, long promptCacheBytes) {
        long takenBytes() {
            return needBytes + promptCacheBytes;
        }

        /** Over a link the cache would cost more than it saves. */
        Plan withoutPromptCache() {
            return new Plan(file, ctxTokens, slots, threads, needBytes, 0);
        }
    }

    /** How far its way to ready is. {@code totalBytes} 0: nobody knows. */
    record Amount(String phase, long doneBytes, long totalBytes, long sinceMillis) {}

    private static final int SMOOTHING = 8;

    private final ModelRef ref;
    private final String said;
    private volatile @Nullable Plan plan;
    private volatile @Nullable Supervisor supervisor;
    private volatile @Nullable Download download;
    private volatile @Nullable Turnstile turnstile;
    private volatile long milliTokensPerSecond;
    private final AtomicLong version = new AtomicLong();
    private volatile @Nullable Split split;
    private volatile @Nullable Loan loan;
    private volatile @Nullable Amount amount;
    private volatile List<Skill> skills = List.of();
    private volatile @Nullable Draft draft;
    private volatile boolean isDrafting;
    private volatile Standing standing = new Standing.Preparing("preparing");

    LocalModel(ModelRef ref, String said) {
        this.ref = ref;
        this.said = said;
    }

    ModelRef ref() {
        return ref;
    }

    String name() {
        return ref.name();
    }

    /** What the user called it. */
    String said() {
        return said;
    }

    Standing standing() {
        return standing;
    }

    void stands(Standing next) {
        amount = null;
        standing = next;
        version.incrementAndGet();
    }

    /** The same on a way that can be measured; a phase began when it was first told of. */
    void stands(Standing next, String phase, long doneBytes, long totalBytes) {
        Amount before = amount;
        long since = before != null && before.phase().equals(phase) ? before.sinceMillis() : System.currentTimeMillis();
        stands(next);
        amount = new Amount(phase, doneBytes, totalBytes, since);
    }

    /** Its engine answers, and said what it can. */
    void answers(TcpEngine engine, List<Skill> can) {
        skills = List.copyOf(can);
        stands(new Standing.Ready(engine));
    }

    /** What it can be asked for; empty until an engine has said so. */
    List<Skill> skills() {
        return skills;
    }

    /** Its file comes in. */
    void fetches(Progress.Phase phase, long doneBytes, long totalBytes) {
        stands(
                new Standing.Downloading(Downloads.words(phase, doneBytes, totalBytes)),
                phase.name().toLowerCase(Locale.ROOT),
                doneBytes,
                totalBytes);
    }

    /** Its engine reads it: a share of 1, or less than 0 where nobody can know. */
    void loads(double done) {
        Plan planned = plan;
        if (done < 0 || planned == null) {
            stands(new Standing.Loading("loading"));
            return;
        }
        long bytes = planned.file().bytes();
        stands(new Standing.Loading(Math.round(done * 100) + " %"), "loading", (long) (done * bytes), bytes);
    }

    /** Null while it is on no way that can be measured. */
    @Nullable
    Amount amount() {
        return amount;
    }

    /** Grows with every change of where it stands or how it is run. */
    long version() {
        return version.get();
    }

    /** The queue before its engine, which outlives the engine; null until it is known how many slots that has. */
    @Nullable
    Turnstile turnstile() {
        return turnstile;
    }

    long milliTokensPerSecond() {
        return milliTokensPerSecond;
    }

    /** Smoothed, so that one odd answer does not move requests; of two at the same time one may be lost. */
    void measured(long answer) {
        long known = milliTokensPerSecond;
        milliTokensPerSecond = known == 0 ? answer : known + (answer - known) / SMOOTHING;
    }

    /** Where it stands, in a few words; nothing when it is ready. */
    String detail() {
        return switch (standing) {
            case Standing.Preparing(String what) -> what;
            case Standing.Downloading(String progress) -> progress;
            case Standing.Loading(String progress) -> progress;
            case Standing.Waiting(String code, String message) -> message;
            case Standing.Lent(NodeId host) -> "lends memory to " + host;
            case Standing.Ready ready -> "";
            case Standing.Failed(String code, String message) -> message;
        };
    }

    @Nullable
    Plan plan() {
        return plan;
    }

    void planned(Plan made) {
        plan = made;
        turnstile = new Turnstile(made.slots());
        version.incrementAndGet();
    }

    /** What guesses ahead for it, or was meant to; null where nothing is. */
    @Nullable
    Draft draft() {
        return draft;
    }

    void drafts(Draft next) {
        draft = next;
        version.incrementAndGet();
    }

    /** Whether the engine that runs, or was last started, has the draft. */
    boolean isDrafting() {
        return isDrafting;
    }

    void startsDrafting(boolean isUsed) {
        isDrafting = isUsed;
    }

    /** Memory for the whole model and its draft. */
    long takenBytes() {
        Plan planned = plan;
        return planned == null ? 0 : planned.takenBytes() + draftBytes();
    }

    long draftBytes() {
        Draft known = draft;
        return known == null ? 0 : known.needBytes();
    }

    /** Its file, as long as that is on its way. */
    @Nullable
    Download download() {
        return download;
    }

    void comesBy(@Nullable Download bringing) {
        download = bringing;
    }

    @Nullable
    Supervisor supervisor() {
        return supervisor;
    }

    void supervisedBy(@Nullable Supervisor started) {
        supervisor = started;
    }

    /** The split that this node hosts. */
    @Nullable
    Split split() {
        return split;
    }

    void splitBy(@Nullable Split started) {
        split = started;
    }

    /** What this node lends. */
    @Nullable
    Loan loan() {
        return loan;
    }

    void lentBy(@Nullable Loan begun) {
        loan = begun;
    }
}
