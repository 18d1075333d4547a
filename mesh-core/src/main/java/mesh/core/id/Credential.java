package mesh.core.id;

import java.util.ArrayList;
import java.util.List;

/**
 * What a member shows to be let in: its certificate and those of the admins above it, up to the one that the mesh's key
 * signed. Self-contained, so that a verifier needs the mesh's key and nothing else. Immutable.
 */
public record Credential(List<Certificate> chain) {
    /** Founder, two admins who invited each other, member: deeper trees are renewed by an admin nearer the root. */
    public static final int DEPTH_MAX = 4;

    public static final int BYTES_MAX = DEPTH_MAX * (Certificate.BYTES_MAX + 3) + 1;

    public Credential {
        chain = List.copyOf(chain);
        if (chain.isEmpty() || chain.size() > DEPTH_MAX)
            throw new IllegalArgumentException("chain size=" + chain.size() + " max=" + DEPTH_MAX);
    }

    /** What the founder gives its own node: one link from the mesh's key. */
    public static Credential root(Certificate byMeshKey) {
        return new Credential(List.of(byMeshKey));
    }

    public static Checked<Credential> decode(byte[] carried) {
        if (carried.length > BYTES_MAX) return Checked.refused(Refusal.MALFORMED);
        return Signed.readList(carried, DEPTH_MAX, Certificate.BYTES_MAX).then(items -> {
            if (items.isEmpty()) return Checked.refused(Refusal.MALFORMED);
            var chain = new ArrayList<Certificate>();
            for (byte[] item : items) {
                switch (Certificate.decode(item)) {
                    case Checked.Good<Certificate>(var certificate) -> chain.add(certificate);
                    case Checked.Refused<Certificate>(var reason) -> {
                        return Checked.refused(reason);
                    }
                }
            }
            return Checked.good(new Credential(chain));
        });
    }

    public byte[] bytes() {
        return Signed.list(chain.stream().map(Certificate::bytes).toList());
    }

    public NodeId subject() {
        return chain.getFirst().terms().subject();
    }

    public Role role() {
        return chain.getFirst().terms().role();
    }

    public Serial serial() {
        return chain.getFirst().terms().serial();
    }

    /** The mesh it claims to lead to; a claim until {@link Trust} has followed it. */
    public MeshId mesh() {
        return new MeshId(chain.getLast().terms().issuer());
    }

    /** The chain ends with its first link to end. */
    public long notAfterMillis() {
        long end = Long.MAX_VALUE;
        for (Certificate link : chain) end = Math.min(end, link.terms().notAfterMillis());
        return end;
    }

    @Override
    public String toString() {
        return chain.toString();
    }
}
