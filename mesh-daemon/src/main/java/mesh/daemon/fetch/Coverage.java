package mesh.daemon.fetch;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Which bytes of a file are there: ranges that neither touch nor overlap. One owner. */
final class Coverage {
    private final TreeMap<Long, Long> ends = new TreeMap<>();
    private long bytes;

    /** From {@code from} up to, not including, {@code to}. */
    record Range(long from, long to) {
        Range {
            if (from < 0 || to < from) throw new IllegalArgumentException("range from=" + from + " to=" + to);
        }

        long bytes() {
            return to - from;
        }
    }

    void add(long from, long to) {
        if (from == to) return;
        long start = from;
        long end = to;
        Map.Entry<Long, Long> before = ends.floorEntry(to);
        while (before != null && before.getValue() >= start) {
            start = Math.min(start, before.getKey());
            end = Math.max(end, before.getValue());
            bytes -= before.getValue() - before.getKey();
            ends.remove(before.getKey());
            before = ends.floorEntry(to);
        }
        ends.put(start, end);
        bytes += end - start;
    }

    void remove(long from, long to) {
        for (Range range : ranges()) {
            if (range.to() <= from || range.from() >= to) continue;
            ends.remove(range.from());
            bytes -= range.bytes();
            if (range.from() < from) add(range.from(), from);
            if (range.to() > to) add(to, range.to());
        }
    }

    /** The first bytes that are missing below {@code total}, at most {@code bytesMax} of them; empty when none is. */
    Range firstGap(long total, long bytesMax) {
        long at = 0;
        for (var range : ends.entrySet()) {
            if (range.getKey() > at) break;
            at = range.getValue();
        }
        long from = Math.min(at, total);
        Long next = ends.higherKey(from);
        long to = Math.min(total, next == null ? total : next);
        return new Range(from, from + Math.min(bytesMax, to - from));
    }

    /** The first bytes that are missing in a range; empty when none is. */
    Range gapWithin(long from, long to) {
        Map.Entry<Long, Long> before = ends.floorEntry(from);
        long start = before == null ? from : Math.clamp(before.getValue(), from, to);
        Long next = ends.ceilingKey(start);
        return new Range(start, next == null ? to : Math.min(to, next));
    }

    boolean overlaps(long from, long to) {
        Map.Entry<Long, Long> before = ends.lowerEntry(to);
        return before != null && before.getValue() > from;
    }

    long bytes() {
        return bytes;
    }

    boolean isWhole(long total) {
        return bytes == total;
    }

    List<Range> ranges() {
        var ranges = new ArrayList<Range>();
        ends.forEach((from, to) -> ranges.add(new Range(from, to)));
        return ranges;
    }
}
