package mesh.core.id;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * Finds what a person probably meant: names that contain what was typed, or differ by a few keystrokes. Case and
 * punctuation do not count. Work is bounded whatever is asked, for the asker may be a stranger. Stateless.
 */
public final class Near {
    /** As many as a person reads. */
    public static final int NAMES_MAX = 3;

    private static final int KNOWN_MAX = 4_096;
    private static final int CHARS_MAX = ModelRef.CHARS_MAX;

    /** Two letters are inside half of all names. */
    private static final int SUBSTRING_CHARS_MIN = 3;

    private Near() {}

    /** At most {@link #NAMES_MAX} of {@code known}, nearest first, ties by name; empty when nothing is near. */
    public static List<String> names(String asked, Collection<String> known) {
        record Scored(String name, int distance) {}
        String plain = plain(asked);
        if (plain.isEmpty()) return List.of();
        var near = new ArrayList<Scored>();
        int looked = 0;
        for (String name : known) {
            if (looked++ == KNOWN_MAX) break;
            int distance = distance(plain, plain(name));
            if (distance <= limit(plain)) near.add(new Scored(name, distance));
        }
        near.sort(Comparator.comparingInt(Scored::distance).thenComparing(Scored::name));
        return near.stream().limit(NAMES_MAX).map(Scored::name).toList();
    }

    private static String plain(String name) {
        String head = name.length() > CHARS_MAX ? name.substring(0, CHARS_MAX) : name;
        return head.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
    }

    /** One wrong key in three still looks like the word that was meant. */
    private static int limit(String plain) {
        return Math.max(1, plain.length() / 3);
    }

    private static int distance(String asked, String known) {
        if (asked.equals(known)) return 0;
        if (asked.length() >= SUBSTRING_CHARS_MIN && known.contains(asked)) return 1;
        if (known.length() >= SUBSTRING_CHARS_MIN && asked.contains(known)) return 1;
        int limit = limit(asked);
        return Math.abs(asked.length() - known.length()) > limit ? limit + 1 : edits(asked, known);
    }

    /** Insertions, deletions, substitutions and swaps of neighbours, row by row. */
    private static int edits(String a, String b) {
        int[] before = new int[b.length() + 1];
        int[] above = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) above[j] = j;
        for (int i = 1; i <= a.length(); i++) {
            int[] row = new int[b.length() + 1];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replace = above[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(replace, 1 + Math.min(above[j], row[j - 1]));
                boolean swapped =
                        i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
                if (swapped) row[j] = Math.min(row[j], before[j - 2] + 1);
            }
            before = above;
            above = row;
        }
        return above[b.length()];
    }
}
