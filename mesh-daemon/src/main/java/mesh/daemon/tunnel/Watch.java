package mesh.daemon.tunnel;

import io.netty.buffer.ByteBuf;
import java.util.Optional;
import mesh.core.rpc.Conversation;

/**
 * Looks at both directions of one connection before they are passed on, and says when it must end. Owned by the loop of
 * the connection.
 */
interface Watch {
    /** Whether bytes that come from our TCP side may go into the stream. */
    boolean letsOut(ByteBuf bytes);

    /** Whether bytes that came through the stream may go to our TCP side. */
    boolean letsIn(ByteBuf bytes);

    Optional<String> fault();

    /** For connections of which nothing is asked. */
    static Watch none() {
        return new Watch() {
            @Override
            public boolean letsOut(ByteBuf bytes) {
                return true;
            }

            @Override
            public boolean letsIn(ByteBuf bytes) {
                return true;
            }

            @Override
            public Optional<String> fault() {
                return Optional.empty();
            }
        };
    }

    /** Holds an RPC connection to its protocol; {@code isClientHere}: requests come from our TCP side. */
    static Watch over(Conversation talk, boolean isClientHere) {
        Conversation.Direction out = isClientHere ? talk.requests() : talk.replies();
        Conversation.Direction in = isClientHere ? talk.replies() : talk.requests();
        return new Watch() {
            @Override
            public boolean letsOut(ByteBuf bytes) {
                return passes(bytes, out);
            }

            @Override
            public boolean letsIn(ByteBuf bytes) {
                return passes(bytes, in);
            }

            @Override
            public Optional<String> fault() {
                return talk.fault();
            }
        };
    }

    private static boolean passes(ByteBuf bytes, Conversation.Direction way) {
        int at = bytes.readerIndex();
        while (at < bytes.writerIndex()) {
            long unseen = way.unseenBytes();
            if (unseen == 0) {
                if (!way.see(bytes.getByte(at++))) return false;
                continue;
            }
            int skipped = (int) Math.min(unseen, bytes.writerIndex() - at);
            way.passed(skipped);
            at += skipped;
        }
        return true;
    }
}
