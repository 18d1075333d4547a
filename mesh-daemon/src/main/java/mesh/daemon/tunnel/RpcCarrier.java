package mesh.daemon.tunnel;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.Consumer;
import mesh.core.rpc.Conversation;

/**
 * One end of an RPC connection: holds every frame to the protocol, and spares the link what the worker can find by itself.
 * What the host's end says of requests is {@link Folding}'s and {@link Naming}'s, what the worker's end makes of it is
 * {@link Restoring}'s; answers pass as they are. Owned by the loop of the connection.
 */
abstract sealed class RpcCarrier implements Carrier {
    final Conversation talk;
    private boolean isReading;

    private RpcCarrier(Conversation talk) {
        this.talk = talk;
    }

    /** The host's end; {@code handover} of the split, if it has several workers. */
    static RpcCarrier host(Conversation talk, Optional<KnownFile> file, Optional<Handover.End> handover) {
        return new Host(talk, file, handover);
    }

    static RpcCarrier worker(Conversation talk, Optional<KnownFile> file, Handing handing) {
        return new Worker(talk, file, handing);
    }

    /** What comes of tensors while answers pass. */
    interface Data {
        void begins(Conversation.Read read, int at);

        void piece(int at, int count);
    }

    final boolean answersPass(ByteBuf bytes, Data data) {
        Conversation.Direction way = talk.replies();
        ByteBuffer left = bytes.nioBuffer();
        while (left.hasRemaining()) {
            if (way.unseenBytes() == 0) {
                if (!way.see(left)) return false;
                isReading = way.unseenBytes() > 0 && talk.read().isPresent();
                if (isReading) data.begins(talk.read().orElseThrow(), bytes.readerIndex() + left.position());
                continue;
            }
            int count = (int) Math.min(way.unseenBytes(), left.remaining());
            if (isReading) data.piece(bytes.readerIndex() + left.position(), count);
            way.passed(count);
            left.position(left.position() + count);
        }
        return true;
    }

    private static final class Host extends RpcCarrier {
        private final Folding folding = new Folding(this::isAnswer);
        private final Naming naming;

        /** The host's part in payloads that workers bring each other, if there are several. */
        private final Optional<Handover.End> handover;

        private Optional<String> fault = Optional.empty();

        Host(Conversation talk, Optional<KnownFile> file, Optional<Handover.End> handover) {
            super(talk);
            this.naming = new Naming(talk, file, handover);
            this.handover = handover;
        }

        @Override
        public void serve(Owner tunnel) {
            handover.ifPresent(end -> end.serve(tunnel));
        }

        @Override
        public Optional<ByteBuf> greeting() {
            return Optional.empty();
        }

        @Override
        public boolean out(ByteBuf bytes, Consumer<ByteBuf> records) {
            try {
                return folding.say(bytes, piece -> naming.requests(piece, records));
            } finally {
                bytes.release();
            }
        }

        private boolean isAnswer(ByteBuf data) {
            return handover.filter(end -> end.isAnswer(data)).isPresent();
        }

        @Override
        public void end(Consumer<ByteBuf> records) {
            folding.end(piece -> naming.requests(piece, records));
            naming.end(records);
        }

        /** What the worker said, of which another worker may be sent a part next. */
        @Override
        public boolean in(ByteBuf piece, Consumer<ByteBuf> toTcp) {
            boolean passes = fault.isEmpty()
                    && answersPass(piece, new Data() {
                        @Override
                        public void begins(Conversation.Read read, int at) {
                            handover.ifPresent(end -> end.answerBegins(read));
                        }

                        @Override
                        public void piece(int at, int count) {
                            handover.ifPresent(end -> end.answer(piece, at, count));
                        }
                    });
            if (passes) toTcp.accept(piece.retain());
            return passes;
        }

        @Override
        public boolean isOutDue() {
            return talk.requests().isDue();
        }

        @Override
        public boolean isInDue() {
            return talk.replies().isDue();
        }

        @Override
        public Optional<Integer> noteBytes(int kind) {
            if (kind == ShortNote.HAVE) return Optional.of(KnownFile.DIGEST_BYTES);
            return handover.isPresent() ? HandNote.bytesFromWorker(kind) : Optional.empty();
        }

        @Override
        public boolean note(int kind, ByteBuf note, Consumer<ByteBuf> toTcp) {
            if (fault.isPresent()) return false;
            if (kind == ShortNote.HAVE) {
                var theirs = new byte[KnownFile.DIGEST_BYTES];
                note.readBytes(theirs);
                naming.shared(theirs);
                return true;
            }
            if (handover.filter(end -> end.heard(kind, note)).isPresent()) return true;
            fault = Optional.of("note of kind " + Integer.toHexString(kind));
            return false;
        }

        @Override
        public boolean isWaiting() {
            return false;
        }

        @Override
        public boolean goOn() {
            return true;
        }

        @Override
        public Optional<String> fault() {
            return fault.or(talk::fault);
        }

        @Override
        public long savedBytes() {
            return naming.savedBytes();
        }

        @Override
        public void release() {
            folding.release();
            naming.release();
            talk.end();
            handover.ifPresent(Handover.End::release);
        }
    }

    private static final class Worker extends RpcCarrier {
        private final Restoring restoring;
        private final Handing handing;

        Worker(Conversation talk, Optional<KnownFile> file, Handing handing) {
            super(talk);
            this.restoring = new Restoring(talk, file, handing);
            this.handing = handing;
        }

        @Override
        public void serve(Owner tunnel) {
            handing.serve(tunnel);
        }

        @Override
        public Optional<ByteBuf> greeting() {
            return restoring.greeting();
        }

        /** As they are; where an answer begins that is brought to another worker too, the host is told before. */
        @Override
        public boolean out(ByteBuf bytes, Consumer<ByteBuf> records) {
            int[] rawFrom = {bytes.readerIndex()};
            try {
                boolean passes = answersPass(bytes, new Data() {
                    @Override
                    public void begins(Conversation.Read read, int at) {
                        handing.answerBegins(read).ifPresent(note -> {
                            Carrier.raw(bytes, rawFrom[0], at, records);
                            records.accept(note);
                            rawFrom[0] = at;
                        });
                    }

                    @Override
                    public void piece(int at, int count) {
                        handing.answer(bytes, at, count);
                    }
                });
                if (passes) Carrier.raw(bytes, rawFrom[0], bytes.writerIndex(), records);
                return passes;
            } finally {
                bytes.release();
            }
        }

        /** Answers never wait. */
        @Override
        public void end(Consumer<ByteBuf> records) {}

        @Override
        public boolean in(ByteBuf piece, Consumer<ByteBuf> toTcp) {
            return restoring.raw(piece, toTcp);
        }

        @Override
        public boolean isOutDue() {
            return talk.replies().isDue();
        }

        @Override
        public boolean isInDue() {
            return talk.requests().isDue();
        }

        @Override
        public Optional<Integer> noteBytes(int kind) {
            return ShortNote.bytesFromHost(kind).or(() -> HandNote.bytesFromHost(kind));
        }

        @Override
        public boolean note(int kind, ByteBuf note, Consumer<ByteBuf> toTcp) {
            return restoring.note(kind, note, toTcp);
        }

        @Override
        public boolean isWaiting() {
            return handing.isWaiting();
        }

        @Override
        public boolean goOn() {
            return restoring.goOn();
        }

        @Override
        public Optional<String> fault() {
            return restoring.fault().or(talk::fault);
        }

        @Override
        public long savedBytes() {
            return 0;
        }

        @Override
        public void release() {
            restoring.release();
            talk.end();
            handing.release();
        }
    }
}
