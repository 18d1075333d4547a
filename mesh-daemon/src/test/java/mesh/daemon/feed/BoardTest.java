package mesh.daemon.feed;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import mesh.daemon.feed.Board.Catching;
import org.junit.jupiter.api.Test;

class BoardTest {
    private final Board board = new Board("life", 3, 10_000);

    @Test
    void changeNamesWhatDiffersWholeAndWhatIsGoneAsNull() {
        var before = entities(Map.of("self", 1, "node/a", Map.of("rtt", 1), "node/b", 2));
        var after = entities(Map.of("self", 1, "node/a", Map.of("rtt", 9), "node/c", 3));

        var changed = Board.difference(before, after);

        assertThat(changed).hasSize(3).containsEntry("node/a", Map.of("rtt", 9)).containsEntry("node/c", 3);
        assertThat(changed.get("node/b")).isNull();
        assertThat(changed).containsKey("node/b");
    }

    @Test
    void nothingNewIsNoVersion() {
        board.show(entities(Map.of("self", 1)), 10);

        boolean isNews = board.show(entities(Map.of("self", 1)), 20);

        assertThat(isNews).isFalse();
        assertThat(board.state().version()).isEqualTo(1);
    }

    @Test
    void readerGetsExactlyWhatItMissed() throws Exception {
        for (int i = 1; i <= 3; i++) board.show(entities(Map.of("self", i)), 10L * i);

        var caught = (Catching.Up) board.after("life-1");

        assertThat(caught.deltas()).extracting(Board.Post::id).containsExactly("life-2", "life-3");
        JsonNode last = new ObjectMapper().readTree(caught.deltas().getLast().data());
        assertThat(last.path("version").asInt()).isEqualTo(3);
        assertThat(last.path("atMillis").asInt()).isEqualTo(30);
        assertThat(last.at("/entities/self").asInt()).isEqualTo(3);
        assertThat(board.after("life-3")).isEqualTo(new Catching.Up(List.of()));
    }

    @Test
    void whatIsTooOldUnknownOrOfAnotherLifeBeginsAnew() {
        for (int i = 1; i <= 9; i++) board.show(entities(Map.of("self", i)), i);

        for (String known : List.of("", "life-5", "life-10", "past-9", "life-", "life--1", "life-99999999999999999999"))
            assertThat(board.after(known)).as(known).isEqualTo(new Catching.Anew(board.state()));
        assertThat(board.after("life-6")).isInstanceOf(Catching.Up.class);
    }

    @Test
    void keptChangesAreBoundedByTheirLength() {
        String long1 = "x".repeat(6_000);

        for (int i = 1; i <= 3; i++) board.show(entities(Map.of("self", long1 + i)), i);

        assertThat(board.after("life-1")).isInstanceOf(Catching.Anew.class);
        assertThat(board.after("life-2")).isInstanceOf(Catching.Up.class);
    }

    private static SortedMap<String, Object> entities(Map<String, Object> some) {
        return new TreeMap<>(some);
    }
}
