package mesh.core.id;

import java.util.function.Function;

/** The answer to a question of trust: the thing itself, or the one reason why not. */
public sealed interface Checked<T> {
    record Good<T>(T value) implements Checked<T> {}

    record Refused<T>(Refusal reason) implements Checked<T> {}

    static <T> Checked<T> good(T value) {
        return new Good<>(value);
    }

    static <T> Checked<T> refused(Refusal reason) {
        return new Refused<>(reason);
    }

    default <R> Checked<R> then(Function<? super T, Checked<R>> next) {
        return switch (this) {
            case Good<T>(T value) -> next.apply(value);
            case Refused<T>(Refusal reason) -> refused(reason);
        };
    }
}
