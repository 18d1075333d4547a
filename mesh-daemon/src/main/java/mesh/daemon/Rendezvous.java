package mesh.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import mesh.core.listing.Wish;
import mesh.daemon.api.DiscoverApi;
import mesh.daemon.api.DiscoverApi.Looked;
import mesh.daemon.api.Management.ListingStatus;
import mesh.daemon.api.Management.RelayStatus;
import mesh.daemon.listing.AutoJoin;
import mesh.daemon.listing.Discovered;
import mesh.daemon.listing.Discovery;
import mesh.daemon.listing.ListingVerifier;
import mesh.daemon.listing.PublishedNode;
import mesh.daemon.listing.Publisher;
import mesh.daemon.loop.Belonging;
import mesh.daemon.loop.Finder;
import mesh.daemon.nostr.NostrKey;
import mesh.daemon.nostr.NostrKeyFile;
import org.jspecify.annotations.Nullable;

/**
 * Makes what meets strangers on relays, as the configuration wants it: nothing, unless it was asked for; and shows how it
 * stands. Any thread.
 */
public final class Rendezvous implements DiscoverApi.Seeker {
    private final Config config;
    private final Path dataDir;
    private final Consumer<String> terminal;
    private volatile @Nullable Publisher publisher;

    Rendezvous(Config config, Path dataDir, Consumer<String> terminal) {
        this.config = config;
        this.dataDir = dataDir;
        this.terminal = terminal;
    }

    /** Looks for a mesh as {@code --auto} or {@code --discover} says; empty when neither was said. */
    Optional<Finder> finder() throws IOException {
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
        Duration secondLook = listing.isPublished() ? AutoJoin.SECOND_LOOK_WITHIN : Duration.ZERO;
        return Optional.of(new AutoJoin(discovery(config)::look, wish, secondLook));
    }

    /** Reads relays and nothing else; opens what was sealed for this data dir's key, if it has one. */
    public static Discovery discovery(Config config) throws IOException {
        Path file = keyFile(config.dataDir());
        boolean hasKey = !config.mesh().isEphemeral() && Files.exists(file, LinkOption.NOFOLLOW_LINKS);
        Optional<NostrKey> reader = hasKey ? Optional.of(NostrKeyFile.open(file)) : Optional.empty();
        return new Discovery(config.listing().relays(), config.listing().trusted(), reader);
    }

    @Override
    public Looked look(String model, String region, boolean probes) throws InterruptedException {
        if (config.offline()) return new Looked.Forbidden("offline", "--offline forbids to ask Nostr relays");
        var wish = new Wish("", model, region, 0, List.of(), false, Optional.empty());
        try {
            return new Looked.Seen(Discovered.json(discovery(config).look(wish, probes)));
        } catch (IOException unusable) {
            return new Looked.Forbidden("discover_failed", "cannot look: " + unusable.getMessage());
        }
    }

    /** How the listing of this node stands; empty without {@code --publish}. */
    Optional<ListingStatus> status() {
        return Optional.ofNullable(publisher)
                .map(Publisher::standing)
                .map(now -> new ListingStatus(
                        config.listing().name(), now.isPublished(), now.word(), now.confirmed(), shown(now.relays())));
    }

    private static List<RelayStatus> shown(List<Publisher.RelayStanding> relays) {
        return relays.stream()
                .map(relay -> new RelayStatus(
                        relay.shown().relay().toString(),
                        relay.link(),
                        relay.shown().said(),
                        relay.shown().restsUntilMillis()))
                .toList();
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
                listing.guests(),
                folder.resolve("publisher.json"),
                ListingVerifier.WORK_BITS);
        var node = new PublishedNode(belonging, listing.name(), listing.region(), listing.clientsMax());
        var fresh = new Publisher(settings, key, node, terminal);
        publisher = fresh;
        return fresh;
    }

    public static Path keyFile(Path dataDir) {
        return dataDir.resolve("identity").resolve("nostr.nsec");
    }
}
