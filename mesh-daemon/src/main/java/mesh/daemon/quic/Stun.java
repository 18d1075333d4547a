package mesh.daemon.quic;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/**
 * Asks STUN servers (RFC 5389, binding requests only) from the node's own socket where they see it. Asks a few times, for
 * datagrams are lost; takes an answer only under the number it asked with. Owned by the endpoint's loop.
 */
final class Stun {
    private static final int HEAD_BYTES = 20;
    private static final int REQUEST = 0x0001;
    private static final int RESPONSE = 0x0101;
    private static final int COOKIE = 0x2112A442;
    private static final int COOKIE_AT = 4;
    private static final int ID_AT = 8;
    private static final int ID_BYTES = 12;

    private static final int MAPPED_ADDRESS = 0x0001;
    private static final int XOR_MAPPED_ADDRESS = 0x0020;
    private static final int IPV4 = 1;
    private static final int IPV6 = 2;

    /** The RFC's first two waits; a server that missed three is not there. */
    private static final long REPEAT_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private static final int ASKED_MAX = 3;

    private final BiConsumer<InetSocketAddress, ByteBuf> send;
    private final BiConsumer<InetSocketAddress, InetSocketAddress> observed;
    private final SecureRandom random = new SecureRandom();
    private final Map<ByteBuffer, Question> open = new HashMap<>();

    private static final class Question {
        final InetSocketAddress server;
        final byte[] id;
        int asked;
        long askedNanos;

        Question(InetSocketAddress server, byte[] id) {
            this.server = server;
            this.id = id;
        }
    }

    /**
     * @param send puts a datagram on the node's socket
     * @param observed told which server sees this node where
     */
    Stun(BiConsumer<InetSocketAddress, ByteBuf> send, BiConsumer<InetSocketAddress, InetSocketAddress> observed) {
        this.send = send;
        this.observed = observed;
    }

    void ask(List<InetSocketAddress> servers, long nowNanos) {
        open.clear();
        for (InetSocketAddress server : servers) {
            byte[] id = new byte[ID_BYTES];
            random.nextBytes(id);
            var question = new Question(server, id);
            open.put(ByteBuffer.wrap(id), question);
            ask(question, nowNanos);
        }
    }

    /** Asks again what was not answered. Called by the endpoint's clock. */
    void tick(long nowNanos) {
        open.values().removeIf(question -> question.asked == ASKED_MAX && isDue(question, nowNanos));
        for (Question question : open.values()) if (isDue(question, nowNanos)) ask(question, nowNanos);
    }

    private static boolean isDue(Question question, long nowNanos) {
        return nowNanos - question.askedNanos > REPEAT_NANOS << (question.asked - 1);
    }

    private void ask(Question question, long nowNanos) {
        question.asked++;
        question.askedNanos = nowNanos;
        ByteBuf request = Unpooled.buffer(HEAD_BYTES)
                .writeShort(REQUEST)
                .writeShort(0)
                .writeInt(COOKIE)
                .writeBytes(question.id);
        send.accept(question.server, request);
    }

    /** Whether a datagram is STUN's, whatever it says. */
    static boolean isStun(ByteBuf bytes) {
        return bytes.readableBytes() >= HEAD_BYTES && bytes.getInt(bytes.readerIndex() + COOKIE_AT) == COOKIE;
    }

    /** A datagram for which {@link #isStun} holds. False when nobody asked for it. */
    boolean answered(ByteBuf bytes) {
        int start = bytes.readerIndex();
        if (bytes.getUnsignedShort(start) != RESPONSE) return false;
        byte[] id = new byte[ID_BYTES];
        bytes.getBytes(start + ID_AT, id);
        Question question = open.remove(ByteBuffer.wrap(id));
        if (question == null) return false;
        mapped(bytes.slice(start, bytes.readableBytes())).ifPresent(seen -> observed.accept(question.server, seen));
        return true;
    }

    private static Optional<InetSocketAddress> mapped(ByteBuf message) {
        int end = Math.min(message.readableBytes(), HEAD_BYTES + message.getUnsignedShort(2));
        Optional<InetSocketAddress> plain = Optional.empty();
        for (int at = HEAD_BYTES; at + 4 <= end; ) {
            int type = message.getUnsignedShort(at);
            int length = message.getUnsignedShort(at + 2);
            if (at + 4 + length > end) break;
            if (type == XOR_MAPPED_ADDRESS) return address(message, at + 4, length, true);
            if (type == MAPPED_ADDRESS) plain = address(message, at + 4, length, false);
            // Attributes are padded to four bytes.
            at += 4 + ((length + 3) & ~3);
        }
        return plain;
    }

    /** XORed addresses are hidden from routers that rewrite what looks like an address. */
    private static Optional<InetSocketAddress> address(ByteBuf message, int at, int length, boolean isHidden) {
        if (length < 4) return Optional.empty();
        int family = message.getUnsignedByte(at + 1);
        int bytes = family == IPV4 ? 4 : 16;
        if ((family != IPV4 && family != IPV6) || length < 4 + bytes) return Optional.empty();
        int port = message.getUnsignedShort(at + 2) ^ (isHidden ? COOKIE >>> 16 : 0);
        byte[] host = new byte[bytes];
        message.getBytes(at + 4, host);
        // The mask is the cookie and the number of the question, which follow each other in the head.
        if (isHidden) for (int i = 0; i < bytes; i++) host[i] ^= message.getByte(COOKIE_AT + i);
        try {
            return port == 0
                    ? Optional.empty()
                    : Optional.of(new InetSocketAddress(InetAddress.getByAddress(host), port));
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
