package mesh.core.id;

import java.util.Optional;

/**
 * Why an invite, certificate or revocation was not accepted. The code travels to the refused side and is shown to
 * people and scripts; number and code never change their meaning.
 */
public enum Refusal {
    /** Not an invite, certificate or revocation at all, or cut off. */
    MALFORMED(1, "malformed"),
    /** Well formed, but the signature is not over these bytes. */
    TAMPERED(2, "tampered"),
    EXPIRED(3, "expired"),
    /** The clocks of issuer and verifier disagree, or the certificate starts later. */
    NOT_YET_VALID(4, "not_yet_valid"),
    REVOKED(5, "revoked"),
    USED_UP(6, "used_up"),
    WRONG_MESH(7, "wrong_mesh"),
    /** Made out to another node than the one that presents it. */
    WRONG_NODE(8, "wrong_node"),
    /** Signed by a member that may not sign it. */
    NOT_ADMIN(9, "not_admin"),
    /** A counted invite is honoured only where it is counted: at its issuer. */
    NOT_ISSUER(10, "not_issuer"),
    TOO_DEEP(11, "too_deep"),
    /** Neither invite nor certificate was presented. */
    NO_CREDENTIAL(12, "no_credential"),
    /** The node keeps no more of these. */
    FULL(13, "full");

    private final int number;
    private final String code;

    Refusal(int number, String code) {
        this.number = number;
        this.code = code;
    }

    public int number() {
        return number;
    }

    public String code() {
        return code;
    }

    public static Optional<Refusal> of(int number) {
        for (Refusal refusal : values()) if (refusal.number == number) return Optional.of(refusal);
        return Optional.empty();
    }
}
