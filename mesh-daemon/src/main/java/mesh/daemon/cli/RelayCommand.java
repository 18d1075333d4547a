package mesh.daemon.cli;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import mesh.daemon.Refusal;
import mesh.daemon.listing.ListingEvent;
import mesh.daemon.nostr.Nip19;
import mesh.daemon.nostr.relay.EmbeddedRelay;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code mesh relay}: a small Nostr relay for a private network, until Ctrl-C. */
@Command(name = "relay", description = "Runs a small Nostr relay for listings on a private network, until Ctrl-C.")
final class RelayCommand implements Callable<Integer> {
    @Option(
            names = "--bind",
            paramLabel = "ADDRESS",
            defaultValue = "127.0.0.1",
            description = "The address to listen on; one of this machine's own on a private network. Default:"
                    + " 127.0.0.1.")
    String bind = "";

    @Option(names = "--port", paramLabel = "PORT", defaultValue = "7447", description = "Default: 7447; 0: any.")
    int port;

    @Option(
            names = "--allow",
            paramLabel = "NPUB",
            description = "A publisher to take listings from; without any, everybody. May be repeated.")
    List<String> allowed = List.of();

    @Spec
    CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    @Override
    public Integer call() throws Refusal, InterruptedException {
        Set<String> authors = new LinkedHashSet<>();
        for (String npub : allowed)
            authors.add(Nip19.author(npub)
                    .orElseThrow(
                            () -> new Refusal(Refusal.USAGE, "bad_value", "--allow " + npub + ": expected an npub")));
        var stopped = new CountDownLatch(1);
        Signals.handle("TERM", stopped::countDown);
        Signals.handle("INT", stopped::countDown);
        var rules = new EmbeddedRelay.Rules(Set.of(ListingEvent.KIND), authors);
        try (EmbeddedRelay relay = EmbeddedRelay.open(new InetSocketAddress(address(), port), rules)) {
            spec.commandLine().getOut().println(relay.url());
            stopped.await();
            return 0;
        } catch (IOException taken) {
            throw new Refusal(
                    Refusal.FAILED,
                    "port_unusable",
                    "cannot listen on " + bind + ":" + port + "; choose another with --bind or --port");
        }
    }

    private InetAddress address() throws Refusal {
        try {
            return InetAddress.ofLiteral(bind);
        } catch (IllegalArgumentException name) {
            throw new Refusal(Refusal.USAGE, "bad_value", "--bind " + bind + ": expected an IP address");
        }
    }
}
