package mesh.daemon;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Every setting there is, in the order people meet them: one table from which the command line, the environment, the
 * file {@code mesh.toml}, {@code mesh serve --help} and {@code mesh doctor} are all made.
 */
public enum Setting {
    MODEL(
            Kind.LIST,
            "NAME",
            "",
            "a model to serve: a path to a GGUF file, a name in the data dir or catalog, org/repo/file.gguf, a URL, or demo"),
    JOIN(
            Kind.LIST,
            "TOKEN",
            "",
            "an invite to a mesh, or - to read it from standard input; without any, a new node founds a mesh"),
    AUTO(Kind.SWITCH, "", "false", "look for a mesh on Nostr relays and join the best; without any, found one"),
    DISCOVER(
            Kind.OPTIONAL,
            "NAME",
            "",
            "join the mesh of this name, looked for on Nostr relays; without a name as --auto"),
    CLIENT(
            Kind.SWITCH,
            "",
            "false",
            "ask only: the API on its own port, no model, no memory for the mesh, a key for this run; needs --join,"
                    + " --auto or --discover"),
    PUBLISH(
            Kind.SWITCH,
            "",
            "false",
            "list this mesh on Nostr relays, with invites to ask and to serve: anybody may join"),
    MESH_NAME(Kind.VALUE, "NAME", "", "what the listing calls this mesh; publishes nothing by itself"),
    REGION(Kind.VALUE, "REGION", "", "where this mesh stands, or should stand when one is looked for; such as AU"),
    MAX_CLIENTS(Kind.VALUE, "N", "0", "off the list while so many clients are connected here; 0: as many as come"),
    NOSTR_RELAY(
            Kind.LIST,
            "URL",
            "",
            "a relay to list on and look at, wss:// or, on a private network, ws://; without any, four public ones"),
    NOSTR_TRUST(Kind.LIST, "NPUB", "", "a publisher whose listings are preferred, as npub or hex"),
    NOSTR_INVITE(
            Kind.LIST,
            "NPUB",
            "",
            "whose node may lend and use tensors: its key opens an invite for that in the listing, sealed for others; up"
                    + " to four"),
    PUBLISH_INTERVAL(Kind.VALUE, "SECONDS", "60", "between two refreshes of the listing, which lasts for three"),
    PORT(Kind.VALUE, "PORT", "9337", "the OpenAI-compatible API, on loopback; 0 lets the system choose"),
    CONSOLE(Kind.OPTIONAL, "PORT", "3131", "the web console and management API, on loopback; 0 lets the system choose"),
    NO_CONSOLE(Kind.SWITCH, "", "false", "no console and no management API: status and stop will not find this node"),
    HEADLESS(Kind.SWITCH, "", "false", "the management API without the web page"),
    ALLOW_HOST(
            Kind.LIST,
            "NAME",
            "",
            "a name under which this machine is called, beside localhost, such as that of a proxy before it"),
    ALLOW_ORIGIN(
            Kind.LIST,
            "ORIGIN",
            "",
            "a web page that may call the API from a browser, such as https://chat.example; those of localhost may"),
    CONSOLE_DIR(
            Kind.VALUE,
            "DIR",
            "none",
            "serve the web page from this folder, read again when a file in it changes; none takes the built-in one"),
    BIND_PORT(
            Kind.VALUE,
            "PORT",
            "0",
            "the UDP port other nodes reach this one on; 0 takes the one of the last time, or any"),
    BIND_IP(Kind.VALUE, "ADDRESS", "any", "the address other nodes reach this one on; any listens on all"),
    RELAY(
            Kind.LIST,
            "NODE",
            "",
            "a member that carries this node's sealed packets first when there is no direct way: ID or ID@ADDRESS:PORT"),
    STUN(
            Kind.LIST,
            "HOST:PORT",
            "",
            "a STUN server that says where this node is seen from outside; without any, only other nodes say so"),
    EPHEMERAL(Kind.SWITCH, "", "false", "a key for this run only, never written to disk; nothing of the mesh is kept"),
    CTX_SIZE(Kind.VALUE, "TOKENS", "auto", "context per request; auto takes what the model has and memory holds"),
    PARALLEL(
            Kind.VALUE,
            "N",
            "auto",
            "requests answered at once per model; auto takes 4, or fewer when memory is short"),
    DEVICE(
            Kind.VALUE,
            "DEV,DEV",
            "auto",
            "GPUs to use, in llama.cpp's words, such as CUDA0; none uses the CPU alone; mesh doctor lists them"),
    MAX_VRAM(Kind.VALUE, "GB", "all", "at most so much memory for models, in 10^9 bytes; never raises what is there"),
    SPLIT(
            Kind.SWITCH,
            "",
            "false",
            "split models over several nodes although they fit on one; what fits nowhere is split without being told"),
    TENSOR_SPLIT(
            Kind.VALUE,
            "R,R",
            "memory",
            "shares of a split's nodes, the host's first, such as 0.7,0.3; memory goes by what each has"),
    DRAFT(
            Kind.VALUE,
            "MODEL",
            "auto",
            "a small model that guesses ahead for those of its vocabulary; auto takes the catalog's, and fetches it up to 1"
                    + " GB"),
    DRAFT_MAX(Kind.VALUE, "N", "8", "tokens a draft guesses ahead"),
    NO_DRAFT(Kind.SWITCH, "", "false", "no model guesses ahead"),
    MMPROJ(
            Kind.VALUE,
            "FILE",
            "beside",
            "the projector by which the model sees, of the only one that is served; usually what lies beside it"),
    NO_MMPROJ(Kind.SWITCH, "", "false", "no model sees: projectors are neither fetched nor used"),
    SPLIT_PATIENCE(
            Kind.VALUE,
            "SECONDS",
            "30",
            "how long a split waits for a worker, or a worker for its host, while no path leads there"),
    THREADS(Kind.VALUE, "N", "auto", "threads per model; auto shares the cores among the models"),
    BIN_DIR(Kind.VALUE, "DIR", "auto", "where llama-server is; auto looks at the managed install, then at PATH"),
    HUB_URL(Kind.VALUE, "URL", "https://huggingface.co", "where models are fetched from: the hub, or a mirror of it"),
    MAX_DOWNLOAD(Kind.VALUE, "MB", "any", "at most so many megabytes per second for downloads; any sets no limit"),
    MAX_UPLOAD(
            Kind.VALUE,
            "MB",
            "any",
            "at most so many megabytes per second of models for other members; any sets no limit"),
    SHARE(Kind.VALUE, "MODELS", "all", "models that members may copy from here: all, none, or names parted by commas"),
    USE_CACHES(
            Kind.SWITCH,
            "",
            "false",
            "serve models that the hub's tools, llama.cpp or Ollama fetched from where they lie; nothing there is changed"),
    OFFLINE(Kind.SWITCH, "", "false", "never leave this machine and its mesh: no download, no install, no STUN"),
    DATA_DIR(Kind.VALUE, "DIR", "~/.mesh", "everything mesh keeps; one daemon per folder"),
    CONFIG(
            Kind.VALUE,
            "FILE",
            "mesh.toml",
            "settings by name, one per line; a plain name is looked for in the data dir"),
    NAME(Kind.VALUE, "NAME", "auto", "what people call this node; auto takes the machine's name"),
    LOG_FORMAT(Kind.VALUE, "FORMAT", "pretty", "pretty for people, or json: one object per line on standard output"),
    LOG_LEVEL(Kind.VALUE, "LEVEL", "info", "error, warn, info or debug");

