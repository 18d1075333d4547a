package mesh.core.id;

/**
 * One link of trust: an issuer says that a node may act in a role for a while. The issuer is the mesh's key or the node
 * of an admin. Holds the bytes as they were signed, so that it travels unchanged. Says nothing about whether it is true:
 * {@link Trust} does. Immutable.
 */
public final class Certificate {
    /** Three keys, times and a signature take 200; room for fields of later versions. */
    static final int BYTES_MAX = 512;

    private static final String KIND = "mesh-certificate";

    private final byte[] carried;
    private final Terms terms;

    /** What the issuer says. Both ends of the validity are inclusive. */
    public record Terms(
            NodeId subject, NodeId issuer, Role role, long notBeforeMillis, long notAfterMillis, Serial serial) {}

    private Certificate(byte[] carried, Terms terms) {
        this.carried = carried;
        this.terms = terms;
    }

    public static Certificate issue(
            Signer issuer, NodeId subject, Role role, long notBeforeMillis, long notAfterMillis, Serial serial) {
        var terms = new Terms(subject, issuer.id(), role, notBeforeMillis, notAfterMillis, serial);
        byte[] carried = Signed.sign(issuer, KIND, 6, out -> {
            out.writeBinary(terms.subject.bytes());
            out.writeBinary(terms.issuer.bytes());
            out.writeNumber(terms.role.code());
            out.writeNumber(terms.notBeforeMillis);
            out.writeNumber(terms.notAfterMillis);
            out.writeBinary(terms.serial.bytes());
        });
        return new Certificate(carried, terms);
    }

    static Checked<Certificate> decode(byte[] carried) {
        return Signed.read(carried, KIND, BYTES_MAX, in -> {
            var terms = new Terms(
                    in.node(), in.node(), in.role(), in.number(Long.MAX_VALUE), in.number(Long.MAX_VALUE), in.serial());
            return new Certificate(carried.clone(), terms);
        });
    }

    boolean isSigned(Verifier verifier) {
        return Signed.verified(carried, terms.issuer, verifier);
    }

    public Terms terms() {
        return terms;
    }

    public byte[] bytes() {
        return carried.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Certificate that && java.util.Arrays.equals(carried, that.carried);
    }

    @Override
    public int hashCode() {
        return terms.hashCode();
    }

    @Override
    public String toString() {
        return terms.role + " " + terms.subject + " by " + terms.issuer;
    }
}
