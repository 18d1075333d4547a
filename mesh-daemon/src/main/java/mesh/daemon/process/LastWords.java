package mesh.daemon.process;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads an exit code and the last lines of output as a reason. Pure. The words decide before the code does: llama-server
 * ends with 1 for almost everything, and an rpc-server that could not bind ends with 0.
 */
public final class LastWords {
    /** A reason with the line that gave it away, fit to be shown to a person. */
    public record Verdict(ExitReason reason, String message) {}

    /** llama-server's {@code M.SS.mmm.uuu L module function: }, which says nothing to the reader of a reason. */
    private static final Pattern LOG_HEAD = Pattern.compile("^\\d+\\.\\d{2}\\.\\d{3}\\.\\d{3} [IWED] +");

    /** In the order of trust: an early cause stands above the general words that follow it. */
    private static final List<Clue> CLUES = List.of(
            clue("failed to open GGUF file|No such file or directory.*\\.gguf", ExitReason.MODEL_MISSING),
            clue(
                    "invalid magic character|failed to read magic|failed to read key-value pairs|failed to read tensor (info|data)"
                            + "|is not within the file bounds|model is corrupted or incomplete|bad GGUF magic",
                    ExitReason.MODEL_CORRUPT),
            clue("unknown model architecture", ExitReason.UNKNOWN_ARCHITECTURE),
            clue("key not found in model|missing tensor|unknown pre-tokenizer", ExitReason.MODEL_INCOMPLETE),
            clue("unable to allocate RPC\\d+", ExitReason.WORKER_OUT_OF_MEMORY),
            clue(
                    "insufficient memory|failed to allocate (buffer|compute|CPU|CUDA|Vulkan|Metal)|out of memory|std::bad_alloc"
                            + "|unable to allocate",
                    ExitReason.OUT_OF_MEMORY),
            clue("couldn't bind HTTP server socket|Failed to create server socket", ExitReason.PORT_TAKEN),
            clue(
                    "error: invalid argument|error while handling argument|error: unknown argument|argument has been removed",
                    ExitReason.BAD_FLAG),
            clue("RPC not supported in this build", ExitReason.RPC_UNSUPPORTED),
            clue("RPC server version mismatch|RPC handshake failed", ExitReason.RPC_VERSION_MISMATCH),
            clue("Failed to connect to [^ ]+:\\d+", ExitReason.RPC_UNREACHABLE),
            clue("Remote RPC server crashed or returned malformed response", ExitReason.RPC_LOST),
            clue("no CPU backend found|no backends are loaded", ExitReason.NO_CPU_BACKEND),
            clue(
                    "error while loading shared libraries|cannot execute binary file|[Ee]xec format error|: Permission denied$"
                            + "|: not found$|version `GLIBC",
                    ExitReason.NOT_EXECUTABLE),
            clue("failed to load multimodal model", ExitReason.PROJECTOR_FAILED),
            clue("exiting due to model loading error|failed to load model", ExitReason.LOAD_FAILED));

    /** 128 + SIGABRT, SIGKILL, SIGTERM: how the exit code shows death by a signal. */
    private static final int ABORTED = 134;

    private static final int KILLED = 137;
    private static final int TERMINATED = 143;

    private LastWords() {}

    /** {@code lines} are the newest lines of output, oldest first. */
    public static Verdict judge(int exitCode, List<String> lines) {
        for (Clue clue : CLUES)
            for (String line : lines)
                if (clue.pattern.matcher(line).find()) return new Verdict(clue.reason, words(line));
        return switch (exitCode) {
            case KILLED -> new Verdict(ExitReason.KILLED, "killed by SIGKILL, as the system does when memory runs out");
            case TERMINATED -> new Verdict(ExitReason.KILLED, "ended by SIGTERM from outside");
            case ABORTED -> new Verdict(ExitReason.CRASHED, "aborted" + last(lines));
            case 126, 127 -> new Verdict(ExitReason.NOT_EXECUTABLE, "could not be run" + last(lines));
            default ->
                exitCode > 128
                        ? new Verdict(ExitReason.CRASHED, "died of signal " + (exitCode - 128) + last(lines))
                        : new Verdict(ExitReason.EXITED, "ended with code " + exitCode + last(lines));
        };
    }

    private static String last(List<String> lines) {
        return lines.isEmpty() ? ", saying nothing" : ": " + words(lines.getLast());
    }

    private static String words(String line) {
        Matcher head = LOG_HEAD.matcher(line);
        return head.find() ? line.substring(head.end()).strip() : line.strip();
    }

    private static Clue clue(String pattern, ExitReason reason) {
        return new Clue(Pattern.compile(pattern), reason);
    }

    private record Clue(Pattern pattern, ExitReason reason) {}
}
