package mesh.daemon.cli;

import java.io.Console;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.UsageMessageSpec;

/**
 * The lines a person reads while the node starts. A command that joins is drawn as a QR code as well, where the terminal
 * is wide enough. Silent when standard output belongs to scripts. Usable from any thread.
 */
final class Terminal implements Consumer<String> {
    private static final Pattern JOIN = Pattern.compile("mesh --join \\S+");

    private final PrintWriter out;
    private final boolean isForPeople;

    Terminal(PrintWriter out, boolean isForPeople) {
        this.out = out;
        this.isForPeople = isForPeople;
    }

    @Override
    public void accept(String line) {
        if (!isForPeople) return;
        out.println(line);
        var join = JOIN.matcher(line);
        if (join.find()) QrDrawing.lines(join.group(), columns()).forEach(out::println);
    }

    /** None where nobody looks: a log file has no use for pictures. */
    private static int columns() {
        return Optional.ofNullable(System.console())
                .filter(Console::isTerminal)
                .map(console -> new UsageMessageSpec().autoWidth(true).width())
                .orElse(0);
    }
}
