package mesh.daemon.edge;

/**
 * Makes requests of another API into ones that an engine understands, and the engine's answers into that API's. Called
 * on a virtual thread, because a whole body is parsed.
 */
@FunctionalInterface
public interface Translator {
    Outcome translate(Ask ask) throws Refusal;

    /** What became of a request. */
    sealed interface Outcome {}

    /**
     * A request in the engine's words.
     *
     * @param chooser finds the engine by the new body, and names the path there
     * @param answer what the answer passes through; used by this exchange only
     */
    record Translated(String body, Action.Chooser chooser, AnswerTranslation answer) implements Outcome {}

    /** A request that needs no engine. */
    record Answered(Reply reply) implements Outcome {}
}
