package mesh.daemon.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Guesses how far a load is from outside, since llama-server does not say: the bytes it has read or mapped in, against
 * the model's size. Only Linux tells; elsewhere the answer is unknown.
 */
final class LoadProgress {
    /** Weights are not all there is to loading, so the guess never claims the end. */
    private static final double DONE_MAX = 0.99;

    private LoadProgress() {}

    /** A share in 0 to 1, or {@link ChildState.Loading#UNKNOWN}. */
    static double of(long pid, long modelBytes) {
        if (modelBytes <= 0) return ChildState.Loading.UNKNOWN;
        try {
            Path process = Path.of("/proc", Long.toString(pid));
            long read = number(Files.readString(process.resolve("io")), "rchar:");
            long mapped = number(Files.readString(process.resolve("status")), "VmRSS:") * 1024;
            return Math.min(DONE_MAX, (double) Math.max(read, mapped) / modelBytes);
        } catch (IOException | NumberFormatException unknown) {
            return ChildState.Loading.UNKNOWN;
        }
    }

    private static long number(String text, String key) {
        int from = text.indexOf(key) + key.length();
        int to = text.indexOf('\n', from);
        return Long.parseLong(text.substring(from, to).replace("kB", "").strip());
    }
}
