package mesh.daemon.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class RouteTableTest {
    private final Action list = new Action.Local(exchange -> {});
    private final Action one = new Action.Local(exchange -> {});
    private final Action chat = new Action.Local(exchange -> {});
    private final Action files = new Action.Local(exchange -> {});
    private final RouteTable routes = new RouteTable()
            .add("GET", "/v1/models", list)
            .add("GET", "/v1/models/*", one)
            .add("DELETE", "/v1/models/*", one)
            .add("POST", "/v1/chat", chat)
            .add("GET", "/*", files);

    @Test
    void exactPathsPrefixesAndTheRestAreTriedInThatOrder() {
        assertFound("GET", "/v1/models", list, "");
        assertFound("GET", "/v1/models/", list, "");
        assertFound("GET", "/v1/models/org/name%20x", one, "org/name%20x");
        assertFound("GET", "/", files, "");
        assertFound("GET", "/app-1234.js", files, "app-1234.js");
    }

    @Test
    void missingVersionIsUnderstoodEvenBesideFiles() {
        assertFound("GET", "/models", list, "");
        assertFound("POST", "/chat", chat, "");
        assertFound("HEAD", "/models/x", one, "x");
    }

    @Test
    void otherMethodsAreRefusedWithThoseThatExist() {
        assertThat(routes.match("PUT", "/v1/models/x"))
                .isEqualTo(new RouteTable.Match.WrongMethod("DELETE, GET, HEAD, OPTIONS"));
        assertThat(routes.match("GET", "/chat")).isEqualTo(new RouteTable.Match.WrongMethod("POST, OPTIONS"));
    }

    @Test
    void whatNobodyAnswersIsUnknown() {
        assertThat(routes.match("POST", "/nowhere")).isEqualTo(new RouteTable.Match.Unknown());
        assertThat(routes.match("GET", "*")).isEqualTo(new RouteTable.Match.Unknown());
        assertThat(routes.match("GET", "")).isEqualTo(new RouteTable.Match.Unknown());
    }

    @Test
    void routeGivenTwiceIsABug() {
        assertThatThrownBy(() -> routes.add("GET", "/v1/models", chat)).hasMessageContaining("/v1/models");
    }

    private void assertFound(String method, String path, Action action, String rest) {
        assertThat(routes.match(method, path))
                .as(path)
                .isEqualTo(new RouteTable.Match.Found(new RouteTable.Route(action, false), rest));
    }
}
