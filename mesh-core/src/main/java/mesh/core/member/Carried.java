package mesh.core.member;

import java.util.Arrays;

/**
 * Words as they travel: the bytes their speaker signed and the signature over them. Relays pass them on untouched, so
 * a signature holds however many hops it makes and whatever fields a relay does not know. Immutable.
 */
public final class Carried {
    private final byte[] body;
    private final byte[] signature;

    public Carried(byte[] body, byte[] signature) {
        this.body = body.clone();
        this.signature = signature.clone();
    }

    public byte[] body() {
        return body.clone();
    }

    public byte[] signature() {
        return signature.clone();
    }

    public int bytes() {
        return body.length + signature.length;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Carried that
                && Arrays.equals(body, that.body)
                && Arrays.equals(signature, that.signature);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(body) + Arrays.hashCode(signature);
    }

    @Override
    public String toString() {
        return "Carried[bytes=" + bytes() + "]";
    }
}
