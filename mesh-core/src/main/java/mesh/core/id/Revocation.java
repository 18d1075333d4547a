package mesh.core.id;

import java.nio.ByteBuffer;
import java.util.Optional;
import mesh.core.Sha256;

/**
 * A signed withdrawal of an invite, of one certificate, or of a node whatever it holds. Signed by the mesh's key or by
 * an admin, whose credential it carries. Spread to every member and kept until the thing it names has ended by itself.
 * Whether it stands is for {@link Trust} to say. Immutable.
 */
public final class Revocation {
    public static final int BYTES_MAX = 3072;

    private static final String KIND = "mesh-revocation";

    /** What is withdrawn. */
    public sealed interface Target {
        /** An invite or certificate, by its number. */
        record Numbered(Serial serial) implements Target {}

        /** A node, for good: it may come back under a new key only. */
        record Node(NodeId node) implements Target {}
    }

    /**
     * What the signer says.
     *
     * @param by the signing admin's credential; empty when the mesh's key signs
     * @param untilMillis when everything it names has ended by itself and it may be forgotten
     */
    public record Terms(MeshId mesh, Target target, Optional<Credential> by, long atMillis, long untilMillis) {}

    private final byte[] carried;
    private final Terms terms;
    private final long mark;

    private Revocation(byte[] carried, Terms terms) {
        this.carried = carried;
        this.terms = terms;
        this.mark = ByteBuffer.wrap(Sha256.of(carried)).getLong();
    }

    public static Revocation issue(Signer signer, Terms terms) {
        byte[] carried = Signed.sign(signer, KIND, 5, out -> {
            out.writeBinary(terms.mesh.key().bytes());
            out.writeBinary(
                    switch (terms.target) {
                        case Target.Numbered(Serial serial) -> serial.bytes();
                        case Target.Node(NodeId node) -> node.bytes();
                    });
            out.writeBinary(terms.by.map(Credential::bytes).orElse(new byte[0]));
            out.writeNumber(terms.atMillis);
            out.writeNumber(terms.untilMillis);
        });
        return new Revocation(carried, terms);
    }

    public static Checked<Revocation> decode(byte[] carried) {
        return Signed.read(carried, KIND, BYTES_MAX, in -> {
            var terms = new Terms(
                    new MeshId(in.node()),
                    target(in.bytes(Serial.BYTES, NodeId.BYTES)),
                    in.credential(),
                    in.number(Long.MAX_VALUE),
                    in.number(Long.MAX_VALUE));
            return new Revocation(carried.clone(), terms);
        });
    }

    /** The length tells a number from a key. */
    private static Target target(byte[] bytes) {
        return bytes.length == Serial.BYTES ? new Target.Numbered(Serial.of(bytes)) : new Target.Node(NodeId.of(bytes));
    }

    public NodeId signer() {
        return terms.by.map(Credential::subject).orElse(terms.mesh.key());
    }

    boolean isSigned(Verifier verifier) {
        return Signed.verified(carried, signer(), verifier);
    }

    public Terms terms() {
        return terms;
    }

    public byte[] bytes() {
        return carried.clone();
    }

    /** Tells it from every other one in eight bytes: the head of a hash over what is carried. */
    public long mark() {
        return mark;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Revocation that && java.util.Arrays.equals(carried, that.carried);
    }

    @Override
    public int hashCode() {
        return terms.hashCode();
    }

    @Override
    public String toString() {
        return "revocation of " + terms.target + " by " + signer();
    }
}
