package mesh.daemon;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import mesh.core.member.Profile;
import mesh.daemon.hardware.Device;
import mesh.daemon.hardware.Memory;
import mesh.daemon.listing.ListingEvent;
import mesh.daemon.log.LogFormat;
import mesh.daemon.log.LogLevel;
import mesh.daemon.loop.Reach;
import mesh.daemon.models.Caches;
import mesh.daemon.models.Eyes;
import mesh.daemon.nostr.Nip19;
import mesh.daemon.nostr.RelayUrl;
import mesh.daemon.serve.Drafts;

/**
 * What the daemon was told to be, typed and checked. Made once from {@link Settings}; every value is in range. Immutable.
 *
 * @param models what to serve, in the user's words
 * @param name what people call this node
 */
public record Config(
        List<String> models,
        String name,
        Ports ports,
        Callers callers,
        Mesh mesh,
        Listing listing,
        Serve serve,
        Engine engine,
        Fetching fetching,
        Path dataDir,
        boolean offline,
        Log log) {

    /**
     * Where it listens, on loopback; 0 lets the system choose.
     *
     * @param consoleDir holds a page to serve in place of the built-in one
     */
    public record Ports(int api, Console console, int consolePort, Optional<Path> consoleDir) {}

    /** Who may call beside this machine's own programs and pages. The ports stay on loopback. */
    public record Callers(List<String> hostNames, List<String> origins) {
        public Callers {
            hostNames = List.copyOf(hostNames);
            origins = List.copyOf(origins);
        }
    }

    /**
     * Which mesh, and where its members reach this node.
     *
     * @param invites tokens, which are secrets
     * @param bind port 0: the one of the last time, or any
     * @param isClient whether this node only asks
     */
    public record Mesh(
            List<String> invites, InetSocketAddress bind, boolean isEphemeral, boolean isClient, Reach reach) {
        public Mesh {
            invites = List.copyOf(invites);
        }

        @Override
        public String toString() {
            return invites.size() + " invites, bind " + bind;
        }
    }

    /**
     * What is said and looked for in public.
     *
     * @param sought the name of the mesh to join; empty: any
     * @param region of this mesh, or of the one looked for; empty: none said
     * @param clientsMax 0 = as many as come
     * @param trusted publishers' keys in hex
     * @param guests keys, in hex, for which the listing holds a sealed invite
     */
    public record Listing(
            boolean isPublished,
            boolean isSought,
            String sought,
            String name,
            String region,
            int clientsMax,
            List<URI> relays,
            Set<String> trusted,
            List<String> guests,
            Duration interval) {
        public Listing {
            relays = List.copyOf(relays);
            trusted = Set.copyOf(trusted);
            guests = List.copyOf(guests);
        }
    }

    /** How much of the console is wanted. */
    public enum Console {
        FULL,
        HEADLESS,
        OFF
    }

    /**
     * How models are run; empty means: decided from the model and the memory.
     *
     * @param ratios of a split, host first, in thousandths
     * @param devices names parted by commas, or {@code none}
     * @param patience of a split whose nodes have no path to each other
     */
    public record Serve(
            OptionalInt ctxTokens,
            OptionalInt parallel,
            OptionalInt threads,
            OptionalLong memoryBytesMax,
            boolean isSplit,
            List<Integer> ratios,
            Drafts.Wish draft,
            Eyes eyes,
            Optional<String> devices,
            Duration patience) {
        public Serve {
            ratios = List.copyOf(ratios);
        }

        /** Those of an engine's devices that may be used; a name that it does not know is refused. */
        public List<Device> chosen(List<Device> there) throws Refusal {
            if (devices.isEmpty()) return there;
            if (devices.get().equals("none")) return List.of();
            var chosen = new ArrayList<Device>();
            for (String name : devices.get().split(","))
                chosen.add(there.stream()
                        .filter(device -> device.name().equals(name))
                        .findFirst()
                        .orElseThrow(() -> new Refusal(
                                Refusal.MISSING,
                                "no_such_device",
                                "--device " + name + ": llama.cpp here has "
                                        + (there.isEmpty()
                                                ? "no device beside the CPU"
                                                : String.join(
                                                        ", ",
                                                        there.stream()
                                                                .map(Device::name)
                                                                .toList())))));
            return chosen;
        }

        /** What models may take of this machine's memory. */
        public Memory of(Memory machine) {
            return memoryBytesMax.isPresent() ? machine.cappedAt(memoryBytesMax.getAsLong()) : machine;
        }
    }

    /** Which llama.cpp; empty means: one that is found, or installed. */
    public record Engine(Optional<Path> binDir) {}

    /**
     * Where models come from, and how fast.
     *
     * @param hub the address of the hub or its mirror
     * @param bytesPerSecondMax 0 = no limit
     * @param shared what members may copy from here: names, or {@code all}, or {@code none}
     * @param givenBytesPerSecondMax 0 = no limit
     * @param usesCaches whether models of other tools are served as well
     */
    public record Fetching(
            URI hub, long bytesPerSecondMax, List<String> shared, long givenBytesPerSecondMax, boolean usesCaches) {
        public Fetching {
            shared = List.copyOf(shared);
        }

        /** Other tools' models on this machine, if they are wanted. */
        public Caches caches() {
            return usesCaches ? Caches.of(System.getenv(), Path.of(System.getProperty("user.home"))) : Caches.NONE;
        }

        public boolean isShared(String model) {
            if (shared.equals(List.of("none"))) return false;
            return shared.equals(List.of("all")) || shared.contains(model);
        }
    }

    /** How events are written. */
    public record Log(LogFormat format, LogLevel level) {}

    private static final Pattern HOST_NAME = Pattern.compile("[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?");

    /** As browsers write it: without a path, and the port only where it is not the scheme's own. */
    private static final Pattern ORIGIN = Pattern.compile("[a-z][a-z0-9+.-]*://[A-Za-z0-9.-]+(:[0-9]{1,5})?");

    private static final Pattern DEVICES = Pattern.compile("[A-Za-z][\\w.-]{0,40}(,[A-Za-z][\\w.-]{0,40}){0,15}");

    private static final int PORT_MAX = 65_535;
    /** Upstream's own bound on slots; far beyond what one machine decodes at a useful speed. */
    private static final int PARALLEL_MAX = 256;
    /** Ten times the longest context any model has today. */
    private static final int CTX_TOKENS_MAX = 100_000_000;

    private static final int THREADS_MAX = 1024;
    /** Nobody guesses right for a whole batch. */
    private static final int DRAFT_TOKENS_MAX = 64;

    private static final int CLIENTS_MAX = 100_000;
    private static final double BYTES_PER_GB = 1e9;
    private static final double BYTES_PER_MB = 1e6;
    private static final int THOUSANDTHS = 1_000;
    private static final String AUTO = "auto";

    public Config {
        models = List.copyOf(models);
    }

    /** Whether there are others to be heard of; a mesh that is looked for may have to be founded. */
    boolean isJoining() {
        return !mesh.invites().isEmpty() || (listing.isSought() && mesh.isClient());
    }

    /** Reported to take such events from strangers, free of charge; four, because one or two are always away. */
    private static final List<String> PUBLIC_RELAYS =
            List.of("wss://relay.damus.io", "wss://nos.lol", "wss://relay.primal.net", "wss://nostr.mom");

    private static final int INTERVAL_SECONDS_MAX = 900;

    /** Whoever waits longer for an answer has left. */
    private static final int PATIENCE_SECONDS_MAX = 600;

    public static Config of(Settings settings) throws Refusal {
        var read = new Reader(settings);
        Path dataDir =
                path(settings.of(Setting.DATA_DIR).word()).toAbsolutePath().normalize();
        return new Config(
                settings.of(Setting.MODEL).words(),
                read.name(),
                new Ports(
                        read.port(Setting.PORT),
                        read.console(),
                        read.port(Setting.CONSOLE),
                        read.place(Setting.CONSOLE_DIR)),
                new Callers(
                        read.each(Setting.ALLOW_HOST, HOST_NAME, "a name such as mesh.example"),
                        read.each(Setting.ALLOW_ORIGIN, ORIGIN, "an origin such as https://chat.example")),
                new Mesh(
                        settings.of(Setting.JOIN).words(),
                        new InetSocketAddress(read.bindIp(), read.port(Setting.BIND_PORT)),
                        read.isOn(Setting.EPHEMERAL) || read.isOn(Setting.CLIENT),
                        read.isClient(),
                        read.reach()),
                read.listing(),
                new Serve(
                        read.count(Setting.CTX_SIZE, CTX_TOKENS_MAX),
                        read.count(Setting.PARALLEL, PARALLEL_MAX),
                        read.count(Setting.THREADS, THREADS_MAX),
                        read.gigabytes(Setting.MAX_VRAM),
                        read.isOn(Setting.SPLIT),
                        read.ratios(Setting.TENSOR_SPLIT),
                        read.draft(),
                        read.eyes(),
                        read.devices(),
                        read.patience()),
                new Engine(read.place(Setting.BIN_DIR)),
                new Fetching(
                        read.address(Setting.HUB_URL),
                        read.bytesPerSecond(Setting.MAX_DOWNLOAD),
                        List.of(settings.of(Setting.SHARE).word().split(" *, *")),
                        read.bytesPerSecond(Setting.MAX_UPLOAD),
                        read.isOn(Setting.USE_CACHES)),
                dataDir,
                read.isOn(Setting.OFFLINE),
                new Log(
                        read.choice(Setting.LOG_FORMAT, LogFormat.values()),
                        read.choice(Setting.LOG_LEVEL, LogLevel.values())));
    }

    /** A path as people write it: {@code ~} is the home folder, also where no shell expanded it. */
    static Path path(String word) throws Refusal {
        try {
            if (word.equals("~") || word.startsWith("~/"))
                return Path.of(System.getProperty("user.home"), word.substring(1));
            return Path.of(word);
        } catch (InvalidPathException unusable) {
            throw new Refusal(Refusal.USAGE, "bad_value", "not a path: " + word);
        }
    }

    private static String machineName() {
        try {
            String name = InetAddress.getLocalHost().getHostName().replaceAll("[^!-~]", "");
            if (!name.isEmpty()) return name.substring(0, Math.min(name.length(), Profile.NAME_CHARS_MAX));
        } catch (UnknownHostException nameless) {
            return "node";
        }
        return "node";
    }

    /** Gives words their types, and refuses with the flag, the word and what was expected. */
    private record Reader(Settings settings) {
        int port(Setting setting) throws Refusal {
            return number(setting, word(setting), 0, PORT_MAX);
        }

        List<String> each(Setting setting, Pattern form, String expected) throws Refusal {
            var words = new ArrayList<String>();
            for (String word : settings.of(setting).words()) {
                if (!form.matcher(word.strip()).matches()) throw refused(setting, word, expected);
                words.add(word.strip());
            }
            return words;
        }

        OptionalInt count(Setting setting, int max) throws Refusal {
            String word = word(setting);
            return word.equals(AUTO) ? OptionalInt.empty() : OptionalInt.of(number(setting, word, 1, max));
        }

        OptionalLong gigabytes(Setting setting) throws Refusal {
            String word = word(setting);
            if (word.equals(setting.preset())) return OptionalLong.empty();
            try {
                double gigabytes = Double.parseDouble(word);
                if (gigabytes > 0 && gigabytes < 1e6) return OptionalLong.of((long) (gigabytes * BYTES_PER_GB));
            } catch (NumberFormatException notANumber) {
                throw refused(setting, word, "a number of gigabytes");
            }
            throw refused(setting, word, "a number of gigabytes above 0");
        }

        /** 0 for any. */
        long bytesPerSecond(Setting setting) throws Refusal {
            String word = word(setting);
            if (word.equals(setting.preset())) return 0;
            try {
                double megabytes = Double.parseDouble(word);
                if (megabytes > 0 && megabytes < 1e6) return Math.max(1, (long) (megabytes * BYTES_PER_MB));
            } catch (NumberFormatException notANumber) {
                throw refused(setting, word, "a number of megabytes per second");
            }
            throw refused(setting, word, "a number of megabytes per second above 0");
        }

        URI address(Setting setting) throws Refusal {
            String word = word(setting);
            try {
                URI uri = new URI(word);
                if (uri.getHost() != null && String.valueOf(uri.getScheme()).matches("https?")) return uri;
            } catch (URISyntaxException malformed) {
                throw refused(setting, word, "an address such as " + setting.preset());
            }
            throw refused(setting, word, "an address such as " + setting.preset());
        }

        Optional<String> devices() throws Refusal {
            String word = word(Setting.DEVICE);
            if (word.equals(Setting.DEVICE.preset())) return Optional.empty();
            if (!DEVICES.matcher(word).matches()) throw refused(Setting.DEVICE, word, "names such as CUDA0, or none");
            return Optional.of(word);
        }

        Drafts.Wish draft() throws Refusal {
            String said = word(Setting.DRAFT);
            boolean isSaid = !said.equals(Setting.DRAFT.preset());
            if (isOn(Setting.NO_DRAFT) && isSaid)
                throw new Refusal(Refusal.USAGE, "bad_value", "--draft names a draft, --no-draft forbids one");
            return new Drafts.Wish(
                    isSaid ? Optional.of(said) : Optional.empty(),
                    number(Setting.DRAFT_MAX, word(Setting.DRAFT_MAX), 1, DRAFT_TOKENS_MAX),
                    isOn(Setting.NO_DRAFT));
        }

        Eyes eyes() throws Refusal {
            Optional<Path> said = place(Setting.MMPROJ);
            boolean isOff = isOn(Setting.NO_MMPROJ);
            if (said.isEmpty()) return new Eyes(said, "", isOff);
            if (isOff) throw new Refusal(Refusal.USAGE, "bad_value", "--mmproj names eyes, --no-mmproj forbids them");
            List<String> models = settings.of(Setting.MODEL).words();
            if (models.size() != 1)
                throw new Refusal(Refusal.USAGE, "bad_value", "--mmproj is for one --model, here are " + models.size());
            return new Eyes(said, models.getFirst(), false);
        }

        /** In thousandths, so that every node of a mesh cuts alike. */
        List<Integer> ratios(Setting setting) throws Refusal {
            String word = word(setting);
            if (word.equals(setting.preset())) return List.of();
            String[] parts = word.split(",");
            if (parts.length < 2 || parts.length > Profile.Served.WORKERS_MAX + 1)
                throw refused(setting, word, "2 to " + (Profile.Served.WORKERS_MAX + 1) + " ratios, such as 0.7,0.3");
            var ratios = new ArrayList<Integer>();
            for (String part : parts) {
                double ratio = part.matches("[0-9]+(\\.[0-9]+)?") ? Double.parseDouble(part) : 0;
                if (ratio * THOUSANDTHS < 1 || ratio * THOUSANDTHS > Profile.Assigned.RATIO_MAX)
                    throw refused(setting, word, "ratios from 0.001 to 1000, such as 0.7,0.3");
                ratios.add((int) Math.round(ratio * THOUSANDTHS));
            }
            return ratios;
        }

        Optional<Path> place(Setting setting) throws Refusal {
            String word = word(setting);
            return word.equals(setting.preset())
                    ? Optional.empty()
                    : Optional.of(path(word).toAbsolutePath());
        }

        boolean isOn(Setting setting) throws Refusal {
            String word = word(setting);
            return switch (word.toLowerCase(Locale.ROOT)) {
                case "true", "1", "yes", "on" -> true;
                case "false", "0", "no", "off" -> false;
                default -> throw refused(setting, word, "true or false");
            };
        }

        /** A client is one for its run only, so it comes with an invite, and with nothing to serve. */
        boolean isClient() throws Refusal {
            if (!isOn(Setting.CLIENT)) return false;
            if (settings.of(Setting.JOIN).words().isEmpty() && !isSought())
                throw new Refusal(
                        Refusal.USAGE,
                        "client_alone",
                        "--client needs --join TOKEN, --auto or --discover: a client founds no mesh");
            if (!settings.of(Setting.MODEL).words().isEmpty())
                throw new Refusal(Refusal.USAGE, "client_serves", "--client serves nothing: leave --model out");
            return true;
        }

        /** A literal, for a name may mean another address tomorrow. */
        InetAddress bindIp() throws Refusal {
            String word = word(Setting.BIND_IP);
            try {
                return word.equals(Setting.BIND_IP.preset())
                        ? new InetSocketAddress(0).getAddress()
                        : InetAddress.ofLiteral(word);
            } catch (IllegalArgumentException notLiteral) {
                throw refused(Setting.BIND_IP, word, "an IP address");
            }
        }

        Reach reach() throws Refusal {
            var relays = new ArrayList<Reach.NamedRelay>();
            for (String word : settings.of(Setting.RELAY).words())
                relays.add(Reach.NamedRelay.parse(word.strip())
                        .orElseThrow(() -> refused(
                                Setting.RELAY, word, "a node's id, or ID@ADDRESS:PORT; mesh status --json shows it")));
            var servers = new ArrayList<Reach.StunServer>();
            for (String word : settings.of(Setting.STUN).words())
                servers.add(Reach.StunServer.parse(word.strip())
                        .orElseThrow(() -> refused(Setting.STUN, word, "a server as HOST:PORT")));
            return new Reach(relays, isOn(Setting.OFFLINE) ? List.of() : servers);
        }

        private boolean isSought() throws Refusal {
            return isOn(Setting.AUTO) || settings.of(Setting.DISCOVER).origin() != Settings.Origin.DEFAULT;
        }

        Listing listing() throws Refusal {
            boolean isSought = isSought();
            boolean isPublished = isOn(Setting.PUBLISH);
            if (isOn(Setting.OFFLINE) && (isSought || isPublished))
                throw new Refusal(
                        Refusal.USAGE,
                        "offline",
                        "--offline forbids --publish, --auto and --discover: they speak to Nostr relays");
            if (isSought && !settings.of(Setting.JOIN).words().isEmpty())
                throw new Refusal(
                        Refusal.USAGE, "bad_value", "--join names a mesh, --auto and --discover look for one");
            return new Listing(
                    isPublished,
                    isSought,
                    word(Setting.DISCOVER),
                    word(Setting.MESH_NAME),
                    word(Setting.REGION),
                    number(Setting.MAX_CLIENTS, word(Setting.MAX_CLIENTS), 0, CLIENTS_MAX),
                    relays(),
                    Set.copyOf(keys(Setting.NOSTR_TRUST)),
                    guests(),
                    Duration.ofSeconds(
                            number(Setting.PUBLISH_INTERVAL, word(Setting.PUBLISH_INTERVAL), 1, INTERVAL_SECONDS_MAX)));
        }

        private Duration patience() throws Refusal {
            String word = settings.of(Setting.SPLIT_PATIENCE).word();
            return Duration.ofSeconds(number(Setting.SPLIT_PATIENCE, word, 1, PATIENCE_SECONDS_MAX));
        }

        private List<URI> relays() throws Refusal {
            List<String> said = settings.of(Setting.NOSTR_RELAY).words();
            var relays = new ArrayList<URI>();
            for (String word : said.isEmpty() ? PUBLIC_RELAYS : said)
                relays.add(RelayUrl.parse(word)
                        .orElseThrow(() ->
                                refused(Setting.NOSTR_RELAY, word, "wss://HOST, or ws:// with a private address")));
            return relays;
        }

        private List<String> guests() throws Refusal {
            List<String> guests = keys(Setting.NOSTR_INVITE);
            if (guests.size() > ListingEvent.SEALED_MAX)
                throw refused(Setting.NOSTR_INVITE, guests.size() + " times", "at most " + ListingEvent.SEALED_MAX);
            return guests;
        }

        private List<String> keys(Setting setting) throws Refusal {
            var keys = new LinkedHashSet<String>();
            for (String word : settings.of(setting).words())
                keys.add(Nip19.author(word).orElseThrow(() -> refused(setting, word, "an npub")));
            return List.copyOf(keys);
        }

        Console console() throws Refusal {
            if (isOn(Setting.NO_CONSOLE)) return Console.OFF;
            return isOn(Setting.HEADLESS) ? Console.HEADLESS : Console.FULL;
        }

        <E extends Enum<E>> E choice(Setting setting, E[] choices) throws Refusal {
            String word = word(setting);
            for (E choice : choices) if (choice.name().equalsIgnoreCase(word)) return choice;
            var names = new java.util.StringJoiner(", ");
            for (E choice : choices) names.add(choice.name().toLowerCase(Locale.ROOT));
            throw refused(setting, word, "one of " + names);
        }

        String name() throws Refusal {
            String word = word(Setting.NAME);
            if (word.equals(AUTO)) return machineName();
            if (word.isBlank()
                    || word.length() > Profile.NAME_CHARS_MAX
                    || word.chars().anyMatch(c -> c < ' ' || c > '~'))
                throw refused(Setting.NAME, word, "up to " + Profile.NAME_CHARS_MAX + " printable characters");
            return word;
        }

        private static int number(Setting setting, String word, int min, int max) throws Refusal {
            try {
                int number = Integer.parseInt(word);
                if (number >= min && number <= max) return number;
            } catch (NumberFormatException notANumber) {
                throw refused(setting, word, "a number from " + min + " to " + max);
            }
            throw refused(setting, word, "a number from " + min + " to " + max);
        }

        private String word(Setting setting) {
            return settings.of(setting).word().strip();
        }

        private static Refusal refused(Setting setting, String word, String expected) {
            return new Refusal(Refusal.USAGE, "bad_value", setting.flag() + " " + word + ": expected " + expected);
        }
    }
}
