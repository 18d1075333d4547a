package mesh.daemon.quic;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.unix.Errors;
import io.netty.channel.unix.SegmentedDatagramPacket;
import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Function;
import mesh.core.id.NodeId;
import org.jspecify.annotations.Nullable;

/**
 * Sorts what arrives on the one UDP socket: packets of connections we dialled go to the dialling codec, other QUIC
 * packets to the accepting codec before it, and datagrams that cannot be QUIC to those who know what they are. A dialled
 * connection is known by the first bytes of the connection id that we chose for it. Packets to and from a detour are
 * wrapped and unwrapped here, so that the codecs see addresses like any other; those of other pairs are passed on. Owned
 * by the endpoint's loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A datagram that cannot be sent is a lost one.
final class Router extends ChannelDuplexHandler {
    /** As long as QUIC allows, so that no stranger guesses one. */
    static final int CONNECTION_ID_BYTES = 20;

    /** QUIC sets one of these in every first byte; a datagram with neither is free for our own use. */
    private static final int QUIC_BITS = 0xC0;

    private static final int LONG_HEADER = 0x80;
    private static final int LONG_ID_LENGTH_AT = 5;

    /** What the kernel says of a batch for an interface that computes no checksums, as those of many VPNs: EIO. */
    private static final int NO_SEGMENTS = -5;

    /** Addresses that are forgotten together cost a lost batch each. */
    private static final int ALONE_MAX = 1_024;

    /** Where batches do not get through, so that each packet goes alone. */
    private final Set<InetSocketAddress> alone = new HashSet<>();

    private final LongObjectMap<Boolean> dialled = new LongObjectHashMap<>();
    private final String acceptingCodec;
    private final Faults faults;
    private final Spin spin;
    private final Relay relay;
    private final Detours detours;
    private final Function<NodeId, Optional<InetSocketAddress>> whereabouts;
    private final BiPredicate<InetSocketAddress, ByteBuf> aside;
    private @Nullable ChannelHandlerContext accepting;
    private boolean acceptingTouched;
    private boolean diallingTouched;
    private boolean onwardTouched;

    /**
     * @param whereabouts where a peer is connected from, without detours
     * @param aside takes datagrams that are not QUIC's; false when it does not want one
     */
    Router(
            String acceptingCodec,
            Faults faults,
            Spin spin,
            Relay relay,
            Detours detours,
            Function<NodeId, Optional<InetSocketAddress>> whereabouts,
            BiPredicate<InetSocketAddress, ByteBuf> aside) {
        this.acceptingCodec = acceptingCodec;
        this.faults = faults;
        this.spin = spin;
        this.relay = relay;
        this.detours = detours;
        this.whereabouts = whereabouts;
        this.aside = aside;
    }

    void ours(long idPrefix) {
        dialled.put(idPrefix, Boolean.TRUE);
    }

    void forget(long idPrefix) {
        dialled.remove(idPrefix);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        var packet = (DatagramPacket) message;
        ByteBuf bytes = packet.content();
        spin.touched();
        if (!bytes.isReadable() || isRing(bytes)) packet.release();
        else if ((bytes.getByte(bytes.readerIndex()) & QUIC_BITS) != 0) quic(ctx, packet);
        else if (bytes.getByte(bytes.readerIndex()) == Detours.CARRIED) carried(ctx, packet);
        else toOneSide(packet);
    }

    /** It was for the system here, see {@link Vacancy}. */
    private static boolean isRing(ByteBuf bytes) {
        return bytes.readableBytes() == 1 && bytes.getByte(bytes.readerIndex()) == Vacancy.RING;
    }

    private void quic(ChannelHandlerContext ctx, DatagramPacket packet) {
        if (isDialled(packet.content())) {
            diallingTouched = true;
            accepting(ctx).fireChannelRead(packet);
        } else {
            acceptingTouched = true;
            ctx.fireChannelRead(packet);
        }
    }

    private void toOneSide(DatagramPacket packet) {
        try {
            if (!aside.test(packet.sender(), packet.content())) faults.count(Fault.STRAY_DATAGRAM);
        } finally {
            packet.release();
        }
    }

    /** A sealed packet under a ticket: one of ours to pass on, or one that was passed on to us. */
    private void carried(ChannelHandlerContext ctx, DatagramPacket packet) {
        ByteBuf bytes = packet.content();
        int start = bytes.readerIndex();
        long ticket = bytes.readableBytes() > Detours.HEAD_BYTES ? bytes.getLong(start + 1) : 0;
        if (relay.knows(ticket)) {
            onward(ctx, packet, ticket);
        } else if (detours.knows(ticket) && (bytes.getByte(start + Detours.HEAD_BYTES) & QUIC_BITS) != 0) {
            // Netty reads headers from index 0, wherever the reader stands.
            ByteBuf inner = bytes.skipBytes(Detours.HEAD_BYTES).slice();
            quic(ctx, new DatagramPacket(inner, packet.recipient(), Detours.address(ticket)));
        } else {
            faults.count(Fault.STRAY_DATAGRAM);
            packet.release();
        }
    }

    private void onward(ChannelHandlerContext ctx, DatagramPacket packet, long ticket) {
        ByteBuf bytes = packet.content();
        Relay.Onward to = relay.carry(ticket, packet.sender(), bytes.readableBytes(), System.nanoTime())
                .orElse(null);
        if (to == null) {
            packet.release();
            return;
        }
        onwardTouched = true;
        ctx.write(new DatagramPacket(bytes.setLong(bytes.readerIndex() + 1, to.ticket()), to.to()));
    }

    /** What a codec sends to a detour goes to the node that carries it, each packet in a datagram of its own. */
    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (!(message instanceof DatagramPacket packet)) {
            ctx.write(message, promise);
            return;
        }
        if (!Detours.isDetour(packet.recipient())) {
            toAddress(ctx, packet, promise);
            return;
        }
        InetSocketAddress through =
                detours.through(packet.recipient()).flatMap(whereabouts).orElse(null);
        ByteBuf bytes = packet.content();
        int size = packet instanceof SegmentedDatagramPacket many ? many.segmentSize() : bytes.readableBytes();
        long ticket = Detours.ticket(packet.recipient());
        while (through != null && bytes.isReadable()) {
            int length = Math.min(size, bytes.readableBytes());
            ByteBuf wrapped = ctx.alloc()
                    .directBuffer(Detours.HEAD_BYTES + length)
                    .writeByte(Detours.CARRIED)
                    .writeLong(ticket)
                    .writeBytes(bytes, length);
            ctx.write(new DatagramPacket(wrapped, through));
        }
        packet.release();
        promise.trySuccess();
    }

    private void toAddress(ChannelHandlerContext ctx, DatagramPacket packet, ChannelPromise promise) {
        if (!(packet instanceof SegmentedDatagramPacket many)) {
            ctx.write(packet, promise);
        } else if (!alone.contains(many.recipient())) {
            InetSocketAddress to = many.recipient();
            ctx.write(many, promise.unvoid().addListener(sent -> sent(to, sent.cause())));
        } else {
            ByteBuf bytes = many.content();
            while (bytes.isReadable()) {
                int length = Math.min(many.segmentSize(), bytes.readableBytes());
                ctx.write(new DatagramPacket(bytes.readRetainedSlice(length), many.recipient()));
            }
            many.release();
            promise.trySuccess();
        }
    }

    /** What was refused is lost, which QUIC makes good. */
    private void sent(InetSocketAddress to, @Nullable Throwable cause) {
        if (!(cause instanceof Errors.NativeIoException failed) || failed.expectedErr() != NO_SEGMENTS) return;
        if (alone.size() == ALONE_MAX) alone.clear();
        alone.add(to);
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
        if (onwardTouched) {
            onwardTouched = false;
            ctx.flush();
        }
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
