package mesh.daemon.log;

/** The least important kind of event that is still written, most important first. */
public enum LogLevel {
    ERROR,
    WARN,
    INFO,
    DEBUG
}
