package mesh.daemon.fetch;

import java.io.IOException;
import java.io.InputStream;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Executors;

/**
 * How this machine reaches the outside: through which proxy, how fast, with which token at the hub. Threads may share
 * one; it holds no connections, see {@link Line}.
 */
public final class Network {
    private static final Duration CONNECT = Duration.ofSeconds(15);

    private final ProxySelector proxies;
    private final Optional<Credential> credential;
    private final Pace pace;
    private final Patience patience;

    /** A token, and the only host that may see it. */
    private record Credential(String host, String token) {
        @Override
        public String toString() {
            return "token for " + host;
        }
    }

    private Network(ProxySelector proxies, Optional<Credential> credential, Pace pace, Patience patience) {
        this.proxies = proxies;
        this.credential = credential;
        this.pace = pace;
        this.patience = patience;
    }

    /**
     * As the environment says: {@code https_proxy} and its kin, and {@code HF_TOKEN}, which {@code hub} alone is shown.
     * Without the first, the system's proxies as Java knows them.
     */
    public static Network of(Map<String, String> environment, URI hub, long bytesPerSecondMax, Patience patience) {
        Map<String, String> names = new TreeMap<>(environment);
        String token = names.getOrDefault("HF_TOKEN", "").strip();
        Optional<Credential> credential = token.isEmpty() || hub.getHost() == null
                ? Optional.empty()
                : Optional.of(new Credential(hub.getHost(), token));
        return new Network(Proxies.of(names), credential, Pace.of(bytesPerSecondMax), patience);
    }

    /** As the environment says, for what comes from no hub: nobody is shown a token, nothing is slowed down. */
    public static Network of(Map<String, String> environment, Patience patience) {
        return new Network(Proxies.of(new TreeMap<>(environment)), Optional.empty(), Pace.of(0), patience);
    }

    Pace pace() {
        return pace;
    }

    Patience patience() {
        return patience;
    }

    boolean hasTokenFor(URI uri) {
        return tokenFor(uri).isPresent();
    }

    private Optional<String> tokenFor(URI uri) {
        return credential
                .filter(known -> known.host().equalsIgnoreCase(uri.getHost()))
                .map(Credential::token);
    }

    /** Connections for one fetch. */
    Line line() {
        return new Line(HttpClient.newBuilder()
                // One connection for each part: HTTP/2 would put all parts into one.
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(CONNECT)
                .proxy(proxies)
                .executor(Executors.newVirtualThreadPerTaskExecutor())
                .build());
    }

    /** The connections of one fetch, gone with it. */
    final class Line implements AutoCloseable {
        private final HttpClient client;

        private Line(HttpClient client) {
            this.client = client;
        }

        /** One request; a redirect is an answer like any other. */
        HttpResponse<InputStream> ask(URI uri, Map<String, String> headers) throws IOException, InterruptedException {
            HttpRequest.Builder request = HttpRequest.newBuilder(uri)
                    .timeout(Duration.ofMillis(patience.silenceMillis()))
                    .header("accept-encoding", "identity")
                    .header("user-agent", "mesh");
            headers.forEach(request::header);
            tokenFor(uri).ifPresent(token -> request.header("authorization", "Bearer " + token));
            return client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        }

        @Override
        public void close() {
            client.shutdownNow();
        }
    }
}
