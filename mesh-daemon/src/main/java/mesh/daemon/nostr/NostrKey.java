package mesh.daemon.nostr;

import java.security.SecureRandom;

/** A secret key on Nostr and what can be signed with it. Never shown: {@code toString} gives the public half. Any thread. */
public final class NostrKey {
    private static final SecureRandom RANDOM = new SecureRandom();

    private final byte[] secret;
    private final String author;

    private NostrKey(byte[] secret) {
        this.secret = secret;
        this.author = Hex.text(Schnorr.publicKey(secret));
    }

    public static NostrKey fresh() {
        byte[] secret = new byte[Schnorr.KEY_BYTES];
        do RANDOM.nextBytes(secret);
        while (!Schnorr.isSecret(secret));
        return new NostrKey(secret);
    }

    /** @throws IllegalArgumentException when the bytes are no key of this curve */
    public static NostrKey of(byte[] secret) {
        if (!Schnorr.isSecret(secret)) throw new IllegalArgumentException("no secret key bytes=" + secret.length);
        return new NostrKey(secret.clone());
    }

    /** The public key as events carry it, in hex. */
    public String author() {
        return author;
    }

    /** The public key as people pass it on. */
    public String npub() {
        return Nip19.npub(author);
    }

    String nsec() {
        return Nip19.encode(Nip19.SECRET, secret);
    }

    public Event sign(Event.Draft draft) {
        String id = CanonicalJson.id(author, draft.createdAt(), draft.kind(), draft.tags(), draft.content());
        byte[] chance = new byte[Schnorr.KEY_BYTES];
        RANDOM.nextBytes(chance);
        String signature = Hex.text(Schnorr.sign(secret, Hex.bytes(id), chance));
        return new Event(id, author, draft.createdAt(), draft.kind(), draft.tags(), draft.content(), signature);
    }

    @Override
    public String toString() {
        return npub();
    }
}
