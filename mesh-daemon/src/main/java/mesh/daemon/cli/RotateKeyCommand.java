package mesh.daemon.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import mesh.daemon.Refusal;
import mesh.daemon.Rendezvous;
import mesh.daemon.nostr.NostrKeyFile;
import mesh.daemon.store.Whereabouts;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Spec;

/** {@code mesh rotate-key}: another key to publish under. Who this node is to its mesh does not change. */
@Command(name = "rotate-key", description = "Makes a new key to publish under; the old listing ends by itself.")
final class RotateKeyCommand implements Callable<Integer> {
    @Mixin
    final NodeOption node = new NodeOption();

    @Spec
    CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    @Override
    public Integer call() throws Refusal {
        Path dataDir = node.dataDir();
        try {
            String fresh = NostrKeyFile.rotate(Rendezvous.keyFile(dataDir)).npub();
            spec.commandLine().getOut().println(fresh);
            if (Whereabouts.read(dataDir).isPresent())
                spec.commandLine().getErr().println("mesh: the running node takes it up at its next start");
            return 0;
        } catch (IOException unusable) {
            throw new Refusal(Refusal.FAILED, "data_dir_unusable", "cannot make a key: " + unusable.getMessage());
        }
    }
}
