package mesh.daemon.edge;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TurnstileTest {
    private final List<String> passed = new ArrayList<>();
    private final Turnstile turnstile = new Turnstile(1);

    private Turnstile.Ticket enter(String caller, String name) {
        var ticket = turnstile.enter(caller, () -> passed.add(name));
        assertThat(ticket).isNotNull();
        return java.util.Objects.requireNonNull(ticket);
    }

    @Test
    void callersTakeTurnsHoweverManyRequestsOneHas() {
        var tickets = new ArrayList<Turnstile.Ticket>();
        for (String name : List.of("a1", "a2", "a3", "a4")) tickets.add(enter("a", name));
        tickets.add(enter("b", "b1"));

        assertThat(tickets.get(4).place()).extracting(place -> place.position()).isEqualTo(2);
        assertThat(tickets.get(3).place()).extracting(place -> place.position()).isEqualTo(4);
        tickets.get(0).leave();
        tickets.get(1).leave();
        tickets.get(4).leave();

        assertThat(passed).containsExactly("a1", "a2", "b1", "a3");
    }

    @Test
    void fullQueueRefusesAndALeaverMakesRoom() {
        var first = enter("a", "first");
        var second = enter("a", "second");
        for (int i = 2; i <= 8; i++) enter("a", "waiting");

        assertThat(turnstile.enter("a", () -> {})).isNull();
        assertThat(turnstile.outstanding()).isEqualTo(9);
        second.leave();
        second.leave();

        assertThat(turnstile.enter("a", () -> {})).isNotNull();
        assertThat(passed).containsExactly("first");
        first.leave();
        assertThat(passed).containsExactly("first", "waiting");
    }
}
