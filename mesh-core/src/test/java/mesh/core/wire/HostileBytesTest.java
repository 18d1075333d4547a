package mesh.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bytes from people who wish us ill: nothing is thrown, and little is allocated. */
class HostileBytesTest {
    private static final int INPUTS = Integer.getInteger("fuzz.inputs", 1_000_000);

    /** A frame's worth of the smallest elements, as objects, with the parser's own buffers. */
    private static final long ALLOCATED_BYTES_MAX = 4L << 20;

    @Test
    void aMillionBrokenMessagesThrowNothing() {
        var random = new SplittableRandom(20);
        List<byte[]> valid = new ArrayList<>();
        Samples.all().values().forEach(message -> valid.add(Codec.encode(message)));
        int accepted = 0;
        long worst = 0;

        for (int input = 0; input < INPUTS; input++) {
            byte[] bytes = broken(valid.get(random.nextInt(valid.size())), valid, random);
            long before = allocated();
            Decoded decoded = decode(bytes, input);
            worst = Math.max(worst, allocated() - before);
            if (!(decoded instanceof Decoded.Accepted(Message message))) continue;
            accepted++;
            if (input % 64 == 0) assertThat(Codec.decode(Codec.encode(message))).isEqualTo(decoded);
        }

        assertThat(accepted)
                .as("mutations reach deep only if some still decode")
                .isBetween(INPUTS / 100, INPUTS / 2);
        assertThat(worst).isLessThan(ALLOCATED_BYTES_MAX);
    }

    /** Lengths that promise what the frame does not hold. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "82059b7fffffffffffffff", // a list of 2^63 - 1
                "82059affffffff", // a list of 2^32 - 1
                "8205815bffffffffffffffff", // bytes
                "820581835a7fffffff", // bytes of 2 GiB
                "8306405a00ffffff", // a digest, then bytes of 16 MiB
                "82017b7fffffffffffffff", // a text
                "8201c24affffffffffffffffffff", // a big number
                "9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f", // arrays without end
                "5f5f5f5f", // bytes within bytes
                "82011bffffffffffffffff", // 2^64 - 1
                "8201fb7ff0000000000000", // infinity
                "a1016161", // a map
                "" // nothing
            })
    void promisesAreNotBelieved(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        Codec.decode(bytes);

        long before = allocated();
        Decoded decoded = Codec.decode(bytes);
        long spent = allocated() - before;

        assertThat(decoded).isInstanceOf(Decoded.Rejected.class);
        assertThat(spent).isLessThan(64 * 1024);
    }

    private static Decoded decode(byte[] bytes, int input) {
        try {
            return Codec.decode(bytes);
        } catch (RuntimeException thrown) {
            throw new AssertionError(
                    "input " + input + " threw: " + HexFormat.of().formatHex(bytes), thrown);
        }
    }

    private static byte[] broken(byte[] message, List<byte[]> others, SplittableRandom random) {
        byte[] bytes = message.clone();
        return switch (random.nextInt(8)) {
            case 0 -> {
                byte[] noise = new byte[random.nextInt(200)];
                random.nextBytes(noise);
                yield noise;
            }
            case 1 -> Arrays.copyOf(bytes, random.nextInt(bytes.length));
            case 2 -> inserted(bytes, random);
            case 3 -> spliced(bytes, others.get(random.nextInt(others.size())), random);
            default -> {
                for (int flips = 1 + random.nextInt(4); flips > 0; flips--)
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
                yield bytes;
            }
        };
    }

    private static byte[] inserted(byte[] bytes, SplittableRandom random) {
        int at = random.nextInt(bytes.length);
        byte[] longer = new byte[bytes.length + 1 + random.nextInt(8)];
        random.nextBytes(longer);
        System.arraycopy(bytes, 0, longer, 0, at);
        System.arraycopy(bytes, at, longer, longer.length - bytes.length + at, bytes.length - at);
        return longer;
    }

    private static byte[] spliced(byte[] head, byte[] tail, SplittableRandom random) {
        int to = random.nextInt(head.length);
        int from = random.nextInt(tail.length);
        byte[] both = Arrays.copyOf(head, to + tail.length - from);
        System.arraycopy(tail, from, both, to, tail.length - from);
        return both;
    }

    private static long allocated() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }
}
