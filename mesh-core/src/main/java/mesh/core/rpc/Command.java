package mesh.core.rpc;

import java.util.Optional;

/**
 * The commands of ggml's RPC protocol, version 8, that a split uses, with the bounds of what they carry. Commands that
 * make a server connect elsewhere or listen ({@code COMM_*}) are not among them, so they are refused like unknown ones.
 */
public enum Command {
    ALLOC_BUFFER(0, 12, 16),
    GET_ALIGNMENT(1, 4, 8),
    GET_MAX_SIZE(2, 4, 8),
    BUFFER_GET_BASE(3, 8, 8),
    FREE_BUFFER(4, 8, Sizes.NO_ANSWER),
    BUFFER_CLEAR(5, 9, Sizes.NO_ANSWER),
    SET_TENSOR(6, Sizes.TENSOR + 1 + 8, Sizes.BULK, Sizes.NO_ANSWER),
    SET_TENSOR_HASH(7, Sizes.TENSOR + 8 + 8, 1),
    GET_TENSOR(8, Sizes.TENSOR + 8 + 8, Sizes.ASKED_ANSWER),
    COPY_TENSOR(9, 2 * Sizes.TENSOR, 1),
    GRAPH_COMPUTE(10, 16, Sizes.GRAPH_MAX, Sizes.NO_ANSWER),
    GET_DEVICE_MEMORY(11, 4, 16),
    INIT_TENSOR(12, Sizes.TENSOR, Sizes.NO_ANSWER),
    GET_ALLOC_SIZE(13, 4 + 11 * Sizes.TENSOR, 8),
    HELLO(14, 24, 28),
    DEVICE_COUNT(15, 0, 4),
    GRAPH_RECOMPUTE(16, 12, Sizes.NO_ANSWER),
    MEMSET_TENSOR(17, Sizes.TENSOR, Sizes.TENSOR + 64, Sizes.NO_ANSWER),
    SET_TENSOR_2D(18, Sizes.TENSOR + 8, Sizes.BULK, Sizes.NO_ANSWER),
    GET_TENSOR_2D(19, Sizes.TENSOR + 8, Sizes.TENSOR + 64, Sizes.BULK_ANSWER);

    /** The version of the protocol that is read here; majors differ in commands and layouts. */
    public static final int MAJOR = 8;

    private final int number;
    private final long payloadBytesMin;
    private final long payloadBytesMax;
    private final int answerBytes;

    Command(int number, long payloadBytes, int answerBytes) {
        this(number, payloadBytes, payloadBytes, answerBytes);
    }

    Command(int number, long payloadBytesMin, long payloadBytesMax, int answerBytes) {
        this.number = number;
        this.payloadBytesMin = payloadBytesMin;
        this.payloadBytesMax = payloadBytesMax;
        this.answerBytes = answerBytes;
    }

    public static Optional<Command> of(int number) {
        // The numbers are dense, from 0 in the order above; a test holds them to it.
        return number < values().length ? Optional.of(values()[number]) : Optional.empty();
    }

    public int number() {
        return number;
    }

    /** Whether a payload of this size can belong to the command, with {@code bulkBytesMax} for tensors. */
    boolean allows(long payloadBytes, long bulkBytesMax) {
        long most = payloadBytesMax == Sizes.BULK ? bulkBytesMax : payloadBytesMax;
        return payloadBytes >= payloadBytesMin && payloadBytes <= most;
    }

    /** How much of the payload says what is done; the rest of it is tensor data or a graph. */
    public int headBytes() {
        return (int) payloadBytesMin;
    }

    /** Whether a server does more about it than to keep what it was given: it answers or computes. */
    boolean isWork() {
        return answerBytes != Sizes.NO_ANSWER || this == GRAPH_COMPUTE || this == GRAPH_RECOMPUTE;
    }

    /** Size of the answer, or one of the negative values of {@link Sizes}. */
    int answerBytes() {
        return answerBytes;
    }

    /** Sizes of the protocol's packed structures. */
    static final class Sizes {
        /** {@code rpc_tensor}: identity, type, shape, strides, operation, sources, place and name of one tensor. */
        static final int TENSOR = 296;

        /** Where the name stands in it, ended by a zero byte. */
        static final int NAME_AT = 228;

        static final int NAME_BYTES = 64;

        /** Holds a graph of a hundred thousand nodes; the largest model's has some thousand. */
        static final long GRAPH_MAX = 64L << 20;

        /** As much as the lease allows. */
        static final long BULK = Long.MAX_VALUE;

        static final int NO_ANSWER = -1;

        /** As many as the request's head says, behind the tensor and the offset. */
        static final int ASKED_ANSWER = -2;

        /** Up to what the lease allows. */
        static final int BULK_ANSWER = -3;

        private Sizes() {}
    }
}
