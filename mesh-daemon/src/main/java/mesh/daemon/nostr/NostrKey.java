package mesh.daemon.nostr;

import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;

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

    /** The text as only this key and the reader's, a public one in hex, can read it (NIP-44). */
    public String seal(String reader, String text) {
        byte[] nonce = new byte[Nip44.NONCE_BYTES];
        RANDOM.nextBytes(nonce);
        return Nip44.seal(Nip44.conversationKey(secret, Hex.bytes(reader)), nonce, text);
    }

    /** The first of these that {@code writer} sealed for this key; empty when all are for or by others, or were touched. */
    public Optional<String> open(String writer, List<String> payloads) {
        if (payloads.isEmpty()) return Optional.empty();
        byte[] conversation;
        try {
            conversation = Nip44.conversationKey(secret, Hex.bytes(writer));
        } catch (IllegalArgumentException noKey) {
            return Optional.empty();
        }
        return payloads.stream()
                .map(payload -> Nip44.open(conversation, payload))
                .flatMap(Optional::stream)
                .findFirst();
    }

    @Override
    public String toString() {
        return npub();
    }
}
