package mesh.daemon.loop;

import mesh.core.id.Refusal;

/**
 * Why this node cannot take its place in a mesh, so that it must end: stable code, one line for people that says what to
 * do, and the exit code. Immutable.
 */
public record Unable(String code, String message, int exitCode) {
    private static final int FAILED = 1;

    /** Exit codes of refused invites begin here: each reason has the one of its number. */
    private static final int REFUSED_BASE = 10;

    public static Unable of(String code, String message) {
        return failed(code, message);
    }

    static Unable failed(String code, String message) {
        return new Unable(code, message, FAILED);
    }

    static Unable refused(Refusal reason) {
        return new Unable("invite_" + reason.code(), message(reason), REFUSED_BASE + reason.number());
    }

    private static String message(Refusal reason) {
        return switch (reason) {
            case MALFORMED -> "--join: this is no invite: a token begins with mesh1. and was perhaps cut off";
            case TAMPERED -> "--join: the invite was changed on its way, its signature does not hold; copy it anew";
            case EXPIRED -> "--join: the invite has expired; ask for another: mesh invite create";
            case REVOKED ->
                "--join: the invite, its issuer or this node itself was revoked; ask for another: mesh invite create";
            case USED_UP ->
                "--join: the invite has let in as many nodes as it may; ask for another: mesh invite create";
            case WRONG_MESH ->
                "--join: the invite is for another mesh than this node's; leave that one first with mesh leave, or"
                        + " choose another --data-dir";
            case NOT_YET_VALID -> "--join: the invite is not valid yet; is this machine's clock right?";
            case NOT_ADMIN, NOT_ISSUER, TOO_DEEP, WRONG_NODE, NO_CREDENTIAL, FULL ->
                "--join: the mesh does not honour this invite: " + reason.code();
        };
    }
}
