package mesh.daemon.quic;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DatagramPacket;
import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Sorts what arrives on the one UDP socket: packets of connections we dialled go to the dialling codec, other QUIC
 * packets to the accepting codec before it, and datagrams that cannot be QUIC to whoever asked for them. A dialled
 * connection is known by the first bytes of the connection id that we chose for it. Owned by the endpoint's loop.
 */
final class Router extends ChannelInboundHandlerAdapter {
    /** As long as QUIC allows, so that no stranger guesses one. */
    static final int CONNECTION_ID_BYTES = 20;

    /** QUIC sets one of these in every first byte; a datagram with neither is free for our own use. */
    private static final int QUIC_BITS = 0xC0;

    private static final int LONG_HEADER = 0x80;
    private static final int LONG_ID_LENGTH_AT = 5;

    private final LongObjectMap<Boolean> dialled = new LongObjectHashMap<>();
    private final String acceptingCodec;
    private final Faults faults;
    private final Spin spin;
    private @Nullable ChannelHandlerContext accepting;
    private @Nullable BiConsumer<InetSocketAddress, ByteBuf> raw;
    private boolean acceptingTouched;
    private boolean diallingTouched;

    Router(String acceptingCodec, Faults faults, Spin spin) {
        this.acceptingCodec = acceptingCodec;
        this.faults = faults;
        this.spin = spin;
    }

    void ours(long idPrefix) {
        dialled.put(idPrefix, Boolean.TRUE);
    }

    void forget(long idPrefix) {
        dialled.remove(idPrefix);
    }

    void raw(BiConsumer<InetSocketAddress, ByteBuf> handler) {
        raw = handler;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        var packet = (DatagramPacket) message;
        ByteBuf bytes = packet.content();
        spin.touched();
        if (!bytes.isReadable()) {
            packet.release();
        } else if ((bytes.getByte(bytes.readerIndex()) & QUIC_BITS) == 0) {
            deliverRaw(packet);
        } else if (isDialled(bytes)) {
            diallingTouched = true;
            accepting(ctx).fireChannelRead(packet);
        } else {
            acceptingTouched = true;
            ctx.fireChannelRead(packet);
        }
    }

    private void deliverRaw(DatagramPacket packet) {
        try {
            if (raw == null) faults.count(Fault.STRAY_DATAGRAM);
            else raw.accept(packet.sender(), packet.content());
        } finally {
            packet.release();
        }
    }

    private boolean isDialled(ByteBuf bytes) {
        int at = bytes.readerIndex();
        if ((bytes.getByte(at) & LONG_HEADER) == 0)
            return bytes.readableBytes() > Long.BYTES && dialled.containsKey(bytes.getLong(at + 1));
        int idAt = LONG_ID_LENGTH_AT + 1;
        return bytes.readableBytes() >= idAt + Long.BYTES
                && bytes.getUnsignedByte(at + LONG_ID_LENGTH_AT) == CONNECTION_ID_BYTES
                && dialled.containsKey(bytes.getLong(at + idAt));
    }

    /** A codec flushes its connections here, so each hears of it only when it read something. */
    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (acceptingTouched) {
            acceptingTouched = false;
            ctx.fireChannelReadComplete();
        }
        if (diallingTouched) {
            diallingTouched = false;
            accepting(ctx).fireChannelReadComplete();
        }
    }

    /** Firing from the accepting codec's place reaches the dialling codec behind it. */
    private ChannelHandlerContext accepting(ChannelHandlerContext ctx) {
        if (accepting == null)
            accepting =
                    Objects.requireNonNull(ctx.pipeline().context(acceptingCodec), "codecs stand behind the router");
        return accepting;
    }
}
