package mesh.daemon.process;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mesh.core.Check;

/**
 * What to run: the program with its arguments, and variables added to the scrubbed environment. Secrets belong in the
 * variables, because every user of the machine can read another's arguments; so {@code toString} leaves them out.
 */
public record Command(List<String> words, Map<String, String> variables) {
    public Command {
        Check.that(!words.isEmpty(), "a command names a program");
        words = List.copyOf(words);
        variables = new LinkedHashMap<>(variables);
    }

    @Override
    public String toString() {
        return String.join(" ", words);
    }
}
