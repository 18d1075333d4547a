package mesh.daemon.tunnel;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.SocketChannel;
import io.netty.util.concurrent.Future;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import mesh.core.id.NodeId;
import mesh.daemon.log.Log;
import org.jspecify.annotations.Nullable;

/**
 * One RPC connection between a program here and one at a peer: TCP on this side, a {@link Line} on the other, and a
 * {@link Carrier} between them that holds every frame to the protocol. The program notices nothing while the line is
 * without a stream, but that nobody reads and nobody answers; when the line is broken off its connection is reset.
 * Owned by the loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write or close that fails ends its channel, and that is heard.
final class RpcTunnel implements Line.Reader {
    private static final Log log = Log.of(RpcTunnel.class);

    private static final int RECORD_HEAD_BYTES = Carrier.RECORD_HEAD_BYTES;

    /** As much as fills two packets on any path leaves at once, whatever comes behind it. */
    private static final int PACKETS_BYTES = 2_400;

    /** What is less, and nothing to act upon, waits as long for what comes behind it: some ten times as long as it takes. */
    private static final long REST_MILLIS = 1;

    private final EventLoop loop;
    private final NodeId peer;
    private final Carrier carrier;
    private final Meter meter;
    private final Watcher watcher;
    private final long patienceMillis;
    private final Line line;
    private @Nullable SocketChannel tcp;
    private boolean isFlushing;
    private boolean isResting;
    private long lostNanos;
    private @Nullable Future<?> patience;

    private int lengthBytes;
    private int length;
    private int left;
    private int noteKind;
    private int noteBytes;
    private @Nullable ByteBuf note;

    /** Who answers for the tunnel. */
    interface Watcher {
        /** The stream is gone: whoever opened it opens another one. */
        void lost(RpcTunnel tunnel);

        /** Something was said to the peer. */
        void spoke(RpcTunnel tunnel);

        void over(RpcTunnel tunnel);
    }

    RpcTunnel(EventLoop loop, NodeId peer, Carrier carrier, Meter meter, Watcher watcher, long patienceMillis) {
        this.loop = loop;
        this.peer = peer;
        this.carrier = carrier;
        this.meter = meter;
        this.watcher = watcher;
        this.patienceMillis = patienceMillis;
        this.line = new Line(ByteBufAllocator.DEFAULT, this, Replay.BYTES_MAX);
        carrier.serve(new Owned());
        meter.opened();
    }

    Line line() {
        return line;
    }

    NodeId peer() {
        return peer;
    }

    /** The program's side, from which nothing was read yet. */
    void attach(SocketChannel local) {
        if (line.isOver()) {
            EpollSockets.resetLater(local);
            return;
        }
        tcp = local;
        local.pipeline().addLast(new FromTcp());
        carrier.greeting().ifPresent(line::say);
        line.flush();
        local.config().setAutoRead(true);
        line.goOn();
    }

    // What the line says.

    @Override
    public boolean hasRoom() {
        SocketChannel local = tcp;
        return local != null && local.isWritable() && !carrier.isWaiting();
    }

    @Override
    public void heard(ByteBuf bytes) {
        if (noteBytes > 0) readNote(bytes);
        else if (left == 0) readLength(bytes);
        else carry(bytes);
    }

    @Override
    public void heardAll() {
        SocketChannel local = tcp;
        if (local == null) return;
        if (carrier.isInDue()) local.flush();
        else flushLater(local);
    }

    /** QUIC delivers packet by packet; one flush for all that arrived together saves a system call for each. */
    private void flushLater(SocketChannel local) {
        if (isFlushing) return;
        isFlushing = true;
        loop.execute(() -> {
            isFlushing = false;
            local.flush();
        });
    }

    /** A token is a dozen frames, each written for itself, and nothing is computed before the last of them is there. */
    private void sendDue() {
        long unsentBytes = line.unsentBytes();
        if (carrier.isOutDue() || unsentBytes >= PACKETS_BYTES) send();
        else if (unsentBytes > 0 && !isResting) {
            isResting = true;
            loop.schedule(
                    () -> {
                        isResting = false;
                        send();
                    },
                    REST_MILLIS,
                    TimeUnit.MILLISECONDS);
        }
    }

    private void send() {
        if (line.isOver() || line.unsentBytes() == 0) return;
        line.flush();
        watcher.spoke(this);
    }

    @Override
    public void ended() {
        SocketChannel local = tcp;
        if (local != null) finishTcp(local);
    }

    @Override
    public void writable() {
        SocketChannel local = tcp;
        // Reads are not switched on again where input has ended: epoll would fail and close the channel.
        if (local != null && line.hasRoom() && !local.isInputShutdown())
            local.config().setAutoRead(true);
    }

    @Override
    public void lost() {
        if (lostNanos == 0) {
            lostNanos = System.nanoTime();
            log.info("tunnel.lost", "peer", peer);
            patience = loop.schedule(() -> line.breakOff(LineEnd.SILENT), patienceMillis, TimeUnit.MILLISECONDS);
        }
        watcher.lost(this);
    }

    @Override
    public void resumed(long replayedBytes) {
        if (patience != null) patience.cancel(false);
        patience = null;
        long lostMillis = lostNanos == 0 ? 0 : TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - lostNanos);
        lostNanos = 0;
        log.info("tunnel.resumed", "peer", peer, "lostMillis", lostMillis, "replayedBytes", replayedBytes);
    }

    @Override
    public void over() {
        if (patience != null) patience.cancel(false);
        Optional<LineEnd> why = Optional.ofNullable(line.why());
        if (why.isPresent()) {
            meter.aborted();
            if (why.get() != LineEnd.RESET)
                log.warn("tunnel.ended", "peer", peer, "reason", why.get().code());
            if (tcp != null) EpollSockets.resetLater(tcp);
        }
        if (note != null) note.release();
        note = null;
        carrier.release();
        meter.closed();
        watcher.over(this);
    }

    /** Everything before the end has gone out, then FIN, and close when the other direction is done too. */
    private void finishTcp(SocketChannel local) {
        local.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener((ChannelFuture drained) -> {
            if (!drained.isSuccess() || !local.isActive()) return;
            local.shutdownOutput();
            if (local.isInputShutdown()) EpollSockets.closeLater(local);
        });
    }

    // Records.

    private void readLength(ByteBuf bytes) {
        length = length << 8 | bytes.readUnsignedByte();
        if (++lengthBytes < RECORD_HEAD_BYTES) return;
        left = length;
        length = 0;
        lengthBytes = 0;
        if (left < Carrier.NOTES_FROM) return;
        Optional<Integer> size = carrier.noteBytes(left);
        noteKind = left;
        noteBytes = size.orElse(0);
        left = 0;
        if (size.isEmpty()) forbidden();
    }

    private void readNote(ByteBuf bytes) {
        ByteBuf reading = note == null ? Unpooled.buffer(noteBytes) : note;
        note = reading;
        reading.writeBytes(bytes, Math.min(noteBytes - reading.readableBytes(), bytes.readableBytes()));
        if (reading.readableBytes() < noteBytes) return;
        note = null;
        noteBytes = 0;
        meter.fromPeer(reading.readableBytes());
        boolean passes = carrier.note(noteKind, reading, this::pass);
        reading.release();
        if (!passes) forbidden();
    }

    private void carry(ByteBuf bytes) {
        int count = Math.min(left, bytes.readableBytes());
        left -= count;
        meter.fromPeer(count);
        if (!carrier.in(bytes.readSlice(count), this::pass)) forbidden();
    }

    private void pass(ByteBuf bytes) {
        SocketChannel local = tcp;
        if (local == null) bytes.release();
        else local.write(bytes, local.voidPromise());
    }

    /** What came does not belong here: the connection ends, before any of it is passed on. */
    private void forbidden() {
        log.warn("tunnel.forbidden", "peer", peer, "why", carrier.fault().orElse(""));
        line.breakOff(LineEnd.FORBIDDEN);
    }

    /** What the carrier says and hears beside what passes through it. */
    private final class Owned implements Carrier.Owner {
        @Override
        public void note(ByteBuf note) {
            meter.toPeer(note.readableBytes() - RECORD_HEAD_BYTES);
            line.say(note);
            line.flush();
        }

        @Override
        public void goOn() {
            if (line.isOver() || !carrier.isWaiting()) return;
            if (carrier.goOn()) {
                heardAll();
                line.goOn();
            } else forbidden();
        }
    }

    /** From the program into the line. */
    private final class FromTcp extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object read) {
            var bytes = (ByteBuf) read;
            if (!bytes.isReadable() || line.isOver()) {
                bytes.release();
                return;
            }
            long saved = carrier.savedBytes();
            boolean passes = carrier.out(bytes, this::say);
            meter.saved(carrier.savedBytes() - saved);
            if (!passes) forbidden();
        }

        private void say(ByteBuf record) {
            meter.toPeer(record.readableBytes() - RECORD_HEAD_BYTES);
            line.say(record);
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            sendDue();
            if (!line.hasRoom()) ctx.channel().config().setAutoRead(false);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event != ChannelInputShutdownEvent.INSTANCE) return;
            EpollSockets.keepRegistered(ctx.channel());
            if (!line.isOver()) carrier.end(this::say);
            line.end();
            if (ctx.channel() instanceof SocketChannel local && local.isOutputShutdown())
                EpollSockets.closeLater(local);
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            if (!ctx.channel().isWritable()) return;
            line.goOn();
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            if (ctx.channel() instanceof SocketChannel local && local.isInputShutdown() && local.isOutputShutdown())
                return;
            line.breakOff(LineEnd.RESET);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            log.debug("tunnel.broken", "peer", peer, "cause", cause.toString());
            line.breakOff(LineEnd.RESET);
        }
    }
}
