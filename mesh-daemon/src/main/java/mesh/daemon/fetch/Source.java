package mesh.daemon.fetch;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesh.daemon.fetch.PartFile.Version;
import org.jspecify.annotations.Nullable;

/**
 * The far end of one fetch: asks for pieces of a file, follows redirects without letting a token leak, and turns every
 * other answer into a reason. Remembers where the last redirect led, since a hub answers each request with one. Safe on
 * any thread; that memory is one volatile reference.
 */
final class Source {
    private static final int REDIRECTS_MAX = 5;

    private static final Pattern RANGE = Pattern.compile("bytes (\\d+)-(\\d+)/(\\d+|\\*)");

    private final URI uri;
    private final Network network;
    private final Network.Line line;
    private volatile @Nullable URI direct;
    private volatile Optional<String> promised = Optional.empty();

    /** What a server sends. */
    sealed interface Answer {
        Version version();

        /** The piece that was asked for. */
        record Piece(Version version, Optional<String> sha256, InputStream body) implements Answer {}

        /** The whole file, whatever was asked for. */
        record Whole(Version version, Optional<String> sha256, InputStream body) implements Answer {}
    }

    /** Ask again then; the server said so itself. */
    static final class Later extends Exception {
        private static final long serialVersionUID = 1;

        private final long millis;
        private final int status;

        Later(long millis, int status) {
            super("status=" + status + " retryAfterMillis=" + millis);
            this.millis = millis;
            this.status = status;
        }

        long millis() {
            return millis;
        }

        int status() {
            return status;
        }
    }

    /** The file is another one than it was. */
    static final class Changed extends Exception {
        private static final long serialVersionUID = 1;

        Changed(String what) {
            super(what);
        }
    }

    Source(URI uri, Network network, Network.Line line) {
        this.uri = uri;
        this.network = network;
        this.line = line;
    }

    /** Bytes {@code from} up to {@code to}, of the version that was seen before, if one was. */
    Answer piece(long from, long to, Optional<Version> known)
            throws IOException, InterruptedException, FetchRefused, Later, Changed {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("range", "bytes=" + from + "-" + (to == Long.MAX_VALUE ? "" : to - 1));
        known.filter(version -> !version.validator().isEmpty())
                .ifPresent(version -> headers.put("if-range", version.validator()));
        HttpResponse<InputStream> answer = follow(headers);
        return switch (answer.statusCode()) {
            case 200 -> whole(answer);
            case 206 -> piece(answer, from, known);
            case 416 -> throw shrunk(answer);
            default -> throw refused(answer);
        };
    }

    private Answer whole(HttpResponse<InputStream> answer) {
        long total = answer.headers().firstValueAsLong("content-length").orElse(-1);
        return new Answer.Whole(new Version(total, validator(answer.headers())), promised, answer.body());
    }

    private Answer piece(HttpResponse<InputStream> answer, long from, Optional<Version> known)
            throws IOException, Changed {
        Matcher range =
                RANGE.matcher(answer.headers().firstValue("content-range").orElse(""));
        if (!range.matches() || Long.parseLong(range.group(1)) != from) {
            answer.body().close();
            throw new IOException("the server answered another range");
        }
        long total = range.group(3).equals("*") ? -1 : Long.parseLong(range.group(3));
        var version = new Version(total, validator(answer.headers()));
        if (known.isPresent() && !isSame(known.get(), version)) {
            answer.body().close();
            throw new Changed("bytes=" + total + " before=" + known.get().total());
        }
        return new Answer.Piece(version, promised, answer.body());
    }

    /** Servers that know no validators are believed as long as the size is the same; the hash has the last word. */
    static boolean isSame(Version before, Version now) {
        boolean isSameSize = before.total() == now.total() || now.total() < 0;
        boolean isComparable = !before.validator().isEmpty() && !now.validator().isEmpty();
        return isSameSize && (!isComparable || before.validator().equals(now.validator()));
    }

    private static Changed shrunk(HttpResponse<InputStream> answer) throws IOException {
        answer.body().close();
        return new Changed("has no such range");
    }

    /** A weak ETag promises no equal bytes, so a date is better. */
    private static String validator(HttpHeaders headers) {
        return headers.firstValue("etag")
                .filter(tag -> !tag.startsWith("W/"))
                .or(() -> headers.firstValue("last-modified"))
                .orElse("");
    }

    private HttpResponse<InputStream> follow(Map<String, String> headers)
            throws IOException, InterruptedException, FetchRefused, Later {
        URI shortcut = direct;
        if (shortcut != null) {
            HttpResponse<InputStream> answer = ask(shortcut, headers);
            if (answer.statusCode() == 200 || answer.statusCode() == 206 || answer.statusCode() == 416) return answer;
            // Addresses that a hub hands out last for an hour; it makes a new one.
            answer.body().close();
            direct = null;
        }
        URI at = uri;
        for (int i = 0; i <= REDIRECTS_MAX; i++) {
            if (!isHttp(at)) throw new FetchRefused(FetchReason.BAD_REDIRECT, "not an http address url=" + shown(at));
            HttpResponse<InputStream> answer = ask(at, headers);
            String next = answer.statusCode() / 100 == 3
                    ? answer.headers().firstValue("location").orElse(null)
                    : null;
            if (next == null) {
                if (!at.equals(uri)) direct = at;
                return answer;
            }
            answer.body().close();
            hear(answer.headers());
            at = target(at, next);
        }
        throw new FetchRefused(FetchReason.BAD_REDIRECT, "redirected in circles url=" + shown(uri));
    }

