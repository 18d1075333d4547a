package mesh.daemon.models;

import java.nio.file.Path;
import java.util.Optional;

/**
 * What the operator said about projectors. Immutable.
 *
 * @param said the projector of the only model that is served, instead of what lies beside that
 * @param model that model, in the operator's words
 * @param isOff no model sees
 */
public record Eyes(Optional<Path> said, String model, boolean isOff) {
    /** Models see by what lies beside them. */
    public static final Eyes USUAL = new Eyes(Optional.empty(), "", false);

    boolean areSaidFor(String words) {
        return said.isPresent() && model.equals(words);
    }
}
