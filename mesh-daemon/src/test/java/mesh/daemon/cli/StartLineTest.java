package mesh.daemon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Optional;
import mesh.daemon.api.Management.ModelStatus;
import mesh.daemon.api.Management.ProgressStatus;
import org.junit.jupiter.api.Test;

class StartLineTest {
    private static final String CLEARED = "\r\u001b[K";

    private final StringWriter written = new StringWriter();

    @Test
    void firstModelOnItsWayIsShownAndTheOthersCounted() {
        ModelStatus fetched = model("big", "loading", "25 % of 4.0 GB", Optional.of(progress(1, 4)));
        ModelStatus begun = model("small", "loading", "", Optional.empty());
        ModelStatus there = model("demo", "ready", "", Optional.empty());

        assertThat(StartLine.live(List.of(there, fetched, begun)))
                .isEqualTo("big: [######..................] 25 % of 4.0 GB (and 1 more)");
        assertThat(StartLine.live(List.of(begun))).isEqualTo("small: model loading");
        assertThat(StartLine.live(List.of(there))).isEmpty();
    }

    @Test
    void whereNobodyLooksEveryTenthIsALine() {
        assertThat(StartLine.plain(List.of(model("big", "loading", "", Optional.of(progress(37, 100))))))
                .isEqualTo("big: fetching, 30 %");
        assertThat(StartLine.plain(List.of(model("big", "loading", "", Optional.of(progress(37, 0))))))
                .isEmpty();
    }

    @Test
    void lastLineStaysBelowTheOthersAndFitsTheTerminal() {
        var terminal = new Terminal(new PrintWriter(written), true, 12, true);

        terminal.last("demo: loading for ever");
        terminal.accept("API");
        terminal.last("");

        assertThat(written.toString().replace(System.lineSeparator(), "\n"))
                .isEqualTo("demo: loadi" + CLEARED + "API\ndemo: loadi" + CLEARED);
    }

    @Test
    void nothingIsRedrawnInAFileNorDrawnWithoutColour() {
        var file = new Terminal(new PrintWriter(written), true, 0, true);
        var plain = new Terminal(new PrintWriter(written), true, 100, false);

        file.last("demo: loading");
        plain.accept("Join     mesh --join mesh1.abc");

        assertThat(written.toString()).isEqualToIgnoringNewLines("Join     mesh --join mesh1.abc");
    }

    private static ProgressStatus progress(long done, long total) {
        return new ProgressStatus("fetching", done, total, 0);
    }

    private static ModelStatus model(String name, String state, String detail, Optional<ProgressStatus> progress) {
        return new ModelStatus(
                name,
                state,
                "model_loading",
                detail,
                "solo",
                0,
                0,
                0,
                0,
                List.of(),
                List.of(),
                progress,
                Optional.empty());
    }
}
