package mesh.daemon.models;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Names that a mistyped one may have meant, best first. Stateless. */
final class NearNames {
    /** What fits on one line of a terminal. */
    private static final int NAMES_MAX = 5;

    private NearNames() {}

    private record Scored(String name, int distance) {}

    /** Near is: contains it, or needs fewer edits than a third of its letters. */
    static List<String> of(String said, List<String> known) {
        String wanted = said.toLowerCase(Locale.ROOT);
        var near = new ArrayList<Scored>();
        for (String name : known) {
            String candidate = name.toLowerCase(Locale.ROOT);
            int distance = candidate.contains(wanted) ? 0 : edits(wanted, candidate);
            if (distance <= Math.max(1, wanted.length() / 3)) near.add(new Scored(name, distance));
        }
        return near.stream()
                .sorted(Comparator.comparingInt(Scored::distance).thenComparing(Scored::name))
                .map(Scored::name)
                .distinct()
                .limit(NAMES_MAX)
                .toList();
    }

    /** Letters to insert, delete or replace to turn {@code a} into {@code b}. */
    private static int edits(String a, String b) {
        var row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) row[j] = j;
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
