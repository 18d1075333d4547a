package mesh.daemon.nostr;

/** Takes the events of a query, each on the thread of the relay it came from. */
public interface EventSink {
    /** Whether the event was in order; relays that give many which are not are cut off. */
    boolean take(Event event);
}
