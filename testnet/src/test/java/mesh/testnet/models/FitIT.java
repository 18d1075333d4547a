package mesh.testnet.models;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesh.core.model.Fit;
import mesh.core.model.GgufWriter;
import mesh.daemon.models.Catalog;
import mesh.daemon.models.ModelFile;
import mesh.daemon.models.ModelStore;
import mesh.daemon.models.Resolved;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Our estimate against the engine's own: never less by more than its rounding to MiB, and never so much more that a
 * model that fits would be turned away.
 */
class FitIT {
    private static final long MIB = 1L << 20;

    /** The engine prints three whole MiB; each may be rounded by one. */
    private static final long ROUNDING_BYTES = 3 * MIB;

    /** What the estimate may add on the safe side: compute buffers that overlap, the engine itself aside. */
    private static final double SURPLUS = 0.05;

    private static final long SURPLUS_BYTES = 24 * MIB;

    private static final Pattern HOST = Pattern.compile("(?m)^Host (\\d+) (\\d+) (\\d+)");

    private static final String HEAD = """
            | Model | Architecture | Context | Slots | Engine, MiB | mesh, MiB | |
            |---|---|---|---|---|---|---|
            """;

    private RealLlama llama;

    @BeforeEach
    void findLlama() throws Exception {
        llama = RealLlama.orSkip();
    }

    @TempDir
    Path folder;

    @Test
    void modelsNeedWhatTheEngineSays() throws Exception {
        var table = new StringBuilder(HEAD);
        for (String demo : new String[] {"demo-tiny", "demo", "demo-large"})
            for (int[] ask : new int[][] {{512, 1}, {8192, 1}, {2048, 4}, {8192, 4}})
                table.append(compare(demo, open(demo), ask[0], ask[1]));
        for (Shape shape : Shape.published()) table.append(rows(shape));
        Files.writeString(Files.createDirectories(Path.of("target", "models")).resolve("fit.md"), table);
    }

    @Test
    void oddShapesNeedWhatTheEngineSays() throws Exception {
        for (Shape shape : Shape.odd()) rows(shape);
    }

    /** The weights are a hole in the file. */
    private String rows(Shape shape) throws Exception {
        Path file = folder.resolve(shape.label() + ".gguf");
        GgufWriter writer = shape.writer();
        byte[] header = writer.header();
        try (var out = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            out.write(ByteBuffer.wrap(header));
            out.write(ByteBuffer.allocate(1), header.length + writer.dataBytes() - 1);
        }
        ModelFile model = open(file.toString());
        var rows = new StringBuilder();
        for (int[] ask : new int[][] {{8192, 1}, {32_768, 1}, {8192, 4}})
            rows.append(compare(shape.label(), model, ask[0], ask[1]));
        return rows.toString();
    }

    /** Answers with a row of the table. */
    private String compare(String name, ModelFile model, int context, int slots) throws Exception {
        String printed = llama.run(
                folder.resolve("fit.log"),
                "llama-fit-params",
                "-m",
                model.path().toString(),
                "-c",
                String.valueOf(context * slots),
                "-np",
                String.valueOf(slots),
                "--fit-print",
                "on");
        Matcher host = HOST.matcher(printed);
        assertThat(host.find()).as(printed).isTrue();
        long cacheAndBuffers = (Long.parseLong(host.group(2)) + Long.parseLong(host.group(3))) * MIB;
        Fit fit = model.fit();
        // Weights are taken from the file: the tool leaves out those that it would copy into another layout.
        long engine = fit.weightBytes() + cacheAndBuffers;
        long ours = fit.needBytes(context, slots) - fit.engineBytes();

        String what =
                "%s context=%d slots=%d ours=%d engine=%d".formatted(name, context, slots, ours / MIB, engine / MIB);
        assertThat(ours).as(what).isGreaterThanOrEqualTo(engine - ROUNDING_BYTES);
        assertThat(ours).as(what).isLessThanOrEqualTo((long) (engine * (1 + SURPLUS)) + SURPLUS_BYTES);
        return "| %s | %s | %,d | %d | %,d | %,d | %+.1f %% |%n"
                .formatted(
                        name,
                        model.header().architecture(),
                        context,
                        slots,
                        engine / MIB,
                        ours / MIB,
                        100.0 * (ours - engine) / engine);
    }

    private ModelFile open(String said) {
        Resolved resolved = new ModelStore(folder, Catalog::bundled).find(said);
        assertThat(resolved).isInstanceOf(Resolved.Found.class);
        return ((Resolved.Found) resolved).file();
    }
}
