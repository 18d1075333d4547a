package mesh.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import mesh.core.listing.Wish;
import mesh.daemon.listing.AutoJoin;
import mesh.daemon.listing.Discovery;
import mesh.daemon.listing.ListingVerifier;
import mesh.daemon.listing.PublishedNode;
import mesh.daemon.listing.Publisher;
import mesh.daemon.loop.Belonging;
import mesh.daemon.loop.Finder;
import mesh.daemon.nostr.NostrKey;
import mesh.daemon.nostr.NostrKeyFile;

/** Makes what meets strangers on relays, as the configuration wants it: nothing, unless it was asked for. Stateless. */
public final class Rendezvous {
    private final Config config;
    private final Path dataDir;
    private final Consumer<String> terminal;

    Rendezvous(Config config, Path dataDir, Consumer<String> terminal) {
        this.config = config;
        this.dataDir = dataDir;
        this.terminal = terminal;
    }

    /** Looks for a mesh as {@code --auto} or {@code --discover} says; empty when neither was said. */
    Optional<Finder> finder() {
        Config.Listing listing = config.listing();
        if (!listing.isSought()) return Optional.empty();
        var wish = new Wish(
                listing.sought(),
                "",
                listing.region(),
                0,
                config.models(),
                config.mesh().isClient(),
                Optional.empty());
        return Optional.of(new AutoJoin(discovery(config), wish));
    }

    /** Reads relays and nothing else. */
    public static Discovery discovery(Config config) {
        return new Discovery(config.listing().relays(), config.listing().trusted());
    }

    Publisher publisher(Belonging belonging) throws IOException {
        Config.Listing listing = config.listing();
        // What an ephemeral node says ends with it, its key included.
        NostrKey key = config.mesh().isEphemeral() ? NostrKey.fresh() : NostrKeyFile.open(keyFile(dataDir));
        Path folder = Files.createDirectories(dataDir.resolve("state"));
        var settings = new Publisher.Settings(
                listing.relays(),
                listing.interval(),
                listing.clientsMax(),
                folder.resolve("publisher.json"),
                ListingVerifier.WORK_BITS);
        var node = new PublishedNode(belonging, listing.name(), listing.region(), listing.clientsMax());
        return new Publisher(settings, key, node, terminal);
    }

    public static Path keyFile(Path dataDir) {
        return dataDir.resolve("identity").resolve("nostr.nsec");
    }
}
