package mesh.core.id;

import java.util.Optional;

/**
 * The answer to a {@link Hello}: a refusal with its reason, or who answers, what it grants, and where it sees the
 * dialler.
 *
 * @param credential what the answering side shows; none with a refusal
 * @param granted the newcomer's or renewed credential, when one was asked for
 * @param observed the dialler's address as the answering side sees it
 * @param punched whether both sides had to open the way for this connection, which the answering side can tell
 */
public record Welcome(
        Optional<Refusal> refusal,
        Optional<Credential> credential,
        Optional<Credential> granted,
        long epoch,
        String observed,
        boolean punched) {
    public static final int BYTES_MAX = 2 * Credential.BYTES_MAX + 256;

    private static final String KIND = "mesh-welcome";

    public static Welcome refused(Refusal reason, long epoch, String observed) {
        return new Welcome(Optional.of(reason), Optional.empty(), Optional.empty(), epoch, observed, false);
    }

    public byte[] bytes() {
        return Signed.encode(KIND, 6, out -> {
            out.writeNumber(refusal.map(Refusal::number).orElse(0));
            out.writeBinary(credential.map(Credential::bytes).orElse(new byte[0]));
            out.writeBinary(granted.map(Credential::bytes).orElse(new byte[0]));
            out.writeNumber(epoch);
            out.writeString(observed);
            out.writeNumber(punched ? 1 : 0);
        });
    }

    public static Checked<Welcome> decode(byte[] bytes) {
        if (bytes.length > BYTES_MAX) return Checked.refused(Refusal.MALFORMED);
        return Signed.decode(
                bytes,
                bytes.length,
                KIND,
                in -> new Welcome(
                        refusal(in.number(Integer.MAX_VALUE)),
                        in.credential(),
                        in.credential(),
                        in.number(Long.MAX_VALUE),
                        in.text(Invite.ADDRESS_CHARS_MAX),
                        in.number(1) == 1));
    }

    /** A reason of a later version is still a refusal. */
    private static Optional<Refusal> refusal(long number) {
        if (number == 0) return Optional.empty();
        return Optional.of(Refusal.of((int) number).orElse(Refusal.MALFORMED));
    }
}
