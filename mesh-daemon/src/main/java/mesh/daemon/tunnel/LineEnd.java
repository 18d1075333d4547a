package mesh.daemon.tunnel;

import java.util.Locale;
import java.util.Optional;

/** Why a line was broken off, as the other end reads it. Numbers never change their meaning. */
enum LineEnd {
    /** The program at one end did it, as TCP's reset says. */
    RESET(1),
    /** What came does not belong into an RPC connection. */
    FORBIDDEN(2),
    /** Nobody here knows the line that was to be resumed. */
    UNKNOWN(3),
    /** No way to the other end for longer than anybody wants to wait. */
    SILENT(4),
    /** The other end's system says that the program is gone. */
    VACANT(5),
    /** The lease ended, or belongs to a later tunnel. */
    UNLEASED(6);

    private final int number;

    LineEnd(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }

    String code() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Optional<LineEnd> of(int number) {
        for (LineEnd each : values()) if (each.number == number) return Optional.of(each);
        return Optional.empty();
    }
}
