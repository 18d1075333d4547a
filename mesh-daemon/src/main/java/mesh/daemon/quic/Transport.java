package mesh.daemon.quic;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.handler.codec.quic.EpollQuicUtils;
import io.netty.handler.codec.quic.FlushStrategy;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicChannelOption;
import io.netty.handler.codec.quic.QuicClientCodecBuilder;
import io.netty.handler.codec.quic.QuicCodecBuilder;
import io.netty.handler.codec.quic.QuicCongestionControlAlgorithm;
import io.netty.handler.codec.quic.QuicConnectionIdGenerator;
import io.netty.handler.codec.quic.QuicServerCodecBuilder;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicTokenHandler;
import io.netty.handler.codec.quic.SegmentedDatagramPacketAllocator;
import io.netty.util.AttributeKey;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.TimeUnit;
import mesh.core.id.NodeId;

/**
 * The settings under which Netty's QUIC runs here, each with what it bought. Two codecs share one epoll datagram channel:
 * the accepting one first, the dialling one behind it.
 */
final class Transport {
    static final String ACCEPTING = "accepting";
    static final AttributeKey<NodeId> WANTED = AttributeKey.valueOf("mesh.wanted");
    static final ChannelOption<SegmentedDatagramPacketAllocator> SEGMENTS =
            QuicChannelOption.SEGMENTED_DATAGRAM_PACKET_ALLOCATOR;

    /** The kernel's usual ceiling; less loses packets in bursts of a few milliseconds at full speed. */
    private static final int SOCKET_BYTES = 4 << 20;

    /** Fills 1 Gbit/s over 130 ms; what a peer that sends into a stalled reader can make us hold. */
    private static final long STREAM_WINDOW_BYTES = 16L << 20;

    private static final long CONNECTION_WINDOW_BYTES = 24L << 20;

    /** Until a peer is admitted its admission is all it may send. */
    private static final int UNIDIRECTIONAL_STREAMS = 0;

    /** One receive buffer takes a whole batch that the kernel has joined (GRO). */
    private static final int RECEIVE_BYTES = 65_535;

    private static final int RECEIVES_PER_READ = 64;

    /** Packets handed to the kernel in one call (GSO): more gains nothing, fewer costs a system call each. */
    private static final int SEGMENTS_MAX = 32;

    /** What the kernel takes in one such call; more is refused whole, which looks like loss. */
    private static final int SEGMENTED_BYTES_MAX = 65_507;

    /** Flushing by bytes rather than per packet is what lets segments fill. */
    private static final int FLUSH_BYTES = 200_000;

    /** Pings only; a backlog of them is worthless. */
    private static final int DATAGRAM_QUEUE = 8;

    private final QuicConfig config;
    private final ChannelHandler accepting;
    private final ChannelHandler dialling;

    Transport(
            QuicConfig config,
            Tls tls,
            QuicTokenHandler gate,
            ChannelInitializer<QuicChannel> connections,
            ChannelInitializer<QuicStreamChannel> streams) {
        this.config = config;
        accepting = tuned(new QuicServerCodecBuilder())
                .sslContext(tls.accepting())
                .tokenHandler(gate)
                .connectionIdAddressGenerator(QuicConnectionIdGenerator.randomGenerator())
                .option(SEGMENTS, segments(config))
                .handler(connections)
                .streamHandler(streams)
                .build();
        dialling = tuned(new QuicClientCodecBuilder())
                .sslEngineProvider(channel ->
                        tls.diallingEngine(channel, channel.attr(WANTED).get()))
                .build();
    }

    static EventLoopGroup loop(Spin spin) {
        return new MultiThreadIoEventLoopGroup(
                1, new DefaultThreadFactory("quic", true), EpollIoHandler.newFactory(0, spin));
    }

    static SegmentedDatagramPacketAllocator segments(QuicConfig config) {
        return EpollQuicUtils.newSegmentedAllocator(
                Math.min(SEGMENTS_MAX, SEGMENTED_BYTES_MAX / config.datagramBytes()));
    }

    Bootstrap bootstrap(EventLoop loop, Router router) {
        var receive = new FixedRecvByteBufAllocator(RECEIVE_BYTES);
        receive.maxMessagesPerRead(RECEIVES_PER_READ);
        return new Bootstrap()
                .group(loop)
                .channel(EpollDatagramChannel.class)
                .option(ChannelOption.SO_RCVBUF, SOCKET_BYTES)
                .option(ChannelOption.SO_SNDBUF, SOCKET_BYTES)
                .option(EpollChannelOption.UDP_GRO, true)
                .option(EpollChannelOption.MAX_DATAGRAM_PAYLOAD_SIZE, RECEIVE_BYTES)
                .option(ChannelOption.RECVBUF_ALLOCATOR, receive)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline()
                                .addLast(router)
                                .addLast(ACCEPTING, accepting)
                                .addLast(dialling);
                    }
                });
    }

    private <B extends QuicCodecBuilder<B>> B tuned(B codec) {
        return codec.maxIdleTimeout(config.idleMillis(), TimeUnit.MILLISECONDS)
                .initialMaxData(CONNECTION_WINDOW_BYTES)
                .initialMaxStreamDataBidirectionalLocal(STREAM_WINDOW_BYTES)
                .initialMaxStreamDataBidirectionalRemote(STREAM_WINDOW_BYTES)
                .initialMaxStreamsBidirectional((long) config.streamsMax() + QuicConfig.WORN_STREAMS_MAX)
                .initialMaxStreamsUnidirectional(UNIDIRECTIONAL_STREAMS)
                .congestionControlAlgorithm(QuicCongestionControlAlgorithm.CUBIC)
                .maxRecvUdpPayloadSize(RECEIVE_BYTES)
                .maxSendUdpPayloadSize(config.datagramBytes())
                .localConnectionIdLength(Router.CONNECTION_ID_BYTES)
                .activeMigration(true)
                .datagram(DATAGRAM_QUEUE, DATAGRAM_QUEUE)
                .flushStrategy(FlushStrategy.afterNumBytes(FLUSH_BYTES));
    }
}