    private static boolean isHttp(URI at) {
        return at.getHost() != null && ("https".equals(at.getScheme()) || "http".equals(at.getScheme()));
    }

    private static URI target(URI at, String next) throws FetchRefused {
        URI target;
        try {
            target = at.resolve(next);
        } catch (IllegalArgumentException malformed) {
            throw new FetchRefused(FetchReason.BAD_REDIRECT, "redirected to no address url=" + shown(at));
        }
        if ("https".equals(at.getScheme()) && !"https".equals(target.getScheme()))
            throw new FetchRefused(FetchReason.BAD_REDIRECT, "redirected from https to " + shown(target));
        return target;
    }

    /** A hub says beside the redirect which SHA-256 the file has. */
    private void hear(HttpHeaders headers) {
        headers.firstValue("x-linked-etag")
                .map(tag -> tag.replace("\"", ""))
                .filter(Order::isSha256)
                .ifPresent(sha256 -> promised = Optional.of(sha256));
    }

    private HttpResponse<InputStream> ask(URI at, Map<String, String> headers)
            throws IOException, InterruptedException {
        try {
            return line.ask(at, headers);
        } catch (ConnectException | UnknownHostException | HttpConnectTimeoutException unreachable) {
            throw new Unreachable(at, unreachable);
        } catch (IllegalArgumentException unusable) {
            throw new IOException("not an address url=" + shown(at), unusable);
        }
    }

    /** Nobody answered at all. */
    static final class Unreachable extends IOException {
        private static final long serialVersionUID = 1;

        Unreachable(URI at, IOException cause) {
            super("cannot reach " + at.getHost() + cause(cause), cause);
        }

        private static String cause(IOException cause) {
            return cause.getMessage() == null ? "" : ": " + cause.getMessage();
        }
    }

    private FetchRefused refused(HttpResponse<InputStream> answer) throws IOException, Later {
        answer.body().close();
        HttpHeaders headers = answer.headers();
        String why = headers.firstValue("x-error-code").orElse("");
        String at = "url=" + shown(uri);
        boolean isHub = answer.uri().getHost().equalsIgnoreCase(uri.getHost());
        int status = answer.statusCode();
        Optional<Long> later = retryAfterMillis(headers);
        if (status == 429 || (status == 503 && later.isPresent()))
            throw new Later(later.orElse(network.patience().pauseMillis(3)), status);
        if (status == 408 || status >= 500 || (!isHub && (status == 401 || status == 403)))
            throw new IOException("status=" + status);
        if (why.equals("GatedRepo"))
            return new FetchRefused(
                    FetchReason.GATED,
                    at
                            + " is gated: accept its terms on the model's page, then set HF_TOKEN to a token of that account");
        if (why.equals("RepoNotFound") || why.equals("EntryNotFound") || status == 404 || status == 410)
            return new FetchRefused(
                    FetchReason.NOT_FOUND,
                    at + " is not there" + (why.equals("RepoNotFound") ? ", or private: set HF_TOKEN" : ""));
        if (status == 401)
            return new FetchRefused(
                    FetchReason.UNAUTHORIZED,
                    at + (network.hasTokenFor(uri) ? " does not accept HF_TOKEN" : " wants a token: set HF_TOKEN"));
        if (status == 403)
            return new FetchRefused(
                    FetchReason.GATED, at + " is forbidden: its owner may want to be asked on the model's page");
        return new FetchRefused(FetchReason.HTTP_REFUSED, at + " status=" + status);
    }

    /** Seconds, or a date. */
    private static Optional<Long> retryAfterMillis(HttpHeaders headers) {
        Optional<String> said = headers.firstValue("retry-after");
        if (said.isEmpty()) return Optional.empty();
        try {
            return Optional.of(Math.multiplyExact(Long.parseLong(said.get().strip()), 1_000L));
        } catch (NumberFormatException | ArithmeticException noSeconds) {
            try {
                Instant then = ZonedDateTime.parse(said.get(), DateTimeFormatter.RFC_1123_DATE_TIME)
                        .toInstant();
                return Optional.of(
                        Math.max(0, Duration.between(Instant.now(), then).toMillis()));
            } catch (DateTimeParseException noDate) {
                return Optional.empty();
            }
        }
    }

    /** Without the query, which may hold a signature. */
    static String shown(URI uri) {
        String text = uri.toString();
        int query = text.indexOf('?');
        return query < 0 ? text : text.substring(0, query);
    }
}