    /** How a setting is written. */
    public enum Kind {
        /** One word follows. */
        VALUE,
        /** One word may follow; alone it means the default. */
        OPTIONAL,
        /** May be said several times; an array in the file. */
        LIST,
        /** Said or not said. */
        SWITCH
    }

    private final Kind kind;
    private final String placeholder;
    private final String preset;
    private final String meaning;

    Setting(Kind kind, String placeholder, String preset, String meaning) {
        this.kind = kind;
        this.placeholder = placeholder;
        this.preset = preset;
        this.meaning = meaning;
    }

    /** The name in the file, and with two dashes before it on the command line. */
    public String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    public String flag() {
        return "--" + key();
    }

    public String environmentName() {
        return switch (this) {
            case DATA_DIR -> "MESH_HOME";
            case EPHEMERAL -> "MESH_EPHEMERAL_KEY";
            default -> "MESH_" + name();
        };
    }

    public Kind kind() {
        return kind;
    }

    public String placeholder() {
        return placeholder;
    }

    /** The default, as text; empty for a list without members. */
    public String preset() {
        return preset;
    }

    /** Whether what is said must not be shown: whoever reads an invite can use it. */
    public boolean isSecret() {
        return this == JOIN;
    }

    public String meaning() {
        return meaning;
    }

    public static Optional<Setting> named(String key) {
        return Arrays.stream(values()).filter(s -> s.key().equals(key)).findFirst();
    }

    public static List<String> keys() {
        return Arrays.stream(values()).map(Setting::key).toList();
    }
}
