package mesh.testnet.sim;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Collected times, asked for by rank. One owner. */
final class Percentiles {
    private final List<Long> values = new ArrayList<>();

    void add(long value) {
        values.add(value);
    }

    long at(double share) {
        if (values.isEmpty()) return -1;
        Collections.sort(values);
        int rank = (int) Math.ceil(share * values.size()) - 1;
        return values.get(Math.clamp(rank, 0, values.size() - 1));
    }

    @Override
    public String toString() {
        return at(0.5) + " / " + at(0.99) + " / " + at(1);
    }
}
