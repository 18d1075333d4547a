package mesh.core.id;

import java.util.function.Supplier;

/**
 * The licence of a member: its own credential, and those of others checked against what it trusts now. Whether one has
 * expired is not asked: who cannot renew it loses its connections, while its words may be older than its renewal.
 */
public final class MeshLicence implements Licence {
    private final Supplier<Trust> trust;
    private final Supplier<Credential> own;

    public MeshLicence(Supplier<Trust> trust, Supplier<Credential> own) {
        this.trust = trust;
        this.own = own;
    }

    @Override
    public byte[] own() {
        Credential credential = own.get();
        return credential.role().includes(Role.SPLIT) ? credential.bytes() : new byte[0];
    }

    @Override
    public boolean allowsSplits(NodeId speaker, byte[] credential) {
        Checked<Role> held =
                Credential.decode(credential).then(shown -> trust.get().check(shown, speaker, shown.notAfterMillis()));
        return held instanceof Checked.Good<Role>(Role role) && role.includes(Role.SPLIT);
    }
}
