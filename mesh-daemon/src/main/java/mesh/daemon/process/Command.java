package mesh.daemon.process;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mesh.core.Check;

/**
 * What to run: the program with its arguments, and variables added to the scrubbed environment. Secrets belong in the
 * variables, because every user of the machine can read another's arguments; so {@code toString} leaves them out.
 *
 * @param sight to which it is confined; empty: it sees what its user sees
 */
public record Command(List<String> words, Map<String, String> variables, Optional<Sight> sight) {
    public Command {
        Check.that(!words.isEmpty(), "a command names a program");
        words = List.copyOf(words);
        variables = new LinkedHashMap<>(variables);
    }

    public Command(List<String> words, Map<String, String> variables) {
        this(words, variables, Optional.empty());
    }

    /**
     * What a program needs of its user's files, beside the folder it lies in.
     *
     * @param files that it reads, beside those that its words name by their whole path
     * @param keepsCompiled whether what drivers compile for it is kept from start to start
     */
    public record Sight(List<Path> files, boolean keepsCompiled) {
        public Sight {
            files = List.copyOf(files);
        }
    }

    /** The same with less in sight. */
    public Command within(Sight needed) {
        return new Command(words, variables, Optional.of(needed));
    }

    @Override
    public String toString() {
        return String.join(" ", words);
    }
}
