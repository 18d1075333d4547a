package mesh.daemon.cli;

import java.io.Console;
import java.io.PrintWriter;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.UsageMessageSpec;

/**
 * The lines a person reads while the node starts, and below them one that redraws itself where somebody looks. A command
 * that joins is drawn as a QR code as well, where there is room and {@code NO_COLOR} does not forbid it. Silent when
 * standard output belongs to scripts. Usable from any thread.
 */
final class Terminal implements Consumer<String> {
    private static final Pattern JOIN = Pattern.compile("mesh --join \\S+");
    private static final String TO_THE_START = "\r\u001b[K";

    private final PrintWriter out;
    private final boolean isForPeople;
    private final int columns;
    private final boolean isColoured;
    private String last = "";

    /** @param columns 0: nobody looks, so nothing is redrawn and nothing drawn */
    Terminal(PrintWriter out, boolean isForPeople, int columns, boolean isColoured) {
        this.out = out;
        this.isForPeople = isForPeople;
        this.columns = columns;
        this.isColoured = isColoured;
    }

    static Terminal of(PrintWriter out, boolean isForPeople, Map<String, String> environment) {
        boolean isColoured = environment.getOrDefault("NO_COLOR", "").isEmpty();
        return new Terminal(
                out,
                isForPeople,
                isWatched() ? new UsageMessageSpec().autoWidth(true).width() : 0,
                isColoured);
    }

    /** Whether both ends of this program are a terminal. */
    static boolean isWatched() {
        return Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
    }

    boolean isSilent() {
        return !isForPeople;
    }

    boolean isLive() {
        return isForPeople && columns > 0;
    }

    @Override
    public synchronized void accept(String line) {
        if (!isForPeople) return;
        if (!last.isEmpty()) out.print(TO_THE_START);
        out.println(line);
        var join = JOIN.matcher(line);
        if (isColoured && join.find()) QrDrawing.lines(join.group(), columns).forEach(out::println);
        draw();
    }

    /** Puts this below all other lines in place of what stood there; nothing takes it away. */
    synchronized void last(String text) {
        if (!isLive() || text.equals(last)) return;
        if (!last.isEmpty()) out.print(TO_THE_START);
        last = text.substring(0, Math.min(text.length(), columns - 1));
        draw();
    }

    private void draw() {
        out.print(last);
        out.flush();
    }
}
