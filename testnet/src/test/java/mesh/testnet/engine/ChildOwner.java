package mesh.testnet.engine;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import mesh.daemon.process.Child;
import mesh.daemon.process.Children;
import mesh.daemon.process.Command;
import mesh.daemon.process.Confinement;

/** A JVM that does nothing but start children, and some of them stop, until somebody kills it. */
final class ChildOwner {
    private ChildOwner() {}

    public static void main(String[] args) throws Exception {
        Path data = Path.of(args[0]);
        var children = new Children(data.resolve("run"), data.resolve("log"), new Confinement(data));
        // What is confined is found by the mark as well, if that is among its own variables.
        var plain = new Command(List.of("sleep", "600"), Map.of(LeashIT.MARK, System.getenv(LeashIT.MARK)));
        Command confined = new Command(List.of("/bin/sleep", "600"), plain.variables())
                .within(new Command.Sight(List.of(), false));
        for (int i = 0; i < 100_000; i++) {
            Children.Start start = children.start("sleep-" + i, 0, i % 2 == 0 ? plain : confined);
            if (start instanceof Children.Start.Started(Child child) && i % 4 != 0) child.stop();
        }
    }
}
