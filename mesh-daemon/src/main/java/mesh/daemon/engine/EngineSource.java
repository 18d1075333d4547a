package mesh.daemon.engine;

import java.net.URI;
import java.nio.file.Path;
import java.util.Locale;

/** Where an install comes from. Whatever it is, its bytes are checked before one of them runs. */
public sealed interface EngineSource {
    /** Steadier than the suite all packages enter first, and the oldest that has llama.cpp. */
    String SUITE = "forky";

    /** A Debian suite through the machine's own {@code apt-get}, whose keyring vouches for every package. */
    record Debian(String suite) implements EngineSource {}

    /** The archive that upstream released and {@code releases.json} pins for this platform. */
    record Release() implements EngineSource {}

    /** An archive the user names together with its hash. */
    record Remote(URI uri, String sha256) implements EngineSource {
        public Remote {
            sha256 = sha256.toLowerCase(Locale.ROOT);
        }
    }

    /** An archive on this machine. */
    record Local(Path archive) implements EngineSource {}

    /** What a machine without llama.cpp takes: upstream's release where one is pinned, else Debian's packages. */
    static EngineSource preferred() {
        return Releases.bundled().forPlatform(Releases.platform()).isPresent() ? new Release() : new Debian(SUITE);
    }
}
