package mesh.daemon.models;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import mesh.core.id.ModelRef;
import mesh.core.model.PartName;
import org.junit.jupiter.api.Test;

/** The promises of the bundled catalog, and that the schema beside it is a true description. */
class CatalogTest {
    private final Catalog catalog = Catalog.bundled();

    @Test
    void bundledCatalogFollowsItsSchema() throws IOException {
        var faults = new ArrayList<String>();

        compare(json("models.json"), json("models.schema.json"), "$", faults);

        assertThat(faults).isEmpty();
        assertThat(catalog.entries()).hasSizeGreaterThanOrEqualTo(40);
    }

    @Test
    void schemaCatchesWhatItForbids() throws IOException {
        JsonNode schema = json("models.schema.json");
        var faults = new ArrayList<String>();

        compare(new JsonMapper().readTree("""
                {"models": [{"name": " ", "files": [], "projector": {"name": "a.bin", "sha256": "12"}, "context": 1, "capabilities": ["flying"], "colour": 1}]}"""), schema, "$", faults);

        assertThat(faults)
                .contains(
                        "$.models[0].name: not like ^[A-Za-z0-9][A-Za-z0-9._-]{1,99}$",
                        "$.models[0].files: too few",
                        "$.models[0].projector.name: not like ^([A-Za-z0-9._-]+/)*[A-Za-z0-9._-]+\\.gguf$",
                        "$.models[0].projector.sha256: not like ^[0-9a-f]{64}$",
                        "$.models[0].context: too small",
                        "$.models[0].capabilities[0]: not of the list",
                        "$.models[0].colour: unknown",
                        "$.models[0].license: missing");
    }

    @Test
    void namesAndFilesStandOnce() {
        assertThat(catalog.entries().stream().map(entry -> entry.name().toLowerCase(Locale.ROOT)))
                .doesNotHaveDuplicates();
        assertThat(catalog.entries().stream()
                        .flatMap(entry -> entry.files().stream())
                        .map(Catalog.Entry.Part::fileName))
                .doesNotHaveDuplicates();
        assertThat(catalog.entries()).allMatch(entry -> ModelRef.isName(entry.name()));
        assertThat(catalog.entries())
                .noneMatch(entry -> DemoModel.named(entry.name()).isPresent());
    }

    @Test
    void draftsExistAndAreMuchSmaller() {
        Map<String, Catalog.Entry> byName = new HashMap<>();
        for (Catalog.Entry entry : catalog.entries()) byName.put(entry.name(), entry);

        for (Catalog.Entry entry : catalog.entries()) {
            if (entry.draft() == null) continue;
            assertThat(byName).as(entry.name()).containsKey(entry.draft());
            Catalog.Entry draft = Objects.requireNonNull(byName.get(entry.draft()));

            assertThat(draft.family()).as(entry.name()).isEqualTo(entry.family());
            assertThat(draft.parametersBillions()).as(entry.name()).isLessThan(entry.parametersBillions() / 5);
        }
    }

    @Test
    void partsAreNamedInOrderAndLieInOneFolder() {
        for (Catalog.Entry entry : catalog.entries()) {
            if (entry.files().size() == 1) continue;
            List<String> names =
                    entry.files().stream().map(Catalog.Entry.Part::fileName).toList();

            assertThat(PartName.parse(names.getFirst()).map(PartName::fileNames))
                    .as(entry.name())
                    .contains(names);
            assertThat(entry.files().stream().map(CatalogTest::folder).distinct())
                    .hasSize(1);
        }
    }

    /** A size that was copied from another row, or lost a digit, is off by more than any mixture of tensor types is. */
    @Test
    void sizesSuitParametersAndQuantization() {
        for (Catalog.Entry entry : catalog.entries()) {
            if (entry.bytes().isEmpty()) continue;
            double bits = entry.bytes().getAsLong() * 8 / (entry.parametersBillions() * 1e9);
            double usual = Catalog.bitsPerWeight(entry.quantization());

            // Small models keep large vocabularies in better types.
            double most = entry.parametersBillions() < 2 ? 1.7 : 1.15;
            assertThat(bits).as(entry.name()).isBetween(usual * 0.85, usual * most);
        }
    }

    @Test
    void expertsAreFewerThanAll() {
        for (Catalog.Entry entry : catalog.entries())
            if (entry.activeBillions() != null)
                assertThat(entry.activeBillions()).as(entry.name()).isLessThan(entry.parametersBillions() / 2);
    }

    @Test
    void whatSeesHasAProjector() {
        for (Catalog.Entry entry : catalog.entries())
            assertThat(entry.projector() != null)
                    .as(entry.name())
                    .isEqualTo(entry.capabilities().contains("vision"));
    }

    @Test
    void everyKindAndSizeIsThere() {
        var capabilities = catalog.entries().stream()
                .flatMap(entry -> entry.capabilities().stream())
                .collect(java.util.stream.Collectors.toSet());

        assertThat(capabilities).contains("chat", "code", "tools", "reasoning", "vision", "embedding", "rerank");
        assertThat(catalog.entries()).anyMatch(entry -> entry.parametersBillions() > 600);
        assertThat(catalog.entries()).anyMatch(entry -> entry.activeBillions() != null);
    }

    private static String folder(Catalog.Entry.Part part) {
        return part.name().substring(0, part.name().length() - part.fileName().length());
    }

    private static JsonNode json(String name) throws IOException {
        try (InputStream in = Catalog.class.getResourceAsStream("/mesh/catalog/" + name)) {
            return new JsonMapper().readTree(in);
        }
    }

    /** As much of JSON Schema as our schema uses. */
    private static void compare(JsonNode value, JsonNode schema, String at, List<String> faults) {
        String type = schema.path("type").asText();
        boolean fits = switch (type) {
            case "object" -> value.isObject();
            case "array" -> value.isArray();
            case "string" -> value.isTextual();
            case "integer" -> value.isIntegralNumber();
            case "number" -> value.isNumber();
            default -> false;
        };
        if (!fits) faults.add(at + ": not " + type);
        if (schema.has("pattern") && !Pattern.matches(schema.get("pattern").asText(), value.asText()))
            faults.add(at + ": not like " + schema.get("pattern").asText());
        if (schema.has("minimum") && value.asDouble() < schema.get("minimum").asDouble())
            faults.add(at + ": too small");
        if (value.size() < schema.path("minItems").asInt()) faults.add(at + ": too few");
        if (schema.has("enum") && !contains(schema.get("enum"), value)) faults.add(at + ": not of the list");
        for (JsonNode required : schema.path("required"))
            if (!value.has(required.asText())) faults.add(at + "." + required.asText() + ": missing");
        if (value.isArray())
            for (int i = 0; i < value.size(); i++)
                compare(value.get(i), schema.get("items"), at + "[" + i + "]", faults);
        for (var field : value.properties()) {
            JsonNode property = schema.path("properties").path(field.getKey());
            if (property.isMissingNode()) faults.add(at + "." + field.getKey() + ": unknown");
            else compare(field.getValue(), property, at + "." + field.getKey(), faults);
        }
    }

    private static boolean contains(JsonNode list, JsonNode value) {
        for (JsonNode one : list) if (one.equals(value)) return true;
        return false;
    }
}
