package mesh.core.id;

import java.util.Locale;
import java.util.Optional;

/**
 * What a certificate allows its holder. Each role includes the ones before it: whoever may lend tensors may also serve,
 * whoever may serve may also ask. The numbers stand in signed records and never change their meaning.
 */
public enum Role {
    /** Ask models of the mesh. */
    CLIENT(1),
    /** Answer whole requests. */
    SERVE(2),
    /** Lend or use tensors. Whoever speaks RPC to a worker can run code there, so only private invites carry it. */
    SPLIT(3),
    /** Admit others and revoke. */
    ADMIN(4);

    private final int code;

    Role(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }

    public boolean includes(Role other) {
        return code >= other.code;
    }

    public static Optional<Role> of(int code) {
        for (Role role : values()) if (role.code == code) return Optional.of(role);
        return Optional.empty();
    }

    public static Optional<Role> named(String name) {
        for (Role role : values()) if (role.toString().equals(name)) return Optional.of(role);
        return Optional.empty();
    }

    /** As people write it after {@code --role}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
