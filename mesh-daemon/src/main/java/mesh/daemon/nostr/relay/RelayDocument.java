package mesh.daemon.nostr.relay;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.util.TreeSet;
import mesh.daemon.Version;

/** Answers plain HTTP on the relay's port: what this relay is (NIP-11). Upgrades pass. Stateless. */
@SuppressWarnings("FutureReturnValueIgnored") // A write that fails ends its channel.
final class RelayDocument extends SimpleChannelInboundHandler<FullHttpRequest> {
    private final EmbeddedRelay.Rules rules;

    RelayDocument(EmbeddedRelay.Rules rules) {
        super(FullHttpRequest.class, false);
        this.rules = rules;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
        if (request.headers().containsValue(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET, true)) {
            context.fireChannelRead(request);
            return;
        }
        request.release();
        String text = "{\"name\":\"mesh relay\",\"software\":\"mesh\",\"version\":\"" + Version.text()
                + "\",\"supported_nips\":[1,9,11,40],\"limitation\":{\"max_message_length\":"
                + EmbeddedRelay.FRAME_BYTES_MAX + ",\"restricted_writes\":"
                + !rules.authors().isEmpty()
                + ",\"kinds\":" + new TreeSet<>(rules.kinds()) + "}}";
        var body = Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
        var answer = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK, body);
        answer.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, "application/nostr+json")
                .set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, "*")
                .set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
        context.writeAndFlush(answer).addListener(ChannelFutureListener.CLOSE);
    }
}
