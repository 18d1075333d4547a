package mesh.daemon.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import mesh.core.model.GgufHeader;
import mesh.core.model.GgufRead;
import mesh.core.model.GgufReader;
import mesh.daemon.log.Log;
import mesh.daemon.models.ModelFile.Projector;

/**
 * Finds what turns pictures into tokens for a model: the file {@code mmproj-MODEL.gguf} beside it, else the only one
 * there that is called {@code mmproj…}, except in the models folder, where models of all kinds lie together. Stateless;
 * reads folders and headers.
 */
final class Projectors {
    private static final Log log = Log.of(Projectors.class);

    /** How everybody who makes them begins their names. */
    private static final String PREFIX = "mmproj";

    /** What such a file says it is. */
    private static final String ARCHITECTURE = "clip";

    private Projectors() {}

    /** Whether a file is called like one. */
    static boolean isCalledSo(String fileName) {
        return fileName.toLowerCase(Locale.ROOT).startsWith(PREFIX) && fileName.endsWith(ModelNames.SUFFIX);
    }

    static boolean isOne(GgufHeader header) {
        return header.architecture().equals(ARCHITECTURE);
    }

    /** Under which it lies beside its model, whatever it was called where it came from: many are called the same. */
    static String nameFor(String modelFileName) {
        return PREFIX + "-" + ModelNames.stem(modelFileName) + ModelNames.SUFFIX;
    }

    static Optional<Projector> beside(Path model, Path modelsFolder) {
        Path own = model.resolveSibling(nameFor(ModelNames.fileName(model)));
        if (Files.isRegularFile(own)) return open(own);
        Path folder = model.toAbsolutePath().getParent();
        if (folder == null || folder.equals(modelsFolder.toAbsolutePath())) return Optional.empty();
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> found = files.filter(file -> isCalledSo(ModelNames.fileName(file)))
                    .filter(Files::isRegularFile)
                    .limit(2)
                    .toList();
            return found.size() == 1 ? open(found.getFirst()) : Optional.empty();
        } catch (IOException unreadable) {
            return Optional.empty();
        }
    }

    /** One that is damaged is left out, and said so: without it the model serves as well. */
    static Optional<Projector> open(Path path) {
        try (FileBytes bytes = FileBytes.open(path)) {
            switch (GgufReader.read(path.toString(), bytes)) {
                case GgufRead.Read(GgufHeader header) -> {
                    if (isOne(header)) return Optional.of(new Projector(path, header));
                    log.warn("projector.unusable", "file", path, "reason", "no_projector", "message", "");
                }
                case GgufRead.Refused(var reason, var message) ->
                    log.warn("projector.unusable", "file", path, "reason", reason.code(), "message", message);
            }
        } catch (IOException failed) {
            log.warn(
                    "projector.unusable",
                    "file",
                    path,
                    "reason",
                    "io_failed",
                    "message",
                    String.valueOf(failed.getMessage()));
        }
        return Optional.empty();
    }
}
