package mesh.daemon.log;

/** How a line of the log looks: key=value for people, or one JSON object for scripts. */
public enum LogFormat {
    PRETTY,
    JSON
}
