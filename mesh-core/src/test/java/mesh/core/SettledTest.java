package mesh.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SettledTest {
    @Test
    void valueIsBelievedAfterItStoodUnchanged() {
        var settled = new Settled<String>();

        assertThat(settled.observe("a", 100, 0)).isEmpty();
        assertThat(settled.observe("a", 100, 99)).isEmpty();
        assertThat(settled.observe("a", 100, 100)).contains("a");
    }

    @Test
    void changeStartsTheWaitAnew() {
        var settled = new Settled<String>();
        settled.observe("a", 100, 0);

        settled.observe("b", 100, 90);

        assertThat(settled.observe("a", 100, 100)).isEmpty();
        assertThat(settled.observe("a", 100, 199)).isEmpty();
        assertThat(settled.observe("a", 100, 200)).contains("a");
    }
}
