package mesh.daemon.nostr.relay;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import mesh.daemon.nostr.Event;
import mesh.daemon.nostr.Filter;
import mesh.daemon.nostr.NostrKey;
import org.junit.jupiter.api.Test;

/** What a relay keeps is what NIP-01, 09 and 40 say it keeps. */
class EventStoreTest {
    private static final int KIND = 31_990;
    private static final long NOW = 1_000_000;
    private static final List<Filter> ALL = List.of(Filter.ofKind(KIND));

    private final NostrKey key = NostrKey.fresh();
    private final EventStore store = new EventStore();

    @Test
    void newerReplacesOlderAndAnotherNameStandsApart() {
        Event old = event("a", NOW - 2, NOW + 100);
        Event newer = event("a", NOW - 1, NOW + 100);
        Event other = event("b", NOW - 5, NOW + 100);

        store.put(old, NOW);
        store.put(newer, NOW);
        store.put(other, NOW);

        assertThat(store.put(old, NOW).message()).startsWith("replaced:");
        assertThat(store.put(newer, NOW).message()).startsWith("duplicate:");
        assertThat(store.find(ALL, NOW)).containsExactly(newer, other);
    }

    @Test
    void ofTwoFromOneSecondTheLowerIdWinsInAnyOrder() {
        Event one = event("a", NOW, NOW + 100);
        Event two = event("a", NOW, NOW + 101);
        Event lower = one.id().compareTo(two.id()) < 0 ? one : two;
        var reversed = new EventStore();

        store.put(one, NOW);
        store.put(two, NOW);
        reversed.put(two, NOW);
        reversed.put(one, NOW);

        assertThat(store.find(ALL, NOW)).containsExactly(lower);
        assertThat(reversed.find(ALL, NOW)).containsExactly(lower);
    }

    @Test
    void deletedEventsDoNotComeBackButNewerOnesDo() {
        Event listed = event("a", NOW - 10, NOW + 100);
        store.put(listed, NOW);

        store.put(deletion(key, listed, NOW - 5), NOW);

        assertThat(store.find(ALL, NOW)).isEmpty();
        assertThat(store.put(listed, NOW).message()).startsWith("deleted:");
        Event again = event("a", NOW - 4, NOW + 100);
        assertThat(store.put(again, NOW).isNew()).isTrue();
        assertThat(store.find(ALL, NOW)).containsExactly(again);
    }

    @Test
    void strangersDeleteNothing() {
        Event listed = event("a", NOW - 10, NOW + 100);
        store.put(listed, NOW);

        store.put(deletion(NostrKey.fresh(), listed, NOW), NOW);

        assertThat(store.find(ALL, NOW)).containsExactly(listed);
    }

    @Test
    void expiredEventsAreNeitherTakenNorShown() {
        assertThat(store.put(event("a", NOW - 10, NOW - 1), NOW).message()).startsWith("invalid:");
        store.put(event("b", NOW - 10, NOW + 5), NOW);

        assertThat(store.find(ALL, NOW)).hasSize(1);
        assertThat(store.find(ALL, NOW + 5)).isEmpty();
    }

    @Test
    void limitGivesTheNewest() {
        for (int i = 0; i < 20; i++) store.put(event("m" + i, NOW + i, NOW + 100), NOW);

        assertThat(store.find(List.of(Filter.ofKind(KIND).limited(3)), NOW))
                .extracting(Event::createdAt)
                .containsExactly(NOW + 19, NOW + 18, NOW + 17);
    }

    private Event event(String mesh, long createdAt, long expiration) {
        return key.sign(new Event.Draft(
                createdAt,
                KIND,
                List.of(List.of("d", mesh), List.of("expiration", Long.toString(expiration))),
                "content"));
    }

    private static Event deletion(NostrKey by, Event of, long createdAt) {
        return by.sign(new Event.Draft(
                createdAt, Event.DELETION, List.of(List.of("a", of.address()), List.of("e", of.id())), ""));
    }
}
