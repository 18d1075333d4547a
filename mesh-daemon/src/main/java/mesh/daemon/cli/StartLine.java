package mesh.daemon.cli;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import mesh.daemon.api.Management.ModelStatus;
import mesh.daemon.api.Management.ProgressStatus;

/**
 * Says what the models still wait for: in the terminal's last line where somebody looks, elsewhere a line at each tenth,
 * and nowhere where the output belongs to scripts. Looks on a virtual thread of its own, {@code start-line}, until it is closed.
 */
final class StartLine implements AutoCloseable {
    private static final long LOOK_MILLIS = 200;
    private static final int BAR_CELLS = 24;

    private final Supplier<List<ModelStatus>> models;
    private final Terminal terminal;
    private final CountDownLatch closing = new CountDownLatch(1);
    private String told = "";

    StartLine(Supplier<List<ModelStatus>> models, Terminal terminal) {
        this.models = models;
        this.terminal = terminal;
        if (!terminal.isSilent()) Thread.ofVirtual().name("start-line").start(this::run);
    }

    private void run() {
        try {
            do look();
            while (!closing.await(LOOK_MILLIS, TimeUnit.MILLISECONDS));
        } catch (InterruptedException ending) {
            // Only the JVM's end interrupts this thread.
        }
    }

    private void look() {
        List<ModelStatus> now = models.get();
        if (terminal.isLive()) {
            terminal.last(live(now));
            return;
        }
        String plain = plain(now);
        if (!plain.equals(told) && !plain.isEmpty()) terminal.accept(plain);
        told = plain;
    }

    /** The first that is on its way, and how many more are; empty when none is. */
    static String live(List<ModelStatus> models) {
        List<ModelStatus> waiting =
                models.stream().filter(StartLine::isOnItsWay).toList();
        if (waiting.isEmpty()) return "";
        ModelStatus first = waiting.getFirst();
        String bar = first.progress().map(StartLine::bar).orElse("");
        String others = waiting.size() == 1 ? "" : " (and " + (waiting.size() - 1) + " more)";
        return first.name() + ": " + bar + words(first) + others;
    }

    /** The first one's way in whole tenths, so that a file of lines stays short; empty where nothing is measured. */
    static String plain(List<ModelStatus> models) {
        return models.stream()
                .filter(StartLine::isOnItsWay)
                .flatMap(model -> model.progress().stream()
                        .filter(progress -> progress.totalBytes() > 0)
                        .map(progress -> model.name() + ": " + progress.phase() + ", "
                                + progress.doneBytes() * 10 / progress.totalBytes() * 10 + " %"))
                .findFirst()
                .orElse("");
    }

    private static boolean isOnItsWay(ModelStatus model) {
        return model.state().equals("loading") || model.state().equals("waiting");
    }

    private static String words(ModelStatus model) {
        return model.detail().isEmpty() ? model.reason().replace('_', ' ') : model.detail();
    }

    private static String bar(ProgressStatus progress) {
        if (progress.totalBytes() <= 0) return "";
        int cells = (int) (progress.doneBytes() * BAR_CELLS / progress.totalBytes());
        return "[" + "#".repeat(cells) + ".".repeat(BAR_CELLS - cells) + "] ";
    }

    @Override
    public void close() {
        closing.countDown();
        terminal.last("");
    }
}
