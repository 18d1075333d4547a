package mesh.core.route;

import java.util.List;
import java.util.Optional;
import mesh.core.id.NodeId;
import mesh.core.member.Profile.Skill;

/**
 * What a request needs of a host. Immutable.
 *
 * @param model as the client said it; {@code auto} leaves the choice to the mesh
 * @param prefixHash of the prompt's beginning or the client's session hint; 0 = none
 * @param promptTokens estimate, with room for the answer; 0 = not known
 * @param target the only host that will do ({@code x-mesh-target})
 * @param exclude hosts the client does not want ({@code x-mesh-exclude})
 * @param tried hosts that failed this very request before its first byte
 */
public record Ask(
        String model,
        List<Skill> skills,
        long prefixHash,
        int promptTokens,
        Optional<NodeId> target,
        List<NodeId> exclude,
        List<NodeId> tried) {
    public static final String AUTO = "auto";

    public Ask {
        skills = List.copyOf(skills);
        exclude = List.copyOf(exclude);
        tried = List.copyOf(tried);
    }

    public static Ask of(String model) {
        return new Ask(model, List.of(), 0, 0, Optional.empty(), List.of(), List.of());
    }

    public Ask withPrefix(long hash) {
        return new Ask(model, skills, hash, promptTokens, target, exclude, tried);
    }

    public Ask withTried(List<NodeId> failed) {
        return new Ask(model, skills, prefixHash, promptTokens, target, exclude, failed);
    }
}
