package mesh.core.rpc;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import mesh.core.rpc.Command.Sizes;
import org.jspecify.annotations.Nullable;

/**
 * One RPC connection as both directions of its bytes pass: requests (command, size, payload) one way, answers (size,
 * payload) the other, strictly in order and without numbers, so that each answer is held against the oldest request
 * that waits for one. Heads are seen, data passes unseen. Says what is wrong once, and from then on always.
 * Not thread-safe; owned by whoever carries the connection.
 */
public final class Conversation {
    /** A client asks for the pieces of a batch before it reads the first; far more is no client of ours. */
    private static final int AWAITED_MAX = 4_096;

    /** What the server's record of an empty buffer may cost, so that these come to an end too. */
    private static final long BUFFER_BYTES_MIN = 4_096;

    private static final int REQUEST_HEADER_BYTES = 1 + 8;
    private static final int ANSWER_HEADER_BYTES = 8;

    /** Of the answers that are looked at, HELLO's is the longest. */
    private static final int SEEN_ANSWER_BYTES_MAX = 28;

    private final RpcLimits limits;
    private final Buffers buffers;

    /** What this connection allocated, by its address. */
    private final Map<Long, Long> allocated = new HashMap<>();

    /** What it asked for and has not been told about, in order. */
    private final ArrayDeque<Long> allocating = new ArrayDeque<>();

    private final ArrayDeque<Awaited> awaited = new ArrayDeque<>();
    private final Requests requests = new Requests();
    private final Replies replies = new Replies();
    private boolean hasGreeted;
    private Optional<String> fault = Optional.empty();

    /** What an answer may measure, and of which tensor it is if it is of one. */
    private record Awaited(Command command, String name, long bytesMin, long bytesMax) {}

    public Conversation(RpcLimits limits) {
        this(limits, Buffers.unbounded());
    }

    /** @param buffers of the lease, which all its connections share */
    public Conversation(RpcLimits limits, Buffers buffers) {
        this.limits = limits;
        this.buffers = buffers;
    }

    /** What the client says. */
    public Direction requests() {
        return requests;
    }

    /** What the server says. */
    public Direction replies() {
        return replies;
    }

    /** What was wrong, in words for the log; nothing more may pass then. */
    public Optional<String> fault() {
        return fault;
    }

    /** The connection is over: what it held is free again, and nothing more passes. */
    public void end() {
        refuse("the connection is over");
        allocated.values().forEach(buffers::give);
        allocated.clear();
        allocating.forEach(buffers::give);
        allocating.clear();
    }

    private void refuse(String why) {
        if (fault.isEmpty()) fault = Optional.of(why);
    }

    /**
     * Tensor data on its way to the server.
     *
     * @param name of the tensor; weights have the names of the model's file
     * @param offset within the tensor
     */
    public record Write(String name, long offset, long bytes) {}

    /** The data whose first byte comes next to a client's {@link Direction#unseenBytes}; empty elsewhere. */
    public Optional<Write> write() {
        return requests.write;
    }

    /** Tensor data on its way back to the client, all of what one question asked for. */
    public record Read(String name, long bytes) {}

    /** The same for the data whose first byte comes next to a server's {@link Direction#unseenBytes}. */
    public Optional<Read> read() {
        return replies.read;
    }

    /** One direction of bytes. Call {@link #see} while {@link #unseenBytes} is 0, else let up to as many pass. */
    public abstract static class Direction {
        private final byte[] seen;
        private int seenBytes;
        private int wantedBytes;
        private int headBytes;
        private long unseenBytes;

        Direction(int seenMax, int headerBytes) {
            this.seen = new byte[seenMax];
            this.wantedBytes = headerBytes;
        }

        /** Takes what comes next up to the end of a head; {@code false} once the conversation has a fault. */
        public final boolean see(ByteBuffer next) {
            while (isWell() && next.hasRemaining()) {
                int count = Math.min(wantedBytes - seenBytes, next.remaining());
                next.get(seen, seenBytes, count);
                seenBytes += count;
                while (seenBytes == wantedBytes && isWell() && advance()) {
                    // A payload without bytes ends with its header, and the next header is wanted.
                }
                if (!isInHead()) break;
            }
            return isWell();
        }

