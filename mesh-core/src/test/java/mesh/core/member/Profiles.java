package mesh.core.member;

import java.util.ArrayList;
import java.util.List;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Profile.Assigned;
import mesh.core.member.Profile.Demanded;
import mesh.core.member.Profile.Engine;
import mesh.core.member.Profile.Link;
import mesh.core.member.Profile.OnDisk;
import mesh.core.member.Profile.Phase;
import mesh.core.member.Profile.Role;
import mesh.core.member.Profile.Served;
import mesh.core.member.Profile.Skill;
import mesh.core.member.Profile.Wanted;

/** A profile under construction, for tests: a capable host with nothing on it, changed one fact at a time. */
public final class Profiles {
    public static final long GB = 1_000_000_000L;
    public static final Engine ENGINE = new Engine("b11669", 8, 0, 0);

    public Role role = Role.HOST;
    public long usableBytes;
    public long bandwidth;
    public Engine engine = ENGINE;
    public boolean splits = true;
    public long fetchBytes;
    public final List<Served> served = new ArrayList<>();
    public final List<OnDisk> onDisk = new ArrayList<>();
    public final List<Wanted> wanted = new ArrayList<>();
    public final List<Demanded> demand = new ArrayList<>();
    public final List<Assigned> assigned = new ArrayList<>();
    public final List<Link> links = new ArrayList<>();

    private Profiles(long usableBytes) {
        this.usableBytes = usableBytes;
    }

    public static Profiles of(long usableBytes) {
        return new Profiles(usableBytes);
    }

    public static NodeId id(int n) {
        byte[] key = new byte[NodeId.BYTES];
        key[0] = (byte) (n >> 8);
        key[1] = (byte) n;
        return NodeId.of(key);
    }

    public Profiles holds(ModelRef model, long needBytes, int layers) {
        onDisk.add(new OnDisk(model, needBytes / 11 * 10, needBytes, needBytes / 22, layers, 0));
        return this;
    }

    public Profiles assigned(ModelRef model) {
        assigned.add(new Assigned(model, usableBytes, false, List.of()));
        return this;
    }

    public Profiles forced(ModelRef model, Integer... ratios) {
        assigned.add(new Assigned(model, usableBytes, true, List.of(ratios)));
        return this;
    }

    public Profiles wants(ModelRef model, String source, long needBytes) {
        wanted.add(new Wanted(model, source, needBytes));
        return this;
    }

    public Profiles asked(ModelRef model, long perMinute) {
        demand.add(new Demanded(model, perMinute * 1_000));
        return this;
    }

    public Profiles link(NodeId peer, int rttMillis) {
        links.add(new Link(peer, rttMillis));
        return this;
    }

    public Profiles serves(ModelRef model, Phase phase) {
        return serves(model, phase, List.of(), List.of());
    }

    public Profiles serves(ModelRef model, Phase phase, List<NodeId> workers, List<Integer> shares) {
        served.removeIf(s -> s.model().equals(model));
        served.add(new Served(model, phase, 4, 0, 0, workers, 8_192, GB, List.of(Skill.CHAT), false, shares));
        return this;
    }

    public Profile build() {
        return new Profile(
                "",
                role,
                usableBytes,
                bandwidth,
                served,
                onDisk,
                wanted,
                demand,
                engine,
                List.of(),
                assigned,
                links,
                splits,
                fetchBytes);
    }
}
