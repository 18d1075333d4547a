package mesh.testnet.sim;

import java.util.ArrayList;
import java.util.List;
import mesh.core.id.ModelRef;
import mesh.core.member.Profile;
import mesh.core.member.Profile.Assigned;
import mesh.core.member.Profile.Engine;
import mesh.core.member.Profile.OnDisk;
import mesh.core.member.Profile.Role;
import mesh.core.member.Profile.Wanted;

/** What simulated machines say of themselves: sizes and names like those of real ones, so that bytes are as well. */
public final class Machines {
    public static final long GIB = 1L << 30;
    private static final Engine ENGINE = new Engine("b7000", 3, 6, 0);
    private static final long DISK_BYTES = 200 * GIB;
    private static final int LAYERS = 36;

    private Machines() {}

    /** A member that has nothing to decide: it put its memory to a model that neither it nor anybody else holds. */
    public static Profile plain(int index) {
        return plain(index, 24 * GIB);
    }

    public static Profile plain(int index, long memoryBytes) {
        var own = new ModelRef("model-" + index);
        return of(index, memoryBytes, List.of(), List.of(), List.of(new Assigned(own, memoryBytes, false, List.of())));
    }

    /** Has {@code model} on disk and the operator's word to serve it. */
    public static Profile serving(int index, long memoryBytes, ModelRef model, long needBytes, boolean split) {
        return of(
                index,
                memoryBytes,
                List.of(file(model, needBytes)),
                List.of(),
                List.of(new Assigned(model, memoryBytes, split, List.of())));
    }

    /** Joins without a model, holding some files. */
    public static Profile idle(int index, long memoryBytes, List<OnDisk> files) {
        return of(index, memoryBytes, files, List.of(), List.of());
    }

    /** Wants models that it does not serve. */
    public static Profile seeding(int index, Profile of, List<Wanted> wanted) {
        return of(index, of.usableBytes(), of.onDisk(), wanted, of.assigned());
    }

    public static Profile client(int index) {
        var plain = plain(index);
        return new Profile(
                plain.name(),
                Role.CLIENT,
                0,
                0,
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                Engine.NONE,
                List.of(),
                List.of(),
                List.of(),
                false,
                0);
    }

    public static OnDisk file(ModelRef model, long needBytes) {
        return new OnDisk(model, needBytes - needBytes / 10, needBytes, needBytes / 20, LAYERS, 0);
    }

    /** The same machine with one more file, of unknown needs. */
    static Profile with(Profile facts, ModelRef model) {
        var files = new ArrayList<>(facts.onDisk());
        files.add(new OnDisk(model, 4 * GIB, 0, 0, 0, 0));
        return new Profile(
                facts.name(),
                facts.role(),
                facts.usableBytes(),
                facts.bandwidthBytesPerSecond(),
                facts.served(),
                files,
                facts.wanted(),
                facts.demand(),
                facts.engine(),
                facts.addresses(),
                facts.assigned(),
                facts.links(),
                facts.splits(),
                facts.fetchBytes());
    }

    private static Profile of(
            int index, long memoryBytes, List<OnDisk> files, List<Wanted> wanted, List<Assigned> assigned) {
        return new Profile(
                "node-" + index,
                Role.STANDBY,
                memoryBytes,
                400_000_000_000L,
                List.of(),
                files,
                wanted,
                List.of(),
                ENGINE,
                List.of("10.0." + index / 250 + "." + index % 250 + ":41641", "203.0.113.7:41641"),
                assigned,
                List.of(),
                true,
                DISK_BYTES);
    }
}