        /** Whether a head was begun and not seen to its end. */
        public final boolean isInHead() {
            return seenBytes > 0;
        }

        /** What was seen of the head that is not at its end, else all of the last one; until more is seen. */
        public final ByteBuffer head() {
            return ByteBuffer.wrap(seen, 0, isInHead() ? seenBytes : headBytes).asReadOnlyBuffer();
        }

        /** Bytes of data that need not be looked at. */
        public final long unseenBytes() {
            return unseenBytes;
        }

        public final void passed(long bytes) {
            if (bytes > unseenBytes) throw new IllegalArgumentException("passed=" + bytes + " unseen=" + unseenBytes);
            unseenBytes -= bytes;
        }

        /** Whether a frame has ended and the next has not begun. */
        public final boolean isBetweenFrames() {
            return !isInHead() && unseenBytes == 0;
        }

        /** Whether what has passed ends where the other side has something to do; elsewhere more comes at once. */
        public abstract boolean isDue();

        /** All that was wanted is seen; {@code true} to look again at once. */
        abstract boolean advance();

        abstract boolean isWell();

        final byte[] seen() {
            return seen;
        }

        final int seenBytes() {
            return seenBytes;
        }

        final void want(int bytes) {
            wantedBytes = bytes;
        }

        final void restart(int headerBytes, long dataBytes) {
            headBytes = seenBytes;
            seenBytes = 0;
            wantedBytes = headerBytes;
            unseenBytes = dataBytes;
        }

        final long number(int at) {
            long number = 0;
            for (int i = Long.BYTES - 1; i >= 0; i--) number = number << 8 | (seen[at + i] & 0xFF);
            return number;
        }
    }

    private final class Requests extends Direction {
        private long payloadBytes;
        private Optional<Command> command = Optional.empty();
        private boolean isWork;
        private Optional<Write> write = Optional.empty();

        Requests() {
            super(REQUEST_HEADER_BYTES + headBytesMax(), REQUEST_HEADER_BYTES);
        }

        private static int headBytesMax() {
            return Arrays.stream(Command.values())
                    .mapToInt(Command::headBytes)
                    .max()
                    .orElseThrow();
        }

        @Override
        public boolean isDue() {
            return isWork && isBetweenFrames();
        }

        @Override
        boolean isWell() {
            return fault.isEmpty();
        }

        @Override
        boolean advance() {
            write = Optional.empty();
            if (command.isEmpty()) return begin();
            end(command.get());
            return false;
        }

        private boolean begin() {
            int said = seen()[0] & 0xFF;
            Optional<Command> known = Command.of(said);
            if (known.isEmpty()) {
                refuse("command " + said + " is not allowed");
                return false;
            }
            Command now = known.get();
            payloadBytes = number(1);
            if (now == Command.HELLO == hasGreeted) refuse(now + (hasGreeted ? " again" : " before HELLO"));
            else if (!now.allows(payloadBytes, bulkPayloadMax())) refuse(now + " of " + payloadBytes + " bytes");
            hasGreeted = true;
            command = known;
            want(REQUEST_HEADER_BYTES + now.headBytes());
            return true;
        }

        private long bulkPayloadMax() {
            // Data and the description before it.
            return limits.bulkBytesMax() + REQUEST_HEADER_BYTES + headBytesMax();
        }

        private void end(Command now) {
            if (now == Command.ALLOC_BUFFER) allocate(number(REQUEST_HEADER_BYTES + 4));
            if (now == Command.FREE_BUFFER) free(number(REQUEST_HEADER_BYTES));
            switch (now.answerBytes()) {
                case Sizes.NO_ANSWER -> {}
                case Sizes.ASKED_ANSWER -> {
                    long asked = number(REQUEST_HEADER_BYTES + Sizes.TENSOR + Long.BYTES);
                    bounded(now, asked);
                    await(now, asked, asked);
                }
                case Sizes.BULK_ANSWER -> await(now, 0, limits.bulkBytesMax());
                default -> await(now, now.answerBytes(), now.answerBytes());
            }
            long dataBytes = payloadBytes - now.headBytes();
            if (now == Command.SET_TENSOR && dataBytes > 0)
                write = Optional.of(new Write(name(), number(REQUEST_HEADER_BYTES + Sizes.TENSOR + 1), dataBytes));
            command = Optional.empty();
            isWork = now.isWork();
            restart(REQUEST_HEADER_BYTES, dataBytes);
        }

