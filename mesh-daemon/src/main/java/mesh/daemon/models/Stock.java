package mesh.daemon.models;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import mesh.core.model.Fit;
import mesh.daemon.fetch.PartFile;

/** What is on this machine and what could be, and where it fits. Immutable; {@link #of} reads every header once. */
public record Stock(List<Row> rows, ModelStore.Shelf shelf) {
    /** What serving takes beside the weights, where only their size is known: a tenth, and half a GB. */
    private static final long BESIDE_PARTS = 10;

    private static final long BESIDE_BYTES = 500_000_000;

    public Stock {
        rows = List.copyOf(rows);
    }

    /** Where a model has room. */
    public enum Place {
        HERE,
        MESH,
        NOWHERE
    }

    /** How it comes to be on this machine. */
    public enum Presence {
        /** Fetched or made by mesh, which may remove it. */
        OURS,
        YOURS,
        /** A demo, made when it is asked for. */
        MADE,
        ABSENT
    }

    /**
     * One model.
     *
     * @param bytes about, unless {@code isExact}
     * @param cameBytes of an absent one: what an earlier download left, to go on from
     * @param needBytes the least that serving takes; 0 = not worked out
     * @param entry of the catalog, where it is one
     */
    public record Row(
            String name,
            long bytes,
            boolean isExact,
            Presence presence,
            long cameBytes,
            Place fits,
            long needBytes,
            String why,
            Optional<Path> path,
            Optional<Catalog.Entry> entry) {}

    public static Stock of(ModelStore store, long usableBytes, long meshBytes) {
        ModelStore.Shelf shelf = store.list();
        var rows = new ArrayList<Row>();
        var named = new LinkedHashSet<String>();
        for (ModelFile file : shelf.models()) {
            named.add(file.ref().name());
            Fit.Verdict verdict = file.fit().within(usableBytes, Fit.Ask.ANY);
            long leastBytes = file.fit().needBytes(Fit.CONTEXT_FLOOR, 1);
            boolean isInFolder = file.path().startsWith(store.folder());
            boolean isOurs = isInFolder && (store.notes().of(file.path()).isOurs() || file.isDemo());
            rows.add(new Row(
                    file.ref().name(),
                    file.bytes(),
                    true,
                    isOurs ? Presence.OURS : Presence.YOURS,
                    0,
                    verdict instanceof Fit.Verdict.Fits ? Place.HERE : elsewhere(leastBytes, meshBytes),
                    leastBytes,
                    verdict.why(),
                    Optional.of(file.path()),
                    Catalog.bundled().named(file.ref().name())));
        }
        for (DemoModel demo : DemoModel.list())
            if (named.add(demo.name()))
                rows.add(new Row(
                        demo.name(),
                        demo.size() + demo.projector().map(DemoProjector::size).orElse(0L),
                        true,
                        Presence.MADE,
                        0,
                        Place.HERE,
                        0,
                        "",
                        Optional.empty(),
                        Optional.empty()));
        for (Catalog.Entry entry : Catalog.bundled().entries()) {
            if (!named.add(entry.name())) continue;
            long need = entry.bytesAbout() + entry.bytesAbout() / BESIDE_PARTS + BESIDE_BYTES;
            rows.add(new Row(
                    entry.name(),
                    entry.bytesAbout(),
                    entry.bytes().isPresent(),
                    Presence.ABSENT,
                    fileNames(entry)
                            .map(name -> store.folder().resolve(name))
                            .mapToLong(path -> path.toFile().length() + PartFile.bytesBefore(path))
                            .sum(),
                    need <= usableBytes ? Place.HERE : elsewhere(need, meshBytes),
                    need,
                    "about " + Fit.gigabytes(need) + " with its memory beside the weights",
                    Optional.empty(),
                    Optional.of(entry)));
        }
        return new Stock(rows, shelf);
    }

    private static Stream<String> fileNames(Catalog.Entry entry) {
        Stream<String> weights = entry.files().stream().map(Catalog.Entry.Part::fileName);
        if (entry.projector() == null) return weights;
        String first = entry.files().getFirst().fileName();
        return Stream.concat(weights, Stream.of(Projectors.nameFor(first)));
    }

    private static Place elsewhere(long need, long meshBytes) {
        return need <= meshBytes ? Place.MESH : Place.NOWHERE;
    }
}
