package mesh.daemon.engine;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The flags one binary lists in {@code --help}. llama.cpp renames and removes flags between builds and stops at one it
 * does not know, so a command line is built from this list alone. Immutable.
 */
public final class ServerFlags {
    /** One flag's spelling up to the next comma, blank or end. */
    private static final Pattern SPELLING = Pattern.compile("\\G(--?[A-Za-z][\\w-]*)(?:,\\s*)?");

    private static final Pattern VARIABLE = Pattern.compile("\\(env: (\\w+)\\)");

    private final Map<String, Flag> flags;

    private ServerFlags(Map<String, Flag> flags) {
        this.flags = new LinkedHashMap<>(flags);
    }

    /** Reads the help text; a flag that is listed only to say it is gone counts as unknown. */
    public static ServerFlags parse(String help) {
        var flags = new LinkedHashMap<String, Flag>();
        var entry = new StringBuilder();
        for (String line : help.lines().toList()) {
            if (line.startsWith("-") && !line.startsWith("-----")) {
                enter(entry, flags);
                entry.setLength(0);
            }
            entry.append(line).append('\n');
        }
        enter(entry, flags);
        return new ServerFlags(flags);
    }

    private static void enter(CharSequence entry, Map<String, Flag> into) {
        String text = entry.toString();
        if (!text.startsWith("-") || text.replaceAll("\\s+", " ").contains("has been removed")) return;
        var spellings = new java.util.ArrayList<String>();
        Matcher spelling = SPELLING.matcher(text);
        int end = 0;
        while (spelling.find()) {
            spellings.add(spelling.group(1));
            end = spelling.end();
        }
        // "--threads N   number of…": one blank before a value, many before the description.
        boolean takesValue = text.startsWith(" ", end) && !text.startsWith("  ", end);
        Matcher variable = VARIABLE.matcher(text);
        Flag flag = new Flag(takesValue, variable.find() ? variable.group(1) : "");
        for (String name : spellings) into.put(name, flag);
    }

    public boolean knows(String name) {
        return flags.containsKey(name);
    }

    /** The first of these spellings that the binary knows. */
    public Optional<String> firstOf(String... names) {
        for (String name : names) if (flags.containsKey(name)) return Optional.of(name);
        return Optional.empty();
    }

    public boolean takesValue(String name) {
        Flag flag = flags.get(name);
        return flag != null && flag.takesValue;
    }

    /** Whether the flag can be given as this environment variable as well. */
    public boolean readsVariable(String name, String variable) {
        Flag flag = flags.get(name);
        return flag != null && flag.variable.equals(variable);
    }

    public boolean isEmpty() {
        return flags.isEmpty();
    }

    private record Flag(boolean takesValue, String variable) {}
}
