package mesh.core.id;

import java.util.Optional;

/**
 * The first record on a connection, from the node that dialled: what it shows and what it asks for. TLS has proved its
 * key already, so nothing here is signed.
 *
 * @param credential what a member shows; a newcomer has none
 * @param invite what a newcomer shows instead
 * @param epoch drawn once per process: another number means that the earlier process is gone
 * @param connection drawn per connection, so that both sides can name it
 * @param lost the last connection to the other side that this one knows to be gone; 0 for none
 * @param dialled the address this connection was made to: the other side learns where it can be reached
 * @param renews asks for a new term of the shown credential
 */
public record Hello(
        Optional<Credential> credential,
        Optional<Invite> invite,
        long epoch,
        long connection,
        long lost,
        String dialled,
        boolean renews) {
    public static final int BYTES_MAX = Invite.BYTES_MAX + Credential.BYTES_MAX + 256;

    private static final String KIND = "mesh-hello";

    public byte[] bytes() {
        return Signed.encode(KIND, 7, out -> {
            out.writeBinary(credential.map(Credential::bytes).orElse(new byte[0]));
            out.writeBinary(invite.map(Invite::bytes).orElse(new byte[0]));
            out.writeNumber(epoch);
            out.writeNumber(connection);
            out.writeNumber(lost);
            out.writeString(dialled);
            out.writeNumber(renews ? 1 : 0);
        });
    }

    public static Checked<Hello> decode(byte[] bytes) {
        if (bytes.length > BYTES_MAX) return Checked.refused(Refusal.MALFORMED);
        return Signed.decode(
                bytes,
                bytes.length,
                KIND,
                in -> new Hello(
                        in.credential(),
                        in.invite(),
                        in.number(Long.MAX_VALUE),
                        in.number(Long.MAX_VALUE),
                        in.number(Long.MAX_VALUE),
                        in.text(Invite.ADDRESS_CHARS_MAX),
                        in.number(1) == 1));
    }
}
