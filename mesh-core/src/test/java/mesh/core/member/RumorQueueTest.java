package mesh.core.member;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RumorQueueTest {
    private static final int PLENTY = 10_000;
    private final RumorQueue queue = new RumorQueue();

    @Test
    void fewestSentGoFirstAndOfTheseTheNewest() {
        queue.add(farewell(1));
        queue.take(PLENTY, 9, new ArrayList<>());
        queue.add(farewell(2));
        queue.add(farewell(3));

        assertThat(taken(PLENTY, 9)).containsExactly(farewell(3), farewell(2), farewell(1));
    }

    @Test
    void newerWordReplacesTheOlder() {
        queue.add(word(1, 1));
        queue.add(word(1, 2));

        assertThat(taken(PLENTY, 9)).containsExactly(word(1, 2));
    }

    @Test
    void wordAndVerdictAboutOneNodeTravelSideBySide() {
        queue.add(word(1, 1));
        queue.add(farewell(1));

        assertThat(taken(PLENTY, 9)).hasSize(2);
    }

    @Test
    void rumourIsForgottenAfterItsRepeats() {
        queue.add(farewell(1));

        for (int round = 0; round < 3; round++) assertThat(taken(PLENTY, 3)).hasSize(1);

        assertThat(taken(PLENTY, 3)).isEmpty();
        assertThat(queue.isEmpty()).isTrue();
    }

    @Test
    void hearingItElsewhereIsAsGoodAsTellingIt() {
        queue.add(farewell(1));

        queue.heardAgain(farewell(1));
        queue.heardAgain(farewell(1));

        assertThat(taken(PLENTY, 2)).isEmpty();
    }

    @Test
    void messageIsNotOverfilledButSmallerRumoursFillIt() {
        var large = new Announcement(
                Profiles.id(1), 1, 1, Profiles.of(1).build(), new Carried(new byte[500], new byte[64]));
        queue.add(farewell(2));
        queue.add(large);
        queue.add(farewell(3));
        int room = 2 * farewell(2).bytes();

        assertThat(taken(room, 9)).containsExactly(farewell(3), farewell(2));
        assertThat(taken(room, 9)).as("what fits in no message travels alone").containsExactly(large);
    }

    @Test
    void beyondItsBoundTheMostToldAndOldestIsDropped() {
        queue.add(farewell(1));
        queue.add(farewell(2));
        queue.take(PLENTY, 9, new ArrayList<>());
        queue.add(farewell(3));

        for (int node = 4; queue.size() < RumorQueue.WAITING_MAX; node++) queue.add(farewell(node));
        queue.add(farewell(2_000));

        assertThat(queue.size()).isEqualTo(RumorQueue.WAITING_MAX);
        assertThat(taken(Integer.MAX_VALUE, 9))
                .contains(farewell(2), farewell(3))
                .doesNotContain(farewell(1));
    }

    private List<Rumor> taken(int bytesMax, int repeats) {
        var taken = new ArrayList<Rumor>();
        queue.take(bytesMax, repeats, taken);
        return taken;
    }

    private static Farewell farewell(int node) {
        return new Farewell(Profiles.id(node), 1, new Carried(new byte[40], new byte[64]));
    }

    private static Announcement word(int node, long sequence) {
        return new Announcement(
                Profiles.id(node), 1, sequence, Profiles.of(1).build(), new Carried(new byte[200], new byte[64]));
    }
}
