package mesh.daemon.nostr.relay;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mesh.daemon.nostr.ClientMessage;
import mesh.daemon.nostr.Event;
import mesh.daemon.nostr.Filter;
import org.jspecify.annotations.Nullable;

/**
 * One connection to the relay: what it asked for, and what it is told. A visitor that does not take what it asked for is
 * shown out, so that nobody's slowness fills the memory. Owned by the loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write that fails ends its channel, and that is heard.
final class Visitor extends SimpleChannelInboundHandler<WebSocketFrame> {
    private static final int SUBSCRIPTIONS_MAX = 16;

    private final Room room;
    private final Map<String, List<Filter>> subscriptions = new LinkedHashMap<>();
    private @Nullable ChannelHandlerContext channel;

    Visitor(Room room) {
        this.room = room;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
        if (event instanceof WebSocketServerProtocolHandler.HandshakeComplete) {
            channel = context;
            room.entered(this);
        }
        super.userEventTriggered(context, event);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) throws Exception {
        room.left(this);
        super.channelInactive(context);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, WebSocketFrame frame) {
        if (!(frame instanceof TextWebSocketFrame text)) {
            context.close();
            return;
        }
        switch (ClientMessage.parse(text.text())) {
            case ClientMessage.Publish(Event event) -> {
                EventStore.Kept kept = room.publish(event, address(context));
                say(ClientMessage.ok(event.id(), kept.isAccepted(), kept.message()));
            }
            case ClientMessage.Request(String name, List<Filter> filters) -> request(name, filters);
            case ClientMessage.Close(String name) -> subscriptions.remove(name);
            case ClientMessage.Unreadable(String why) -> say(ClientMessage.notice(why));
        }
    }

    private void request(String name, List<Filter> filters) {
        if (!subscriptions.containsKey(name) && subscriptions.size() >= SUBSCRIPTIONS_MAX) {
            say(ClientMessage.closed(name, "error: too many subscriptions"));
            return;
        }
        subscriptions.put(name, filters);
        for (Event event : room.find(filters)) say(ClientMessage.event(name, event));
        say(ClientMessage.storedEnd(name));
    }

    void news(Event event) {
        subscriptions.forEach((name, filters) -> {
            if (filters.stream().anyMatch(filter -> filter.matches(event))) say(ClientMessage.event(name, event));
        });
    }

    private void say(String frame) {
        ChannelHandlerContext open = channel;
        if (open == null) return;
        if (open.channel().isWritable()) open.writeAndFlush(new TextWebSocketFrame(frame));
        else open.close();
    }

    private static String address(ChannelHandlerContext context) {
        return context.channel().remoteAddress() instanceof InetSocketAddress from
                ? from.getAddress().getHostAddress()
                : "";
    }
}
