package mesh.daemon.nostr;

import java.net.URI;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Several relays asked at once. Each has a link and a thread of its own, so a relay that hangs, lies or floods delays
 * nobody else; calls here wait until every relay has answered or run out of its time. Any thread.
 */
public final class RelayPool implements AutoCloseable {
    private final RelayTransport transport;
    private final Map<URI, RelayLink> links = new LinkedHashMap<>();
    private final List<Consumer<URI>> reopened = new CopyOnWriteArrayList<>();

    /** @param key proves itself to relays that want to know who asks */
    public RelayPool(Collection<URI> relays, NostrKey key, RelayTiming timing) {
        this(relays, key, timing, new JdkTransport(timing.connect()));
    }

    RelayPool(Collection<URI> relays, NostrKey key, RelayTiming timing, RelayTransport transport) {
        this.transport = transport;
        for (URI relay : relays)
            links.computeIfAbsent(
                    relay,
                    each -> new RelayLink(
                            each, transport, key, timing, back -> reopened.forEach(told -> told.accept(back))));
        links.values().forEach(RelayLink::start);
    }

    public List<URI> relays() {
        return List.copyOf(links.keySet());
    }

    /** What each of these relays said. */
    public Map<URI, Published> publish(Event event, Collection<URI> to) throws InterruptedException {
        return gather(to, (link, answer) -> link.publish(event, answer));
    }

    /** Gives what each relay has to its sink, on that relay's thread, and answers how each ended. */
    public Map<URI, Answered> query(List<Filter> filters, Collection<URI> at, Function<URI, EventSink> sinks)
            throws InterruptedException {
        return gather(at, (link, answer) -> link.query(filters, sinks.apply(link.relay()), answer));
    }

    /** Every event, stored or to come, from every relay, through reconnects; called on the relays' threads. */
    public void watch(List<Filter> filters, Consumer<Event> sink) {
        links.values().forEach(link -> link.watch(filters, sink));
    }

    /** Calls when a relay that was lost is there again, on its thread, which must not be held. */
    public void onReopened(Consumer<URI> told) {
        reopened.add(told);
    }

    /** Where each link stands, for people. */
    public Map<URI, String> states() {
        var states = new LinkedHashMap<URI, String>();
        links.forEach((relay, link) -> states.put(relay, link.state().name().toLowerCase(Locale.ROOT)));
        return states;
    }

    @Override
    public void close() {
        links.values().forEach(RelayLink::close);
        transport.close();
    }

    private interface Ask<T> {
        void of(RelayLink link, Consumer<T> answer);
    }

    private <T> Map<URI, T> gather(Collection<URI> relays, Ask<T> ask) throws InterruptedException {
        var answers = new ConcurrentHashMap<URI, T>();
        var all = new CountDownLatch(relays.size());
        for (URI relay : relays)
            ask.of(Objects.requireNonNull(links.get(relay), "a relay of this pool"), answer -> {
                answers.put(relay, answer);
                all.countDown();
            });
        // Every job ends by its own deadline.
        all.await();
        var inOrder = new LinkedHashMap<URI, T>();
        for (URI relay : relays) inOrder.put(relay, Objects.requireNonNull(answers.get(relay)));
        return inOrder;
    }
}
