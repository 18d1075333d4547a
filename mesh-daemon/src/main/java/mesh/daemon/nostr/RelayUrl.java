package mesh.daemon.nostr;

import java.net.InetAddress;
import java.net.URI;
import java.util.Locale;
import java.util.Optional;

/** Where a relay is. In clear only on this machine or a private network; everywhere else TLS. Stateless. */
public final class RelayUrl {
    private RelayUrl() {}

    /** Empty when it is no relay's URL, or one in clear on the open network. */
    public static Optional<URI> parse(String said) {
        try {
            URI url = URI.create(said.strip());
            String scheme = String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT);
            if (url.getHost() == null || url.getRawUserInfo() != null || url.getRawFragment() != null)
                return Optional.empty();
            boolean isSecure = scheme.equals("wss");
            if (!isSecure && !(scheme.equals("ws") && isLocal(url))) return Optional.empty();
            return Optional.of(url);
        } catch (IllegalArgumentException notUrl) {
            return Optional.empty();
        }
    }

    /** Whether the relay stands on this machine or a private network, by a literal address: no name is looked up. */
    public static boolean isLocal(URI relay) {
        String host = relay.getHost();
        if (host.equalsIgnoreCase("localhost")) return true;
        try {
            InetAddress address =
                    InetAddress.ofLiteral(host.startsWith("[") ? host.substring(1, host.length() - 1) : host);
            return address.isLoopbackAddress() || address.isSiteLocalAddress() || address.isLinkLocalAddress();
        } catch (IllegalArgumentException name) {
            return false;
        }
    }
}
