package mesh.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import mesh.core.id.NodeId;
import mesh.daemon.hardware.Device;
import mesh.daemon.log.LogFormat;
import mesh.daemon.log.LogLevel;
import mesh.daemon.loop.Reach;
import mesh.daemon.models.Eyes;
import mesh.daemon.serve.Drafts;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigTest {
    @TempDir
    Path dataDir;

    private static final String RELAY = "ab".repeat(32) + "@192.0.2.1:4000";

    Map<Setting, List<String>> home;

    @BeforeEach
    void pointAtAnEmptyDataDir() {
        home = Map.of(Setting.DATA_DIR, List.of(dataDir.toString()));
    }

    @Test
    void projectorIsForTheOneModelThatIsServed() throws Refusal {
        Map<Setting, List<String>> one =
                Map.of(Setting.MODEL, List.of("big.gguf"), Setting.MMPROJ, List.of("/models/eyes.gguf"));
        Map<Setting, List<String>> two =
                Map.of(Setting.MODEL, List.of("a", "b"), Setting.MMPROJ, List.of("/models/eyes.gguf"));

        assertThat(config(one, Map.of()).serve().eyes())
                .isEqualTo(new Eyes(Optional.of(Path.of("/models/eyes.gguf")), "big.gguf", false));
        assertThat(config(Map.of(Setting.NO_MMPROJ, List.of("true")), Map.of())
                        .serve()
                        .eyes()
                        .isOff())
                .isTrue();
        assertThatThrownBy(() -> config(two, Map.of()))
                .isInstanceOf(Refusal.class)
                .hasMessageContaining("one --model");
    }

    @Test
    void defaultsAreThese() throws Refusal {
        Config config = config(Map.of(), Map.of());

        assertThat(config.models()).isEmpty();
        assertThat(config.ports()).isEqualTo(new Config.Ports(9337, Config.Console.FULL, 3131, Optional.empty()));
        assertThat(config.serve())
                .isEqualTo(new Config.Serve(
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        OptionalLong.empty(),
                        false,
                        List.of(),
                        new Drafts.Wish(Optional.empty(), 8, false),
                        Eyes.USUAL,
                        Optional.empty(),
                        Duration.ofSeconds(30)));
        assertThat(config.mesh())
                .isEqualTo(new Config.Mesh(
                        List.of(), new InetSocketAddress(0), false, false, new Reach(List.of(), List.of())));
        assertThat(config.listing().isPublished()).isFalse();
        assertThat(config.listing().isSought()).isFalse();
        assertThat(config.listing().clientsMax()).isZero();
        assertThat(config.listing().interval()).isEqualTo(Duration.ofSeconds(60));
        assertThat(config.listing().relays())
                .hasSize(4)
                .allMatch(relay -> relay.getScheme().equals("wss"));
        assertThat(config.engine().binDir()).isEmpty();
        assertThat(config.offline()).isFalse();
        assertThat(config.log()).isEqualTo(new Config.Log(LogFormat.PRETTY, LogLevel.INFO));
        assertThat(config.name()).isNotBlank();
    }

    @Test
    void everySettingReachesItsField() throws Refusal {
        Config config = config(
                Map.ofEntries(
                        Map.entry(Setting.MODEL, List.of("demo", "/m.gguf")),
                        Map.entry(Setting.PORT, List.of("0")),
                        Map.entry(Setting.CONSOLE, List.of("4000")),
                        Map.entry(Setting.ALLOW_HOST, List.of("mesh.example")),
                        Map.entry(Setting.ALLOW_ORIGIN, List.of("https://chat.example:8443")),
                        Map.entry(Setting.HEADLESS, List.of("true")),
                        Map.entry(Setting.CONSOLE_DIR, List.of("/web")),
                        Map.entry(Setting.JOIN, List.of("mesh1.a", "mesh1.b")),
                        Map.entry(Setting.BIND_PORT, List.of("4001")),
                        Map.entry(Setting.BIND_IP, List.of("127.0.0.2")),
                        Map.entry(Setting.RELAY, List.of(RELAY)),
                        Map.entry(Setting.STUN, List.of("stun.example.org:3478")),
                        Map.entry(Setting.EPHEMERAL, List.of("true")),
                        Map.entry(Setting.CTX_SIZE, List.of("2048")),
                        Map.entry(Setting.PARALLEL, List.of("2")),
                        Map.entry(Setting.THREADS, List.of("1")),
                        Map.entry(Setting.MAX_VRAM, List.of("1.5")),
                        Map.entry(Setting.SPLIT_PATIENCE, List.of("12")),
                        Map.entry(Setting.BIN_DIR, List.of("/opt/llama")),
                        Map.entry(Setting.OFFLINE, List.of("true")),
                        Map.entry(Setting.NAME, List.of("attic")),
                        Map.entry(Setting.LOG_FORMAT, List.of("json")),
                        Map.entry(Setting.LOG_LEVEL, List.of("debug"))),
                Map.of());

        assertThat(config.models()).containsExactly("demo", "/m.gguf");
        assertThat(config.ports())
                .isEqualTo(new Config.Ports(0, Config.Console.HEADLESS, 4000, Optional.of(Path.of("/web"))));
        assertThat(config.callers())
                .isEqualTo(new Config.Callers(List.of("mesh.example"), List.of("https://chat.example:8443")));
        assertThat(config.mesh())
                .isEqualTo(new Config.Mesh(
                        List.of("mesh1.a", "mesh1.b"),
                        new InetSocketAddress("127.0.0.2", 4001),
                        true,
                        false,
                        // Offline, nobody outside is asked.
                        new Reach(List.of(Reach.NamedRelay.parse(RELAY).orElseThrow()), List.of())));
        assertThat(config.serve())
                .isEqualTo(new Config.Serve(
                        OptionalInt.of(2048),
                        OptionalInt.of(2),
                        OptionalInt.of(1),
                        OptionalLong.of(1_500_000_000L),
                        false,
                        List.of(),
                        new Drafts.Wish(Optional.empty(), 8, false),
                        Eyes.USUAL,
                        Optional.empty(),
                        Duration.ofSeconds(12)));
        assertThat(config.engine().binDir()).contains(Path.of("/opt/llama"));
        assertThat(config.offline()).isTrue();
        assertThat(config.name()).isEqualTo("attic");
        assertThat(config.dataDir()).isEqualTo(dataDir);
        assertThat(config.log()).isEqualTo(new Config.Log(LogFormat.JSON, LogLevel.DEBUG));
    }

    @Test
    void deviceThatTheEngineDoesNotHaveIsRefusedWithThoseItHas() throws Refusal {
        var there = Device.parse("  CUDA0: A (100 MiB, 90 MiB free)\n  CUDA1: B (100 MiB, 90 MiB free)");

        assertThat(config(Map.of(Setting.DEVICE, List.of("CUDA1")), Map.of())
                        .serve()
                        .chosen(there))
                .containsExactly(there.get(1));
        assertThat(config(Map.of(Setting.DEVICE, List.of("none")), Map.of())
                        .serve()
                        .chosen(there))
                .isEmpty();
        assertThat(config(Map.of(), Map.of()).serve().chosen(there)).isEqualTo(there);
        assertThatThrownBy(() -> config(Map.of(Setting.DEVICE, List.of("CUDA2")), Map.of())
                        .serve()
                        .chosen(there))
                .hasMessageContaining("CUDA0, CUDA1");
        assertThatThrownBy(() -> config(Map.of(Setting.DEVICE, List.of("a b")), Map.of()))
                .hasMessageContaining("--device");
    }

    @Test
    void relaysAndStunServersAreReadOrRefusedWithTheirForm() throws Refusal {
        var said = Map.of(
                Setting.RELAY, List.of("ab".repeat(32)), Setting.STUN, List.of("stun.example.org:3478", "192.0.2.1:1"));

        assertThat(config(said, Map.of()).mesh().reach())
                .isEqualTo(new Reach(
                        List.of(new Reach.NamedRelay(NodeId.parse("ab".repeat(32)), List.of())),
                        List.of(new Reach.StunServer("stun.example.org", 3478), new Reach.StunServer("192.0.2.1", 1))));
        assertThatThrownBy(() -> config(Map.of(Setting.RELAY, List.of("relay.example.org")), Map.of()))
                .hasMessageContaining("ID@ADDRESS:PORT");
        assertThatThrownBy(() -> config(Map.of(Setting.STUN, List.of("stun.example.org")), Map.of()))
                .hasMessageContaining("HOST:PORT");
    }

    @Test
    void everySettingOfAListingReachesItsField() throws Refusal {
        String key = "3bf0c63fcb93463407af97a5e5ee64fa883d107ef9e558472c4eb9aaaefa459d";

        Config.Listing listing = config(
                        Map.of(
                                Setting.PUBLISH, List.of("true"),
                                Setting.DISCOVER, List.of("Sydney Lab"),
                                Setting.MESH_NAME, List.of("Perth Lab"),
                                Setting.REGION, List.of("AU"),
                                Setting.MAX_CLIENTS, List.of("5"),
                                Setting.NOSTR_RELAY, List.of("ws://127.0.0.1:1", "wss://relay.example"),
                                Setting.NOSTR_TRUST, List.of(key),
                                Setting.NOSTR_INVITE, List.of(key),
                                Setting.PUBLISH_INTERVAL, List.of("4")),
                        Map.of())
                .listing();

        assertThat(listing)
                .isEqualTo(new Config.Listing(
                        true,
                        true,
                        "Sydney Lab",
                        "Perth Lab",
                        "AU",
                        5,
                        List.of(URI.create("ws://127.0.0.1:1"), URI.create("wss://relay.example")),
                        Set.of(key),
                        List.of(key),
                        Duration.ofSeconds(4)));
    }

    @ParameterizedTest
    @CsvSource({"PUBLISH, true", "AUTO, true", "DISCOVER, ''"})
    void offlineForbidsWhatSpeaksToRelays(Setting setting, String word) {
        var said = Map.of(Setting.OFFLINE, List.of("true"), setting, List.of(word));

        assertThatThrownBy(() -> config(said, Map.of()))
                .isInstanceOfSatisfying(
                        Refusal.class, r -> assertThat(r.reason()).isEqualTo("offline"));
    }

    @Test
    void commandLineBeatsEnvironmentBeatsFileBeatsDefault() throws Exception {
        Files.writeString(
                dataDir.resolve("mesh.toml"), "port = 1001\nparallel = 3\nctx-size = 512\nmodel = [\"a\", \"b\"]\n");
        var environment = Map.of("MESH_PORT", "1002", "MESH_PARALLEL", "4");

        var settings = Settings.resolve(with(Map.of(Setting.PORT, List.of("1003"))), environment);

        assertThat(settings.of(Setting.PORT))
                .isEqualTo(new Settings.Value(List.of("1003"), Settings.Origin.COMMAND_LINE));
        assertThat(settings.of(Setting.PARALLEL))
                .isEqualTo(new Settings.Value(List.of("4"), Settings.Origin.ENVIRONMENT));
        assertThat(settings.of(Setting.CTX_SIZE)).isEqualTo(new Settings.Value(List.of("512"), Settings.Origin.FILE));
        assertThat(settings.of(Setting.MODEL).words()).containsExactly("a", "b");
        assertThat(settings.of(Setting.NAME).origin()).isEqualTo(Settings.Origin.DEFAULT);
    }

    @Test
    void dataDirComesFromMeshHome() throws Refusal {
        var settings = Settings.resolve(Map.of(), Map.of("MESH_HOME", dataDir.toString()));

        assertThat(Config.of(settings).dataDir()).isEqualTo(dataDir);
    }

    @Test
    void clientIsEphemeralAndNeedsAnInviteAndServesNothing() throws Refusal {
        var invite = Map.entry(Setting.JOIN, List.of("mesh1.a"));
        var client = Map.entry(Setting.CLIENT, List.of("true"));

        assertThat(config(Map.ofEntries(client, invite), Map.of()).mesh())
                .isEqualTo(new Config.Mesh(
                        List.of("mesh1.a"), new InetSocketAddress(0), true, true, new Reach(List.of(), List.of())));
        assertThatThrownBy(() -> config(Map.ofEntries(client), Map.of())).hasMessageContaining("--join");
        assertThatThrownBy(() ->
                        config(Map.ofEntries(client, invite, Map.entry(Setting.MODEL, List.of("demo"))), Map.of()))
                .hasMessageContaining("--model");
    }

    @Test
    void ephemeralKeyHasItsOwnNameInTheEnvironment() throws Refusal {
        assertThat(config(Map.of(), Map.of("MESH_EPHEMERAL_KEY", "1")).mesh().isEphemeral())
                .isTrue();
    }

    @Test
    void invitesAreNotShown() throws Refusal {
        assertThat(config(Map.of(Setting.JOIN, List.of("mesh1.secret")), Map.of()))
                .asString()
                .doesNotContain("secret");
    }

    @Test
    void ratiosOfASplitAreKeptInThousandths() throws Refusal {
        var serve = config(Map.of(Setting.TENSOR_SPLIT, List.of("0.67,0.33"), Setting.SPLIT, List.of("true")), Map.of())
                .serve();

        assertThat(serve.ratios()).containsExactly(670, 330);
        assertThat(serve.isSplit()).isTrue();
    }

    @Test
    void unknownKeyInTheFileNamesTheNearest() throws Exception {
        Files.writeString(dataDir.resolve("mesh.toml"), "paralel = 3\n");

        assertThatThrownBy(() -> config(Map.of(), Map.of()))
                .isInstanceOf(Refusal.class)
                .hasMessageContaining("paralel")
                .hasMessageContaining("did you mean parallel?");
    }

    @Test
    void malformedFileAndMissingNamedFileAreRefused() throws Exception {
        Files.writeString(dataDir.resolve("mesh.toml"), "port = = 3\n");
        assertThatThrownBy(() -> config(Map.of(), Map.of())).hasMessageContaining("mesh.toml");

        assertThatThrownBy(() -> config(Map.of(Setting.CONFIG, List.of("other.toml")), Map.of()))
                .isInstanceOfSatisfying(
                        Refusal.class, r -> assertThat(r.exitCode()).isEqualTo(Refusal.MISSING));
    }

    @ParameterizedTest
    @CsvSource({
        "PORT, 65536, 0 to 65535",
        "PORT, x, 0 to 65535",
        "PARALLEL, 0, 1 to 256",
        "MAX_VRAM, -1, gigabytes",
        "MAX_VRAM, much, gigabytes",
        "TENSOR_SPLIT, 1, ratios",
        "TENSOR_SPLIT, '1,0', ratios",
        "TENSOR_SPLIT, '1,b', ratios",
        "BIND_IP, localhost, an IP address",
        "BIND_PORT, -1, 0 to 65535",
        "NOSTR_RELAY, ws://relay.example, wss",
        "NOSTR_TRUST, npub1x, an npub",
        "ALLOW_HOST, mesh.example:80, a name",
        "ALLOW_ORIGIN, https://chat.example/, an origin",
        "ALLOW_ORIGIN, *, an origin",
        "NOSTR_INVITE, npub1x, an npub",
        "MAX_CLIENTS, -1, 0 to 100000",
        "LOG_FORMAT, xml, 'pretty, json'",
        "OFFLINE, maybe, true or false",
    })
    void valueOutOfRangeNamesFlagValueAndRange(Setting setting, String word, String expected) {
        assertThatThrownBy(() -> config(Map.of(setting, List.of(word)), Map.of()))
                .isInstanceOfSatisfying(
                        Refusal.class, r -> assertThat(r.exitCode()).isEqualTo(Refusal.USAGE))
                .hasMessageContaining(setting.flag())
                .hasMessageContaining(word)
                .hasMessageContaining(expected);
    }

    private Config config(Map<Setting, List<String>> said, Map<String, String> environment) throws Refusal {
        return Config.of(Settings.resolve(with(said), environment));
    }

    private Map<Setting, List<String>> with(Map<Setting, List<String>> said) {
        var all = new java.util.EnumMap<Setting, List<String>>(home);
        all.putAll(said);
        return all;
    }
}
