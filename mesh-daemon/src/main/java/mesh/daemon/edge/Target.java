package mesh.daemon.edge;

import java.util.Locale;

/** A request's target taken apart: {@code /path?query}, or the absolute form that proxies' clients send, or {@code *}. */
record Target(String authority, String path, String query) {
    static Target of(String uri) {
        String authority = "";
        String local = uri;
        String lower = uri.length() > 8 ? uri.substring(0, 8).toLowerCase(Locale.ROOT) : "";
        int scheme = lower.startsWith("http://") ? 7 : lower.startsWith("https://") ? 8 : 0;
        if (scheme > 0) {
            int end = scheme;
            while (end < uri.length() && "/?#".indexOf(uri.charAt(end)) < 0) end++;
            authority = uri.substring(scheme, end);
            local = end < uri.length() ? uri.substring(end) : "/";
        }
        int fragment = local.indexOf('#');
        if (fragment >= 0) local = local.substring(0, fragment);
        int query = local.indexOf('?');
        return query < 0
                ? new Target(authority, local, "")
                : new Target(authority, local.substring(0, query), local.substring(query + 1));
    }
}
