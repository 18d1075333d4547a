package mesh.daemon.fetch;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The proxies that the environment names, as other command line programs understand it: {@code https_proxy},
 * {@code http_proxy}, {@code all_proxy}, and {@code no_proxy} for what is reached directly. Immutable.
 */
final class Proxies extends ProxySelector {
    private static final int PORT_USUAL = 3128;

    private final Map<String, String> environment;
    private final List<String> direct;

    private Proxies(Map<String, String> environment, List<String> direct) {
        this.environment = environment;
        this.direct = direct;
    }

    /** The system's own where the environment names none. */
    static ProxySelector of(Map<String, String> environment) {
        boolean isNamed = List.of("https", "http", "all").stream()
                .anyMatch(scheme -> word(environment, scheme + "_proxy").isPresent());
        if (!isNamed) return ProxySelector.getDefault();
        var direct = new ArrayList<String>();
        for (String host : word(environment, "no_proxy").orElse("").split(","))
            if (!host.isBlank()) direct.add(host.strip().toLowerCase(Locale.ROOT));
        return new Proxies(environment, List.copyOf(direct));
    }

    @Override
    public List<Proxy> select(URI uri) {
        String host = String.valueOf(uri.getHost()).toLowerCase(Locale.ROOT);
        if (direct.stream().anyMatch(name -> covers(name, host))) return List.of(Proxy.NO_PROXY);
        return word(environment, uri.getScheme() + "_proxy")
                .or(() -> word(environment, "all_proxy"))
                .flatMap(Proxies::address)
                .map(address -> List.of(new Proxy(Proxy.Type.HTTP, address)))
                .orElse(List.of(Proxy.NO_PROXY));
    }

    @Override
    public void connectFailed(URI uri, SocketAddress proxy, IOException cause) {
        // The request fails with the same cause, and says so.
    }

    private static boolean covers(String name, String host) {
        String suffix = name.startsWith(".") ? name : "." + name;
        return name.equals("*") || host.equals(name) || host.endsWith(suffix);
    }

    private static Optional<InetSocketAddress> address(String proxy) {
        try {
            URI uri = URI.create(proxy.contains("://") ? proxy : "http://" + proxy);
            if (uri.getHost() == null) return Optional.empty();
            return Optional.of(new InetSocketAddress(uri.getHost(), uri.getPort() < 0 ? PORT_USUAL : uri.getPort()));
        } catch (IllegalArgumentException unusable) {
            return Optional.empty();
        }
    }

    private static Optional<String> word(Map<String, String> environment, String name) {
        String word = environment.getOrDefault(name, environment.getOrDefault(name.toUpperCase(Locale.ROOT), ""));
        return word.isBlank() ? Optional.empty() : Optional.of(word.strip());
    }
}
