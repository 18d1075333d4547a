package mesh.daemon.api;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import mesh.core.openai.ApiError;
import mesh.daemon.edge.Refusal;

/** Takes an engine's event stream apart into the data of its events, wherever it is cut. Holds one line. */
final class EventLines {
    /** An event is a token, or a call of a tool with its arguments. */
    private static final int LINE_BYTES_MAX = 4 << 20;

    private static final String DATA = "data:";

    private byte[] line = new byte[1_024];
    private int length;

    /** What is done with the data of an event. */
    interface Reader {
        void read(String data) throws Refusal;
    }

    void feed(ByteBuf piece, Reader reader) throws Refusal {
        int end = piece.writerIndex();
        for (int at = piece.readerIndex(); at < end; ) {
            int lineEnd = piece.indexOf(at, end, (byte) '\n');
            int to = lineEnd < 0 ? end : lineEnd;
            keep(piece, at, to - at);
            if (lineEnd >= 0) whole(reader);
            at = to + 1;
        }
    }

    private void keep(ByteBuf piece, int from, int count) throws Refusal {
        if (length + count > LINE_BYTES_MAX)
            throw new Refusal(ApiError.server(502, "engine_odd", "the engine sent an event that is too long"));
        if (length + count > line.length) line = Arrays.copyOf(line, Math.max(line.length * 2, length + count));
        piece.getBytes(from, line, length, count);
        length += count;
    }

    private void whole(Reader reader) throws Refusal {
        String text = new String(line, 0, length, StandardCharsets.UTF_8).strip();
        length = 0;
        if (text.startsWith(DATA)) reader.read(text.substring(DATA.length()).strip());
    }
}
