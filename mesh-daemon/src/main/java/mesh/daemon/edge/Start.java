package mesh.daemon.edge;

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
            case Action.Forward(var chooser) -> forward(chooser);
            case Action.Pass(var chooser) ->
                exchange.intake()
                        .hold(
                                connection.settings().bodyBytesMax(),
                                null,
                                true,
                                body -> relay(chooser.choose(exchange), body, false));
            case Action.Waiting(var answerer) ->
                exchange.intake().hold(Action.ASK_BYTES_MAX, null, false, body -> answer(answerer, body.toBytes()));
            case Action.Events(var source) -> stream(source);
        }
    }

    private void forward(Action.Chooser chooser) {
        if (!exchange.header("content-encoding", "identity").equals("identity")) {
            exchange.fail(ApiError.invalid(415, "encoding_unsupported", "send the body without content-encoding"));
            return;
        }
        var peek = new ModelPeek();
        exchange.intake().hold(connection.settings().bodyBytesMax(), peek, true, body -> {
            if (!peek.isWhole()) exchange.fail(ApiError.notJson("it ends too early"));
            else relay(chooser.choose(exchange, peek), body, peek.isStream());
        });
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
