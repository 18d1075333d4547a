package mesh.core.wire;

import mesh.core.Check;
import mesh.core.id.NodeId;
import mesh.core.id.Signer;
import mesh.core.id.Verifier;
import mesh.core.member.Accusation;
import mesh.core.member.Announcement;
import mesh.core.member.Carried;
import mesh.core.member.Farewell;
import mesh.core.member.Profile;
import mesh.core.member.Rumor;
import mesh.core.member.Voice;

/**
 * Signs words over their wire bytes, within one mesh: the mesh's name goes under the signature but not over the wire,
 * so that a word said in one mesh proves nothing in another. Immutable.
 */
public final class SignedVoice implements Voice {
    /** A larger profile is cut by its owner before it gets here; this is what a page of an exchange surely holds. */
    public static final int ANNOUNCEMENT_BYTES_MAX = 48 * 1024;

    private final Signer signer;
    private final Verifier verifier;
    private final byte[] mesh;

    public SignedVoice(Signer signer, Verifier verifier, byte[] mesh) {
        this.signer = signer;
        this.verifier = verifier;
        this.mesh = mesh.clone();
    }

    @Override
    public NodeId id() {
        return signer.id();
    }

    @Override
    public Announcement announce(long incarnation, long sequence, Profile profile) {
        byte[] body = Bodies.announcement(signer.id(), incarnation, sequence, profile);
        Check.that(body.length <= ANNOUNCEMENT_BYTES_MAX, "announcement fits a message", body.length);
        return new Announcement(signer.id(), incarnation, sequence, profile, carried(body));
    }

    @Override
    public Accusation accuse(NodeId subject, long incarnation, Accusation.Verdict verdict) {
        byte[] body = Bodies.accusation(signer.id(), subject, incarnation, verdict);
        return new Accusation(signer.id(), subject, incarnation, verdict, carried(body));
    }

    @Override
    public Farewell bidFarewell(long incarnation) {
        return new Farewell(signer.id(), incarnation, carried(Bodies.farewell(signer.id(), incarnation)));
    }

    @Override
    public boolean isGenuine(Rumor rumor) {
        return verifier.verify(
                rumor.speaker(), inMesh(rumor.carried().body()), rumor.carried().signature());
    }

    private Carried carried(byte[] body) {
        return new Carried(body, signer.sign(inMesh(body)));
    }

    private byte[] inMesh(byte[] body) {
        byte[] signed = new byte[mesh.length + body.length];
        System.arraycopy(mesh, 0, signed, 0, mesh.length);
        System.arraycopy(body, 0, signed, mesh.length, body.length);
        return signed;
    }
}
