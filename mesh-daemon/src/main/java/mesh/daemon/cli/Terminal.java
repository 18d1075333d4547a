package mesh.daemon.cli;

import java.io.PrintWriter;
import java.util.function.Consumer;

/**
 * The lines a person reads while the node starts. Silent when standard output belongs to scripts. Usable from any
 * thread.
 */
final class Terminal implements Consumer<String> {
    private final PrintWriter out;
    private final boolean isForPeople;

    Terminal(PrintWriter out, boolean isForPeople) {
        this.out = out;
        this.isForPeople = isForPeople;
    }

    @Override
    public void accept(String line) {
        if (isForPeople) out.println(line);
    }
}
