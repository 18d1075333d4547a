package mesh.core.id;

import java.io.IOException;
import java.util.Base64;
import java.util.List;

/**
 * A signed permission to become a member: where to go, in which role, until when, how often. Presented to an admin over
 * a connection it earns a certificate. Carries its issuer's credential, so that anyone can see offline whether it is
 * whole; {@link Admission} decides whether it still counts. Its text is a secret: {@code toString} does not show it.
 */
public final class Invite {
    /** Names the version of the token's form, so that a later form is told apart from damage. */
    public static final String PREFIX = "mesh1.";

    /** An issuer's whole chain and every address still fit. */
    public static final int BYTES_MAX = 4096;

    public static final int TOKEN_CHARS_MAX = PREFIX.length() + (BYTES_MAX * 4 + 2) / 3;
    public static final int ADDRESSES_MAX = 16;
    public static final int ADDRESS_CHARS_MAX = 128;

    /** As many uses as its time allows: for listings, which expire soon. Any admin honours such an invite. */
    public static final int UNCOUNTED = 0;

    public static final int USES_MAX = 10_000;

    private static final String KIND = "mesh-invite";

    private final byte[] carried;
    private final Terms terms;

    /** What the issuer says. */
    public record Terms(
            Credential issuer, List<String> addresses, Role role, long notAfterMillis, int uses, Serial serial) {
        public Terms {
            addresses = List.copyOf(addresses);
            if (addresses.size() > ADDRESSES_MAX)
                throw new IllegalArgumentException("addresses size=" + addresses.size());
            for (String address : addresses)
                if (address.length() > ADDRESS_CHARS_MAX)
                    throw new IllegalArgumentException("address chars=" + address.length());
            if (uses < 0 || uses > USES_MAX) throw new IllegalArgumentException("uses=" + uses);
            if (notAfterMillis < 0) throw new IllegalArgumentException("notAfterMillis=" + notAfterMillis);
        }
    }

    private Invite(byte[] carried, Terms terms) {
        this.carried = carried;
        this.terms = terms;
    }

    public static Invite issue(Signer issuer, Terms terms) {
        if (!terms.issuer.subject().equals(issuer.id()))
            throw new IllegalArgumentException("credential of " + terms.issuer.subject() + " signer=" + issuer.id());
        byte[] carried = Signed.sign(issuer, KIND, 6, out -> {
            out.writeBinary(terms.issuer.bytes());
            out.writeStartArray(null, terms.addresses.size());
            for (String address : terms.addresses) out.writeString(address);
            out.writeEndArray();
            out.writeNumber(terms.role.code());
            out.writeNumber(terms.notAfterMillis);
            out.writeNumber(terms.uses);
            out.writeBinary(terms.serial.bytes());
        });
        return new Invite(carried, terms);
    }

    /** Everything that can be seen without asking the issuer: form, signatures, ends. */
    public static Checked<Invite> parse(String token, Verifier verifier, long nowMillis) {
        return decodeToken(token).then(Invite::decode).then(invite -> invite.whole(verifier, nowMillis));
    }

    private static Checked<byte[]> decodeToken(String token) {
        String text = token.strip();
        if (!text.startsWith(PREFIX) || text.length() > TOKEN_CHARS_MAX) return Checked.refused(Refusal.MALFORMED);
        try {
            return Checked.good(Base64.getUrlDecoder().decode(text.substring(PREFIX.length())));
        } catch (IllegalArgumentException notBase64) {
            return Checked.refused(Refusal.MALFORMED);
        }
    }

    public static Checked<Invite> decode(byte[] carried) {
        return Signed.read(carried, KIND, BYTES_MAX, in -> {
            var terms = new Terms(
                    in.credential().orElseThrow(() -> new IOException("no issuer")),
                    in.texts(ADDRESSES_MAX, ADDRESS_CHARS_MAX),
                    in.role(),
                    in.number(Long.MAX_VALUE),
                    (int) in.number(USES_MAX),
                    in.serial());
            return new Invite(carried.clone(), terms);
        });
    }

    private Checked<Invite> whole(Verifier verifier, long nowMillis) {
        if (!isSigned(verifier)) return Checked.refused(Refusal.TAMPERED);
        if (nowMillis > terms.notAfterMillis) return Checked.refused(Refusal.EXPIRED);
        return new Trust(mesh(), verifier)
                .check(terms.issuer, issuer(), nowMillis)
                .then(role -> role.includes(Role.ADMIN) ? Checked.good(this) : Checked.refused(Refusal.NOT_ADMIN));
    }

    boolean isSigned(Verifier verifier) {
        return Signed.verified(carried, issuer(), verifier);
    }

    /** The node to dial; whoever answers there must hold this key. */
    public NodeId issuer() {
        return terms.issuer.subject();
    }

    public MeshId mesh() {
        return terms.issuer.mesh();
    }

    public Terms terms() {
        return terms;
    }

    public byte[] bytes() {
        return carried.clone();
    }

    /** The secret text itself; hand it to a person, never to a log. */
    public String token() {
        return PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(carried);
    }

    @Override
    public String toString() {
        return "invite " + terms.serial.toString().substring(0, 8) + " " + terms.role + " to " + mesh();
    }
}
