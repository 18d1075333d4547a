package mesh.daemon.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Rows with aligned columns, as plain text. The last column is never padded. */
final class Table {
    private static final String GAP = "  ";

    private final List<List<String>> rows = new ArrayList<>();

    Table row(String... cells) {
        rows.add(List.of(cells));
        return this;
    }

    void print(PrintWriter out) {
        for (List<String> row : rows) {
            var line = new StringBuilder();
            for (int column = 0; column < row.size(); column++) {
                String cell = row.get(column);
                boolean isLast = column == row.size() - 1;
                line.append(cell);
                if (!isLast)
                    line.append(" ".repeat(width(column) - cell.length())).append(GAP);
            }
            out.println(line.toString().stripTrailing());
        }
    }

    /** Decimal, as disks and model pages count. */
    static String bytes(long bytes) {
        return bytes < 1_000_000_000L
                ? String.format(Locale.ROOT, "%.1f MB", bytes / 1e6)
                : String.format(Locale.ROOT, "%.1f GB", bytes / 1e9);
    }

    private int width(int column) {
        int width = 0;
        for (List<String> row : rows)
            if (row.size() > column) width = Math.max(width, row.get(column).length());
        return width;
    }
}
