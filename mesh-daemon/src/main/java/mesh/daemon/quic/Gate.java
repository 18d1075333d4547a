package mesh.daemon.quic;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.quic.QuicTokenHandler;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.function.IntSupplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Asks strangers to prove their address while many handshakes wait, so that forged senders cost no state: their first
 * packet is answered with a token that only the true owner of the address can bring back. In quiet times it asks
 * nothing and saves the round trip. Owned by the endpoint's loop.
 */
final class Gate implements QuicTokenHandler {
    /** A mesh that restarts at once stays below; a flood passes it in a moment. */
    private static final int QUIET_WAITING_MAX = 64;

    private static final int MAC_BYTES = 32;

    /** Long enough for one lost packet and its repetition on the slowest path. */
    private static final long TOKEN_MILLIS = 15_000;

    private static final int HEAD_BYTES = MAC_BYTES + Long.BYTES;

    private final Mac mac;
    private final IntSupplier waiting;

    Gate(IntSupplier waiting) throws GeneralSecurityException {
        this.waiting = waiting;
        byte[] key = new byte[MAC_BYTES];
        new SecureRandom().nextBytes(key);
        mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
    }

    @Override
    public boolean writeToken(ByteBuf out, ByteBuf connectionId, InetSocketAddress sender) {
        if (waiting.getAsInt() < QUIET_WAITING_MAX) return false;
        long now = System.currentTimeMillis();
        byte[] id = bytes(connectionId);
        out.writeBytes(sealed(now, id, sender)).writeLong(now).writeBytes(id);
        return true;
    }

    @Override
    public int validateToken(ByteBuf token, InetSocketAddress sender) {
        if (token.readableBytes() <= HEAD_BYTES) return -1;
        byte[] seal = new byte[MAC_BYTES];
        token.getBytes(token.readerIndex(), seal);
        long made = token.getLong(token.readerIndex() + MAC_BYTES);
        byte[] id = new byte[token.readableBytes() - HEAD_BYTES];
        token.getBytes(token.readerIndex() + HEAD_BYTES, id);
        long age = System.currentTimeMillis() - made;
        boolean good = age >= 0 && age <= TOKEN_MILLIS && MessageDigest.isEqual(seal, sealed(made, id, sender));
        return good ? HEAD_BYTES : -1;
    }

    @Override
    public int maxTokenLength() {
        return HEAD_BYTES + Router.CONNECTION_ID_BYTES;
    }

    private byte[] sealed(long made, byte[] id, InetSocketAddress sender) {
        for (int shift = Long.SIZE - Byte.SIZE; shift >= 0; shift -= Byte.SIZE) mac.update((byte) (made >>> shift));
        mac.update(sender.getAddress().getAddress());
        mac.update((byte) (sender.getPort() >>> Byte.SIZE));
        mac.update((byte) sender.getPort());
        return Arrays.copyOf(mac.doFinal(id), MAC_BYTES);
    }

    private static byte[] bytes(ByteBuf buffer) {
        byte[] bytes = new byte[buffer.readableBytes()];
        buffer.getBytes(buffer.readerIndex(), bytes);
        return bytes;
    }
}
