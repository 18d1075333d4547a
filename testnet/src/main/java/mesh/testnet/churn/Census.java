package mesh.testnet.churn;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * How many objects of each of our classes, and of those we build on, are alive at one moment. Where the size of a heap is
 * noise of megabytes, a count is exact: one object that stays per life shows after a hundred lives. Immutable.
 */
record Census(Map<String, Long> alive) {
    /** What the JVM and the JDK hold varies by itself, and what leaks there is held by one of these. */
    private static final List<String> COUNTED = List.of("mesh.", "io.netty.", "org.bouncycastle.");

    Census {
        alive = Map.copyOf(alive);
    }

    static Census now() {
        try {
            Object histogram = ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "gcClassHistogram",
                            new Object[] {new String[0]},
                            new String[] {String[].class.getName()});
            return read((String) histogram);
        } catch (JMException unsupported) {
            throw new IllegalStateException("count objects", unsupported);
        }
    }

    /** Lines of rank, count, bytes, class and module. */
    private static Census read(String histogram) {
        var alive = new TreeMap<String, Long>();
        for (String line : histogram.lines().toList()) {
            String[] words = line.strip().split("\\s+", -1);
            if (words.length >= 4 && COUNTED.stream().anyMatch(words[3]::startsWith))
                alive.merge(words[3], Long.parseLong(words[1]), Long::sum);
        }
        return new Census(alive);
    }

    /** The classes of which there are at least {@code more} more than before. */
    List<String> grownSince(Census before, long more) {
        var grown = new ArrayList<String>();
        new TreeMap<>(alive).forEach((type, count) -> {
            long earlier = before.alive.getOrDefault(type, 0L);
            if (count - earlier >= more) grown.add(type + " from " + earlier + " to " + count);
        });
        return grown;
    }
}