        private void allocate(long bytes) {
            bounded(Command.ALLOC_BUFFER, bytes);
            if (!isWell()) return;
            long counted = Math.max(bytes, BUFFER_BYTES_MIN);
            if (buffers.take(counted)) allocating.add(counted);
            else
                refuse("ALLOC_BUFFER of " + bytes + " bytes beside " + buffers.heldBytes() + ", lent="
                        + buffers.bytesMax());
        }

        /** An address that was not allocated here frees nothing there either. */
        private void free(long address) {
            Long bytes = allocated.remove(address);
            if (bytes != null) buffers.give(bytes);
        }

        private String name() {
            int from = REQUEST_HEADER_BYTES + Sizes.NAME_AT;
            int to = from;
            while (to < from + Sizes.NAME_BYTES && seen()[to] != 0) to++;
            return new String(seen(), from, to - from, StandardCharsets.ISO_8859_1);
        }

        private void bounded(Command now, long bytes) {
            if (bytes < 0 || bytes > limits.bulkBytesMax())
                refuse(now + " asks for " + Long.toUnsignedString(bytes) + " bytes, lent=" + limits.bulkBytesMax());
        }

        private void await(Command now, long bytesMin, long bytesMax) {
            String name = now == Command.GET_TENSOR ? name() : "";
            if (awaited.size() == AWAITED_MAX) refuse("more than " + AWAITED_MAX + " answers awaited");
            else awaited.add(new Awaited(now, name, bytesMin, bytesMax));
        }
    }

    private final class Replies extends Direction {
        private Optional<Read> read = Optional.empty();

        /** Whose answer is being seen to its end; null while the next header comes. */
        private @Nullable Command seeing;

        Replies() {
            super(ANSWER_HEADER_BYTES + SEEN_ANSWER_BYTES_MAX, ANSWER_HEADER_BYTES);
        }

        @Override
        public boolean isDue() {
            return isBetweenFrames();
        }

        @Override
        boolean isWell() {
            return fault.isEmpty();
        }

        @Override
        boolean advance() {
            read = Optional.empty();
            if (seeing == null) begin();
            else end(seeing);
            return false;
        }

        private void begin() {
            long payloadBytes = number(0);
            Awaited question = awaited.poll();
            if (question == null) refuse("answer of " + payloadBytes + " bytes to nothing");
            else if (payloadBytes < question.bytesMin || payloadBytes > question.bytesMax)
                refuse("answer of " + Long.toUnsignedString(payloadBytes) + " bytes to " + question.command);
            else if (question.command == Command.HELLO || question.command == Command.ALLOC_BUFFER) {
                seeing = question.command;
                want(seenBytes() + (int) payloadBytes);
            } else {
                if (question.command == Command.GET_TENSOR && payloadBytes > 0)
                    read = Optional.of(new Read(question.name, payloadBytes));
                restart(ANSWER_HEADER_BYTES, payloadBytes);
            }
        }

        private void end(Command seen) {
            if (seen == Command.HELLO) {
                int major = seen()[ANSWER_HEADER_BYTES] & 0xFF;
                if (major != limits.major()) refuse("server speaks version " + major + ", expected " + limits.major());
            } else allocated(number(ANSWER_HEADER_BYTES));
            seeing = null;
            restart(ANSWER_HEADER_BYTES, 0);
        }

        /** Address 0 says that there was no memory. */
        private void allocated(long address) {
            long bytes = allocating.remove();
            if (address == 0) {
                buffers.give(bytes);
                return;
            }
            Long before = allocated.put(address, bytes);
            if (before != null) buffers.give(before);
        }
    }
}
