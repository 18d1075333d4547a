package mesh.daemon.log;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import org.slf4j.event.KeyValuePair;

/**
 * Renders one event as one line: {@code time=… level=… event=… key=value}, or the same keys as a JSON object. A line
 * never holds a line break, whatever the values hold, so that no peer can write into our log. Stateless.
 */
final class LineEncoder extends EncoderBase<ILoggingEvent> {
    private static final JsonFactory JSON = new JsonFactory();
    private static final byte[] NONE = new byte[0];

    private final LogFormat format;

    LineEncoder(LogFormat format) {
        this.format = format;
    }

    @Override
    public byte[] headerBytes() {
        return NONE;
    }

    @Override
    public byte[] footerBytes() {
        return NONE;
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
        String line = switch (format) {
            case PRETTY -> pretty(event);
            case JSON -> json(event);
        };
        return (line + "\n").getBytes(StandardCharsets.UTF_8);
    }

    private static String pretty(ILoggingEvent event) {
        var line = new StringBuilder(120);
        line.append("time=").append(time(event)).append(" level=").append(level(event));
        line.append(" event=").append(word(event.getMessage()));
        for (KeyValuePair pair : pairs(event))
            line.append(' ').append(pair.key).append('=').append(word(String.valueOf(pair.value)));
        if (event.getThrowableProxy() != null) line.append(" cause=").append(word(cause(event.getThrowableProxy())));
        return line.toString();
    }

    private static String json(ILoggingEvent event) {
        var text = new StringWriter(160);
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.writeStartObject();
            json.writeStringField("time", time(event));
            json.writeStringField("level", level(event));
            rest(json, event, "");
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return text.toString();
    }

    /** The same keys with a number and the time as one, for pages; the value of {@code secret} is left out. */
    static String numbered(long number, ILoggingEvent event, String secret) {
        var text = new StringWriter(160);
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.writeStartObject();
            json.writeNumberField("number", number);
            json.writeNumberField("atMillis", event.getTimeStamp());
            json.writeStringField("level", level(event));
            rest(json, event, secret);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return text.toString();
    }

    private static void rest(JsonGenerator json, ILoggingEvent event, String secret) throws IOException {
        json.writeStringField("event", event.getMessage());
        for (KeyValuePair pair : pairs(event)) {
            if (pair.key.equals(secret)) continue;
            json.writeFieldName(pair.key);
            value(json, pair.value);
        }
        if (event.getThrowableProxy() != null) json.writeStringField("cause", cause(event.getThrowableProxy()));
        json.writeEndObject();
    }

    private static void value(JsonGenerator json, Object value) throws IOException {
        switch (value) {
            case Integer number -> json.writeNumber(number);
            case Long number -> json.writeNumber(number);
            case Double number -> json.writeNumber(number);
            case Boolean claim -> json.writeBoolean(claim);
            case List<?> list -> {
                json.writeStartArray();
                for (Object each : list) value(json, each);
                json.writeEndArray();
            }
            case null -> json.writeNull();
            default -> json.writeString(value.toString());
        }
    }

    private static List<KeyValuePair> pairs(ILoggingEvent event) {
        return event.getKeyValuePairs() == null ? List.of() : event.getKeyValuePairs();
    }

    private static String time(ILoggingEvent event) {
        return Instant.ofEpochMilli(event.getTimeStamp())
                .truncatedTo(ChronoUnit.MILLIS)
                .toString();
    }

    private static String level(ILoggingEvent event) {
        return event.getLevel().toString().toLowerCase(Locale.ROOT);
    }

    private static String cause(IThrowableProxy thrown) {
        return ThrowableProxyUtil.asString(thrown);
    }

    /** A value as one word: quoted when it holds spaces or quotes, with control characters written out. */
    private static String word(String text) {
        boolean plain = !text.isEmpty() && text.chars().allMatch(c -> c > ' ' && c != '"' && c != '=' && c != 0x7f);
        if (plain) return text;
        var quoted = new StringBuilder(text.length() + 2).append('"');
        text.chars().forEach(c -> {
            switch (c) {
                case '"', '\\' -> quoted.append('\\').append((char) c);
                case '\n' -> quoted.append("\\n");
                case '\t' -> quoted.append("\\t");
                default -> {
                    if (c < ' ' || c == 0x7f) quoted.append(String.format(Locale.ROOT, "\\u%04x", c));
                    else quoted.append((char) c);
                }
            }
        });
        return quoted.append('"').toString();
    }
}
