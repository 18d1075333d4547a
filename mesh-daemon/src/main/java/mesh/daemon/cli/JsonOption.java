package mesh.daemon.cli;

import picocli.CommandLine.Option;

/** Whether a command prints what the daemon said, for scripts, instead of a table. */
final class JsonOption {
    @Option(names = "--json", description = "Print the management API's answer as it is.")
    boolean isAsked;
}
