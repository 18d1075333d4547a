package mesh.daemon;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.Collections;
import java.util.jar.Manifest;

/** Which mesh this is, as the build wrote it into the jar. */
public final class Version {
    private static final String KEY = "Mesh-Version";
    private static final String TEXT = read();

    private Version() {}

    public static String text() {
        return TEXT;
    }

    private static String read() {
        try {
            var manifests = Version.class.getClassLoader().getResources("META-INF/MANIFEST.MF");
            for (URL manifest : Collections.list(manifests)) {
                try (InputStream in = manifest.openStream()) {
                    String version = new Manifest(in).getMainAttributes().getValue(KEY);
                    if (version != null) return version;
                }
            }
        } catch (IOException unreadable) {
            return "unknown";
        }
        // Classes run straight from a build's folder, in tests.
        return "unbuilt";
    }
}
