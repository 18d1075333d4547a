package mesh.daemon.engine;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import mesh.core.Check;

/**
 * Upstream's release archives that this program vouches for, one per platform: address, size and hash. Read from the
 * resource {@code releases.json}, whose form {@code releases.schema.json} describes. Immutable.
 */
record Releases(List<Release> releases) {
    /**
     * One archive.
     *
     * @param platform as {@link #platform()} names it
     * @param version upstream's name of the build
     */
    record Release(String platform, String version, URI url, long bytes, String sha256) {
        Release {
            Check.that(platform.matches("[a-z]+-[a-z0-9_]+"), "a platform is named system-processor", platform);
            Check.that(version.matches("[A-Za-z0-9._-]+"), "a version can name a folder", version);
            Check.that(sha256.matches("[0-9a-f]{64}"), "a SHA-256 has 64 hexadecimal digits", sha256);
            Check.that(bytes > 0, "an archive holds bytes", bytes);
        }
    }

    Releases {
        releases = List.copyOf(releases);
    }

    static Releases bundled() {
        try (InputStream in = Releases.class.getResourceAsStream("releases.json")) {
            return parse(Objects.requireNonNull(in, "releases.json is not on the class path"));
        } catch (IOException broken) {
            throw new UncheckedIOException("releases.json cannot be read", broken);
        }
    }

    static Releases parse(InputStream json) throws IOException {
        return new ObjectMapper()
                .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
                .readValue(json, Releases.class);
    }

    Optional<Release> forPlatform(String platform) {
        return releases.stream()
                .filter(release -> release.platform.equals(platform))
                .findFirst();
    }

    /** This machine, such as {@code linux-x86_64} or {@code macos-aarch64}. */
    static String platform() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String processor = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        return (system.startsWith("mac") ? "macos" : system.split(" ")[0])
                + "-"
                + (processor.equals("amd64") ? "x86_64" : processor);
    }
}
