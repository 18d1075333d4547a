package mesh.daemon.engine;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Looks for a llama.cpp that works: the folder the user named, which then is the only place; else the managed install,
 * {@code PATH}, and the folders where people put it. Blocks while it runs what it finds.
 */
public final class EngineFinder {
    private static final List<String> USUAL_FOLDERS =
            List.of("/usr/local/bin", "/usr/bin", "/opt/homebrew/bin", "/usr/lib/llama.cpp");

    private EngineFinder() {}

    /** What came of the search. */
    public sealed interface Search {
        record Found(Engine engine) implements Search {}

        /** Every place with what is wrong there, for a message a person can act on. */
        record NotFound(List<Place> looked) implements Search {
            public NotFound {
                looked = List.copyOf(looked);
            }
        }
    }

    /** One folder that did not do. */
    public record Place(Path folder, String verdict) {}

    /** {@code managed} is where {@code mesh engine install} puts its installs. */
    public static Search find(@Nullable Path binDir, EngineShelf managed) throws InterruptedException {
        var looked = new ArrayList<Place>();
        for (Path folder : binDir != null ? List.of(binDir) : candidates(managed)) {
            switch (EngineProbe.of(folder)) {
                case EngineProbe.Answer.Works(Engine engine) -> {
                    return new Search.Found(engine);
                }
                case EngineProbe.Answer.Absent() -> looked.add(new Place(folder, "no llama-server"));
                case EngineProbe.Answer.Broken(String message) -> looked.add(new Place(folder, message));
            }
        }
        return new Search.NotFound(looked);
    }

    private static List<Path> candidates(EngineShelf managed) {
        var folders = new ArrayList<Path>();
        managed.current().ifPresent(folders::add);
        String path = System.getenv("PATH");
        if (path != null)
            for (String folder : path.split(File.pathSeparator)) if (!folder.isEmpty()) folders.add(Path.of(folder));
        for (String folder : USUAL_FOLDERS) folders.add(Path.of(folder));
        return folders.stream().distinct().toList();
    }
}
