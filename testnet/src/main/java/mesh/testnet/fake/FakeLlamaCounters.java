package mesh.testnet.fake;

import java.util.concurrent.atomic.AtomicLong;

/** What a {@link FakeLlama} has seen: answers begun, answers whose client left before the end, tokens sent. */
public record FakeLlamaCounters(AtomicLong begun, AtomicLong cancelled, AtomicLong tokens) {
    String json() {
        return "{\"begun\":" + begun + ",\"cancelled\":" + cancelled + ",\"tokens\":" + tokens + "}";
    }
}
