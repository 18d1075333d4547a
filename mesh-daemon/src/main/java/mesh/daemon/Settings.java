package mesh.daemon;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import mesh.core.id.Near;

/**
 * Every setting with its text and where the text came from: command line over environment over file over default. Still
 * words; {@link Config} gives them types. Immutable.
 */
public final class Settings {
    /** Where a value was said. */
    public enum Origin {
        COMMAND_LINE("command line"),
        ENVIRONMENT("environment"),
        FILE("file"),
        DEFAULT("default");

        private final String words;

        Origin(String words) {
            this.words = words;
        }

        @Override
        public String toString() {
            return words;
        }
    }

    /** What a setting says, as the user wrote it. */
    public record Value(List<String> words, Origin origin) {
        public Value {
            words = List.copyOf(words);
        }

        /** The one word of a setting that takes one; the last wins where it was said twice. */
        public String word() {
            return words.isEmpty() ? "" : words.getLast();
        }
    }

    private final Map<Setting, Value> values;

    private Settings(Map<Setting, Value> values) {
        this.values = values;
    }

    public static Settings resolve(Map<Setting, List<String>> said, Map<String, String> environment) throws Refusal {
        var values = new EnumMap<Setting, Value>(Setting.class);
        for (Setting setting : Setting.values()) values.put(setting, preset(setting));
        environment(environment, values);
        said.forEach((setting, words) -> values.put(setting, new Value(words, Origin.COMMAND_LINE)));
        // The file's own place is settled by now, and what it says stands below both.
        Map<Setting, Value> file = file(values);
        file.forEach((setting, value) -> {
            if (value(values, setting).origin() == Origin.DEFAULT) values.put(setting, value);
        });
        return new Settings(values);
    }

    public Value of(Setting setting) {
        return value(values, setting);
    }

    private static Value value(Map<Setting, Value> values, Setting setting) {
        return Objects.requireNonNull(values.get(setting));
    }

    private static Value preset(Setting setting) {
        return new Value(setting.preset().isEmpty() ? List.of() : List.of(setting.preset()), Origin.DEFAULT);
    }

    private static void environment(Map<String, String> environment, Map<Setting, Value> values) {
        for (Setting setting : Setting.values()) {
            String text = environment.get(setting.environmentName());
            if (text == null || text.isEmpty()) continue;
            List<String> words = setting.kind() == Setting.Kind.LIST ? List.of(text.split(",")) : List.of(text);
            values.put(setting, new Value(words, Origin.ENVIRONMENT));
        }
    }

    private static Map<Setting, Value> file(Map<Setting, Value> settled) throws Refusal {
        Value where = value(settled, Setting.CONFIG);
        Path dataDir = Config.path(value(settled, Setting.DATA_DIR).word());
        Path file = dataDir.resolve(Config.path(where.word()));
        if (!Files.exists(file)) {
            if (where.origin() == Origin.DEFAULT) return Map.of();
            throw new Refusal(Refusal.MISSING, "config_missing", "no such config file: " + file);
        }
        String text;
        try {
            text = Files.readString(file);
        } catch (IOException unreadable) {
            throw new Refusal(
                    Refusal.FAILED, "config_unreadable", "cannot read config file " + file + ": " + unreadable);
        }
        return parse(file, text);
    }

    private static Map<Setting, Value> parse(Path file, String text) throws Refusal {
        JsonNode table;
        try {
            table = new TomlMapper().readTree(text);
        } catch (JsonProcessingException malformed) {
            throw new Refusal(Refusal.USAGE, "config_malformed", file + ": " + malformed.getOriginalMessage());
        }
        var values = new EnumMap<Setting, Value>(Setting.class);
        for (Map.Entry<String, JsonNode> row : table.properties()) {
            Setting setting = Setting.named(row.getKey()).orElseThrow(() -> unknown(file, row.getKey()));
            values.put(setting, new Value(words(row.getValue()), Origin.FILE));
        }
        return values;
    }

    private static Refusal unknown(Path file, String key) {
        List<String> near = Near.names(key, Setting.keys());
        String hint = near.isEmpty() ? "" : "; did you mean " + near.getFirst() + "?";
        return new Refusal(Refusal.USAGE, "config_unknown_key", file + ": unknown setting " + key + hint);
    }

    private static List<String> words(JsonNode value) {
        if (!value.isArray()) return List.of(value.asText());
        var words = new ArrayList<String>();
        for (JsonNode word : value) words.add(word.asText());
        return words;
    }
}
