package mesh.daemon.models;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesh.core.model.PartName;
import mesh.daemon.models.ModelSource.RemoteFile;

/**
 * The place most models are published at, or a mirror of it: turns what people write into addresses. Immutable.
 *
 * @param root without a slash at its end
 */
public record Hub(URI root) {
    /** What a mirror stands in for. */
    public static final String USUAL = "https://huggingface.co";

    private static final String REVISION = "main";

    /** {@code org/repo/file.gguf}, also with the revision between, as the hub's own pages show it. */
    private static final Pattern SHORTHAND =
            Pattern.compile("([\\w.-]+/[\\w.-]+)/(?:(?:resolve|blob)/([\\w.-]+)/)?((?:[\\w. +-]+/)*[\\w. +-]+\\.gguf)");

    private static final Pattern HUB_HOST =
            Pattern.compile("(?:https?://)?(?:www\\.)?(?:huggingface\\.co|hf\\.co)/(.+)");

    public Hub {
        String text = root.toString();
        if (text.endsWith("/")) root = URI.create(text.substring(0, text.length() - 1));
    }

    public static Hub usual() {
        return new Hub(URI.create(USUAL));
    }

    /** What the catalog lists, at this hub. */
    ModelSource of(Catalog.Entry entry) {
        var files = new ArrayList<RemoteFile>();
        for (Catalog.Entry.Part part : entry.files())
            files.add(new RemoteFile(
                    part.fileName(),
                    address(entry.repository(), REVISION, part.name()),
                    part.bytes() == null ? OptionalLong.empty() : OptionalLong.of(part.bytes()),
                    Optional.ofNullable(part.sha256())));
        Catalog.Entry.Part sight = entry.projector();
        if (sight != null)
            files.add(new RemoteFile(
                    Projectors.nameFor(files.getFirst().name()),
                    address(entry.repository(), REVISION, sight.name()),
                    sight.bytes() == null ? OptionalLong.empty() : OptionalLong.of(sight.bytes()),
                    Optional.ofNullable(sight.sha256())));
        return new ModelSource(entry.ref(), files, entry.name());
    }

    /** A shorthand, a page of the hub, or the URL of any GGUF file; of a set, any part stands for the whole. */
    Optional<ModelSource> of(String said) {
        String path = said;
        Matcher hub = HUB_HOST.matcher(said);
        if (hub.matches()) path = hub.group(1).replaceFirst("[?#].*", "");
        else if (said.startsWith(root + "/"))
            path = said.substring(root.toString().length() + 1);
        else if (said.matches("(?i)https?://.*")) return elsewhere(said);
        Matcher shorthand = SHORTHAND.matcher(path);
        if (!shorthand.matches() || !isPlain(path)) return Optional.empty();
        String repository = shorthand.group(1);
        String revision = shorthand.group(2) == null ? REVISION : shorthand.group(2);
        String file = shorthand.group(3);
        String again =
                revision.equals(REVISION) ? repository + "/" + file : repository + "/resolve/" + revision + "/" + file;
        return Optional.of(source(file, name -> address(repository, revision, name), again));
    }

    private static Optional<ModelSource> elsewhere(String said) {
        try {
            URI uri = new URI(said);
            String path = uri.getPath() == null ? "" : uri.getPath();
            if (uri.getHost() == null || !path.endsWith(".gguf")) return Optional.empty();
            String name = path.substring(path.lastIndexOf('/') + 1);
            return Optional.of(source(name, part -> part.equals(name) ? uri : uri.resolve(escaped(part)), said));
        } catch (URISyntaxException malformed) {
            return Optional.empty();
        }
    }

    /** Dots that climb are no names. */
    private static boolean isPlain(String path) {
        for (String segment : path.split("/")) if (segment.matches("\\.+")) return false;
        return true;
    }

    private interface Addresses {
        URI of(String file);
    }

    private static ModelSource source(String file, Addresses addresses, String said) {
        int slash = file.lastIndexOf('/') + 1;
        String folder = file.substring(0, slash);
        String name = file.substring(slash);
        Optional<PartName> part = PartName.parse(name);
        List<String> names = part.map(PartName::fileNames).orElse(List.of(name));
        var files = new ArrayList<RemoteFile>();
        for (String each : names)
            files.add(new RemoteFile(each, addresses.of(folder + each), OptionalLong.empty(), Optional.empty()));
        return new ModelSource(ModelNames.ref(name), files, said);
    }

    private URI address(String repository, String revision, String file) {
        return URI.create(root + "/" + repository + "/resolve/" + revision + "/" + escaped(file));
    }

    private static String escaped(String path) {
        return path.replace("%", "%25").replace(" ", "%20").replace("#", "%23").replace("?", "%3F");
    }
}
