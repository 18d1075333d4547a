package mesh.daemon.edge;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpConstants;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.List;

/**
 * Netty's request decoder, which is strict about lengths, chunking and line ends, made strict about folded header lines
 * too: two servers that read a folded line differently are how requests get smuggled. One per connection.
 */
final class RequestDecoder extends HttpRequestDecoder {
    static final int LINE_BYTES_MAX = 8_192;
    static final int HEAD_BYTES_MAX = 32_768;
    private static final int PIECE_BYTES_MAX = 65_536;

    private boolean isInHead = true;
    private boolean isPastFirstLine;
    private boolean isBroken;

    RequestDecoder() {
        super(LINE_BYTES_MAX, HEAD_BYTES_MAX, PIECE_BYTES_MAX);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf buffer, List<Object> out) throws Exception {
        if (isBroken) {
            buffer.skipBytes(buffer.readableBytes());
            return;
        }
        if (isInHead && hasFoldedLine(buffer)) {
            isBroken = true;
            buffer.skipBytes(buffer.readableBytes());
            var refused = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/");
            refused.setDecoderResult(DecoderResult.failure(new IllegalArgumentException("folded header line")));
            out.add(refused);
            return;
        }
        super.decode(ctx, buffer, out);
        if (out.isEmpty()) return;
        isInHead = out.getLast() instanceof LastHttpContent;
        isPastFirstLine = false;
    }

    /** While a head is read the buffer always begins at the start of a line: the decoder takes whole lines only. */
    private boolean hasFoldedLine(ByteBuf buffer) {
        int at = buffer.readerIndex();
        while (at < buffer.writerIndex()) {
            byte first = buffer.getByte(at);
            if (first == HttpConstants.SP || first == HttpConstants.HT) return true;
            int end = buffer.indexOf(at, buffer.writerIndex(), HttpConstants.LF);
            if (end < 0) return false;
            boolean isBlank = end == at || (end == at + 1 && first == HttpConstants.CR);
            if (isBlank && isPastFirstLine) return false;
            if (!isBlank) isPastFirstLine = true;
            at = end + 1;
        }
        return false;
    }
}
