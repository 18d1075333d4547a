package mesh.core.wire;

import mesh.core.id.Licence;
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
 * so that a word said in one mesh proves nothing in another. Immutable, but for what the licence knows.
 */
public final class SignedVoice implements Voice {
    /** Two of them and a page's other parts fit a frame; hundreds of models fit one. */
    public static final int ANNOUNCEMENT_BYTES_MAX = 24 * 1024;

    private final Signer signer;
    private final Verifier verifier;
    private final byte[] mesh;
    private final Licence licence;

    public SignedVoice(Signer signer, Verifier verifier, byte[] mesh, Licence licence) {
        this.signer = signer;
        this.verifier = verifier;
        this.mesh = mesh.clone();
        this.licence = licence;
    }

    @Override
    public NodeId id() {
        return signer.id();
    }

    @Override
    public Announcement announce(long incarnation, long sequence, Profile profile) {
        Profile said = profile;
        byte[] credential = profile.splits() ? licence.own() : new byte[0];
        byte[] body = Bodies.announcement(signer.id(), incarnation, sequence, said, credential);
        while (body.length > ANNOUNCEMENT_BYTES_MAX) {
            said = Bodies.shortened(said);
            body = Bodies.announcement(signer.id(), incarnation, sequence, said, credential);
        }
        return new Announcement(signer.id(), incarnation, sequence, said, carried(body));
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
        boolean isSigned = verifier.verify(
                rumor.speaker(), inMesh(rumor.carried().body()), rumor.carried().signature());
        boolean claims = rumor instanceof Announcement word && word.profile().splits();
        return isSigned && (!claims || licence.allowsSplits(rumor.speaker(), Bodies.credential(rumor.carried())));
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
