package mesh.daemon.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import mesh.core.id.NodeId;
import mesh.core.rpc.Conversation;
import mesh.core.rpc.RpcLimits;

/** A host's and a worker's end of an RPC connection with the records between them, for tests. Of one thread. */
final class RpcEnds {
    final RpcCarrier host;
    final RpcCarrier worker;
    private final ByteArrayOutputStream toServer = new ByteArrayOutputStream();

    /** With what says how long each record is, as a line would carry them. */
    long sentBytes;

    int records;
    private boolean isWell = true;

    RpcEnds(RpcLimits limits, Optional<KnownFile> ours, Optional<KnownFile> theirs) {
        host = RpcCarrier.host(new Conversation(limits), ours, Optional.empty());
        worker = RpcCarrier.worker(new Conversation(limits), theirs, handing());
        worker.greeting().ifPresent(record -> {
            int kind = record.readUnsignedMedium();
            assertThat(host.note(kind, record, bytes -> {})).isTrue();
        });
    }

    /** Of a worker to whom nobody brings anything. */
    static Handing handing() {
        NodeId host = NodeId.of(new byte[NodeId.BYTES]);
        return new Handing(
                host,
                new Intake(),
                (to, pair) -> {
                    throw new AssertionError("nothing is brought");
                },
                (millis, what) -> {});
    }

    boolean say(byte[] bytes) {
        boolean passes = host.out(Unpooled.copiedBuffer(bytes), this::carry);
        isWell &= passes;
        return isWell;
    }

    /** Says it in pieces of some bytes, at most so many. */
    boolean say(byte[] bytes, int pieceMax, Random random) {
        for (int at = 0; at < bytes.length; ) {
            int count = Math.min(bytes.length - at, 1 + random.nextInt(pieceMax));
            if (!say(Arrays.copyOfRange(bytes, at, at + count))) return false;
            at += count;
        }
        return true;
    }

    /** The program closes. */
    void end() {
        host.end(this::carry);
    }

    private void carry(ByteBuf record) {
        sentBytes += record.readableBytes();
        records++;
        int kind = record.readUnsignedMedium();
        if (kind >= Carrier.NOTES_FROM) {
            assertThat(worker.noteBytes(kind)).contains(record.readableBytes());
            isWell &= worker.note(kind, record, this::serve);
        } else {
            assertThat(kind).isEqualTo(record.readableBytes());
            isWell &= worker.in(record, this::serve);
        }
        record.release();
    }

    private void serve(ByteBuf bytes) {
        byte[] plain = new byte[bytes.readableBytes()];
        bytes.readBytes(plain);
        bytes.release();
        toServer.writeBytes(plain);
    }

    void release() {
        host.release();
        worker.release();
    }

    byte[] heard() {
        return toServer.toByteArray();
    }

    int heardBytes() {
        return toServer.size();
    }

    String fault() {
        return worker.fault().or(host::fault).orElse("");
    }
}
