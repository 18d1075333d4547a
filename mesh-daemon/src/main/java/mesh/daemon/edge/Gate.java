package mesh.daemon.edge;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import java.util.List;
import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import mesh.core.openai.ApiError;

/**
 * Stands before every route of every port: who may speak, in this order: host, origin, intent. A web page of another
 * site is refused outright, since withholding only the CORS headers would still let it spend this machine's time; a page
 * of another program on this machine may use the models, and neither see nor change the node.
 * Immutable, any thread.
 */
public final class Gate {
    /** Pages of other sites cannot send a header of their own without a preflight, which they do not pass. */
    public static final String INTENT_HEADER = "x-mesh-console";

    /** What stands below this path is for the page that this very port serves. */
    private static final String OWN_PAGE_ONLY = "/mesh/";

    private static final Pattern LOOPBACK_V4 = Pattern.compile("127(\\.(25[0-5]|2[0-4]\\d|1?\\d?\\d)){3}");
    private static final Pattern PORT = Pattern.compile(":\\d{1,5}$");
    private static final String EXPOSED =
            "x-request-id, x-mesh-node, x-mesh-model, x-mesh-route, x-mesh-why, x-mesh-waited-ms, retry-after";

    /** As long as browsers let a preflight's answer count, roughly. */
    private static final String PREFLIGHT_SECONDS = "600";

    private final List<String> hostNames;
    private final List<String> origins;

    Gate(List<String> hostNames, List<String> origins) {
        this.hostNames = hostNames.stream().map(Gate::lower).toList();
        this.origins = origins.stream().map(Gate::lower).toList();
    }

    Verdict admit(HttpRequest request, Target target, boolean changes) {
        List<String> hosts = request.headers().getAll(HttpHeaderNames.HOST);
        if (hosts.size() > 1) return refuse(ApiError.invalid(400, "invalid_host", "more than one host header"));
        if (hosts.isEmpty() && request.protocolVersion().equals(HttpVersion.HTTP_1_1))
            return refuse(ApiError.invalid(400, "invalid_host", "HTTP/1.1 needs a host header"));
        String host = !target.authority().isEmpty() ? target.authority() : hosts.isEmpty() ? "" : hosts.getFirst();
        // Without any host there is no browser, and so nobody to mislead by a name.
        if (!host.isEmpty() && !isOurs(nameOf(host)))
            return refuse(ApiError.invalid(
                    421, "host_not_allowed", "this node does not answer to the host name '" + nameOf(host) + "'"));
        String origin = request.headers().get(HttpHeaderNames.ORIGIN, "");
        boolean isOwnPageOnly = changes || target.path().startsWith(OWN_PAGE_ONLY);
        boolean isWelcome = isOwnPageOnly ? isSame(origin, host) : isAllowed(origin);
        if (!origin.isEmpty() && !isWelcome)
            return refuse(ApiError.forbidden("origin_not_allowed", "pages of '" + origin + "' may not call this node"));
        if (changes && !request.headers().contains(INTENT_HEADER))
            return refuse(ApiError.forbidden("intent_missing", "this call needs the header " + INTENT_HEADER + ": 1"));
        return new Verdict.Admitted();
    }

    /** What a page needs to be told to read the answer; nothing for callers that are not pages. */
    void allowOrigin(HttpHeaders asked, HttpHeaders answer) {
        String origin = asked.get(HttpHeaderNames.ORIGIN, "");
        if (origin.isEmpty() || !isAllowed(origin)) return;
        answer.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        answer.add(HttpHeaderNames.VARY, "Origin");
        answer.set(HttpHeaderNames.ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }

    /** The rest of a preflight's answer. */
    void allowPreflight(HttpHeaders asked, BiConsumer<String, String> answer) {
        answer.accept("access-control-allow-methods", "GET, POST, DELETE, OPTIONS");
        String wanted = asked.get(HttpHeaderNames.ACCESS_CONTROL_REQUEST_HEADERS, "");
        if (!wanted.isEmpty()) answer.accept("access-control-allow-headers", wanted);
        answer.accept("access-control-max-age", PREFLIGHT_SECONDS);
    }

    /** A page served under the name and port that it asks. */
    private static boolean isSame(String origin, String host) {
        String lower = lower(origin);
        return lower.equals("http://" + lower(host)) || lower.equals("https://" + lower(host));
    }

    private boolean isAllowed(String origin) {
        String lower = lower(origin);
        if (origins.contains(lower)) return true;
        int scheme = lower.indexOf("://");
        if (scheme < 0) return false;
        String name = nameOf(lower.substring(scheme + 3));
        boolean isWeb = lower.startsWith("http://") || lower.startsWith("https://");
        return isWeb && isOurs(name);
    }

    private boolean isOurs(String name) {
        return name.equals("localhost")
                || name.endsWith(".localhost")
                || name.equals("[::1]")
                || LOOPBACK_V4.matcher(name).matches()
                || hostNames.contains(name);
    }

    private static String nameOf(String host) {
        return lower(PORT.matcher(host).replaceFirst(""));
    }

    private static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }

    private static Verdict refuse(ApiError error) {
        return new Verdict.Refused(error);
    }

    /** What the gate says. */
    sealed interface Verdict {
        record Admitted() implements Verdict {}

        record Refused(ApiError error) implements Verdict {}
    }
}
