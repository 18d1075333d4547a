package mesh.daemon.edge;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.function.BiConsumer;
import mesh.core.openai.ApiError;
import mesh.core.openai.ModelPeek;

/** Sets an admitted exchange on its way, whatever kind of action its route has. Runs on the exchange's event loop. */
final class Start {
    private final Exchange exchange;
    private final EdgeHandler connection;

    Start(Exchange exchange, EdgeHandler connection) {
        this.exchange = exchange;
        this.connection = connection;
    }

    void run(Action action) {
        switch (action) {
            case Action.Local(var handler) -> handler.handle(exchange);
            case Action.Forward(var chooser) ->
                look((peek, body) -> relay(chooser.choose(exchange, peek), body, peek.isStream()));
            case Action.Translate(var translator) -> look((peek, body) -> translate(translator, body));
            case Action.Pass(var chooser) -> look((peek, body) -> relay(chooser.choose(exchange, peek), body, false));
            case Action.Waiting(var answerer) ->
                exchange.intake().hold(Action.ASK_BYTES_MAX, null, false, body -> answer(answerer, body.toBytes()));
            case Action.Events(var source) -> stream(source);
        }
    }

    /** Holds the body, looks into it, and goes on with it when it is whole. */
    private void look(BiConsumer<ModelPeek, RequestBody> then) {
        if (!exchange.header("content-encoding", "identity").equals("identity")) {
            exchange.fail(ApiError.invalid(415, "encoding_unsupported", "send the body without content-encoding"));
            return;
        }
        ModelPeek peek = ModelPeek.of(exchange.header("content-type", Exchange.JSON));
        exchange.intake().hold(connection.settings().bodyBytesMax(), peek, true, body -> {
            if (peek.isWhole()) then.accept(peek, body);
            else exchange.fail(peek.cut());
        });
    }

    private void translate(Translator translator, RequestBody body) {
        RequestBody.Whole whole = body.whole();
        Thread thread = Thread.ofVirtual().name("translate-" + exchange.id()).unstarted(() -> {
            try {
                var outcome = translator.translate(exchange.ask(whole.read()));
                later(() -> exchange.guarded(() -> goOn(outcome)));
            } catch (Refusal refusal) {
                later(() -> exchange.fail(refusal.error()));
            } catch (IOException unread) {
                // When the client leaves, the file its body went to is deleted under this thread.
                later(() -> exchange.fail(ApiError.server(
                        503, "body_unread", "the request's body cannot be read from this node's disk")));
            } catch (RuntimeException broken) {
                later(() -> exchange.failed(broken));
            }
        });
        thread.start();
    }

    private void goOn(Translator.Outcome outcome) {
        switch (outcome) {
            case Translator.Answered(var reply) -> exchange.respond(reply.status(), reply.contentType(), reply.body());
            case Translator.Translated(var text, var chooser, var answer) -> {
                if (exchange.isOver()) return;
                byte[] body = text.getBytes(StandardCharsets.UTF_8);
                var peek = new ModelPeek();
                peek.feed(body, 0, body.length);
                exchange.answerThrough(answer);
                relay(chooser.choose(exchange, peek), exchange.intake().replace(body), peek.isStream());
            }
        }
    }

    private void relay(Action.Choice choice, RequestBody body, boolean isStream) {
        switch (choice) {
            case Action.Choice.Refuse(var error) -> exchange.fail(error);
            case Action.Choice.To to -> Forwarder.relay(exchange, to, body, connection.engines(), isStream);
        }
    }

    private void answer(Action.Answerer answerer, byte[] body) {
        Ask ask = exchange.ask(body);
        Thread thread = Thread.ofVirtual().name("exchange-" + exchange.id()).unstarted(() -> {
            try {
                Reply reply = answerer.answer(ask);
                later(() -> exchange.respond(reply.status(), reply.contentType(), reply.body()));
            } catch (Refusal refusal) {
                later(() -> exchange.fail(refusal.error()));
            } catch (InterruptedException gone) {
                // The client has left; nobody waits for this answer.
            } catch (Exception broken) {
                later(() -> exchange.failed(broken));
            }
        });
        thread.start();
    }

    private void stream(Action.EventSource source) {
        Ask ask = exchange.ask(new byte[0]);
        exchange.answerHeader("cache-control", "no-cache");
        exchange.answerHeader("x-accel-buffering", "no");
        exchange.begin(200, "text/event-stream", -1);
        exchange.flush();
        var out = new EventStream(exchange, connection);
        Thread thread = Thread.ofVirtual().name("events-" + exchange.id()).unstarted(() -> {
            try {
                source.stream(ask, out);
                later(exchange::end);
            } catch (InterruptedException gone) {
                // The client has left.
            } catch (Exception broken) {
                later(() -> exchange.failed(broken));
            }
        });
        exchange.onStopping(out::closed);
        exchange.onGone(() -> {
            out.closed();
            thread.interrupt();
        });
        thread.start();
    }

    private void later(Runnable task) {
        connection.onLoop(exchange.context(), task);
    }
}
