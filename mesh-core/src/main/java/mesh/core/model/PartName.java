package mesh.core.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of one file of a model that was cut into several, {@code stem-00002-of-00005.gguf}. The parts are numbered
 * from 1 and make one model together. Immutable.
 */
public record PartName(String stem, int number, int count) {
    /** What the splitter's own five digits allow is absurd; a 700 GB model in 1 GB parts still fits. */
    public static final int PARTS_MAX = 1024;

    private static final Pattern SHAPE = Pattern.compile("(.+)-(\\d{5})-of-(\\d{5})\\.gguf");

    public static Optional<PartName> parse(String fileName) {
        Matcher shape = SHAPE.matcher(fileName);
        if (!shape.matches()) return Optional.empty();
        int number = Integer.parseInt(shape.group(2));
        int count = Integer.parseInt(shape.group(3));
        if (number < 1 || number > count || count > PARTS_MAX) return Optional.empty();
        return Optional.of(new PartName(shape.group(1), number, count));
    }

    /** The file names of the whole set, first part first. */
    public List<String> fileNames() {
        var names = new ArrayList<String>(count);
        for (int part = 1; part <= count; part++) names.add("%s-%05d-of-%05d.gguf".formatted(stem, part, count));
        return names;
    }
}
