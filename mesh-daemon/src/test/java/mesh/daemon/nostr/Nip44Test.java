package mesh.daemon.nostr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import mesh.core.Sha256;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** NIP-44 against all its published vectors, and against whoever touches a payload. */
class Nip44Test {
    private static final JsonMapper JSON = new JsonMapper();

    @ParameterizedTest
    @MethodSource("conversation")
    void bothSidesComeToTheSameKey(String secret, String publicKey, String key) {
        assertThat(conversationKey(secret, publicKey)).isEqualTo(key);
    }

    @ParameterizedTest
    @MethodSource("message")
    void everyNonceHasItsOwnKeys(String key, String nonce, String cipherKey, String cipherNonce, String macKey) {
        byte[] keys = Nip44.messageKeys(Hex.bytes(key), Hex.bytes(nonce));

        assertThat(Hex.text(keys)).isEqualTo(cipherKey + cipherNonce + macKey);
    }

    @ParameterizedTest
    @MethodSource("padded")
    void lengthsAreHiddenInSteps(int bytes, int padded) {
        assertThat(Nip44.paddedBytes(bytes)).isEqualTo(padded);
    }

    @ParameterizedTest
    @MethodSource("sealed")
    void textsAreSealedByOneSideAndOpenedByTheOther(
            String one, String other, String key, String nonce, String payload, String json) throws IOException {
        String text = JSON.readValue(json, String.class);
        String fromOne = conversationKey(one, Hex.text(Schnorr.publicKey(Hex.bytes(other))));
        String fromOther = conversationKey(other, Hex.text(Schnorr.publicKey(Hex.bytes(one))));

        assertThat(List.of(fromOne, fromOther)).containsOnly(key);
        assertThat(Nip44.seal(Hex.bytes(key), Hex.bytes(nonce), text)).isEqualTo(payload);
        assertThat(Nip44.open(Hex.bytes(key), payload)).contains(text);
    }

    @ParameterizedTest
    @MethodSource("whole")
    void longTextsAreSealedWhole(String key, String nonce, int times, String textHash, String payloadHash, String json)
            throws IOException {
        String text = JSON.readValue(json, String.class).repeat(times);

        String payload = Nip44.seal(Hex.bytes(key), Hex.bytes(nonce), text);

        assertThat(hash(text)).isEqualTo(textHash);
        assertThat(hash(payload)).isEqualTo(payloadHash);
        assertThat(Nip44.open(Hex.bytes(key), payload)).contains(text);
    }

    @ParameterizedTest
    @MethodSource("toolong")
    void textsOfNoOrTooManyBytesAreNotSealed(int bytes) {
        assertThatThrownBy(() -> Nip44.seal(new byte[32], new byte[32], "x".repeat(bytes)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @MethodSource("badkey")
    void keysThatAreNoneMakeNoConversation(String secret, String publicKey) {
        assertThatThrownBy(() -> conversationKey(secret, publicKey)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @MethodSource("unreadable")
    void damagedPayloadsAreNotOpened(String key, String nonce, String payload, String json) {
        assertThat(Nip44.open(Hex.bytes(key), payload.equals("-") ? "" : payload))
                .isEmpty();
    }

    @Test
    void whateverByteIsTouchedNothingIsRead() {
        var random = new Random(44);
        NostrKey writer = NostrKey.fresh();
        NostrKey reader = NostrKey.fresh();
        byte[] sealed = java.util.Base64.getDecoder().decode(writer.seal(reader.author(), "for your eyes"));

        assertThat(reader.open(writer.author(), List.of("Ag==", base64(sealed))))
                .contains("for your eyes");
        assertThat(NostrKey.fresh().open(writer.author(), List.of(base64(sealed))))
                .isEmpty();
        for (int at = 0; at < sealed.length; at++) {
            byte[] touched = sealed.clone();
            touched[at] ^= (byte) (1 << random.nextInt(8));
            assertThat(reader.open(writer.author(), List.of(base64(touched)))).isEmpty();
        }
    }

    @Test
    void whatIsNoKeyOpensNothing() {
        assertThat(NostrKey.fresh().open("ff".repeat(32), List.of("Ag=="))).isEmpty();
    }

    private static String conversationKey(String secret, String publicKey) {
        return Hex.text(Nip44.conversationKey(Hex.bytes(secret), Hex.bytes(publicKey)));
    }

    private static String base64(byte[] bytes) {
        return java.util.Base64.getEncoder().encodeToString(bytes);
    }

    private static String hash(String text) {
        return Hex.text(Sha256.of(text.getBytes(StandardCharsets.UTF_8)));
    }

    static Stream<Object[]> conversation() throws IOException {
        return vectors("conversation", 3);
    }

    static Stream<Object[]> message() throws IOException {
        return vectors("message", 5);
    }

    static Stream<Object[]> padded() throws IOException {
        return vectors("padded", 2);
    }

    static Stream<Object[]> sealed() throws IOException {
        return vectors("sealed", 6);
    }

    static Stream<Object[]> toolong() throws IOException {
        return vectors("toolong", 1);
    }

    static Stream<Object[]> badkey() throws IOException {
        return vectors("badkey", 2);
    }

    static Stream<Object[]> unreadable() throws IOException {
        return vectors("unreadable", 4);
    }

    static Stream<Object[]> whole() throws IOException {
        return vectors("long", 6);
    }

    private static Stream<Object[]> vectors(String kind, int columns) throws IOException {
        try (InputStream file = Objects.requireNonNull(Nip44Test.class.getResourceAsStream("/nostr/nip44.txt"))) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8)
                            .lines()
                            .filter(line -> line.startsWith(kind + " "))
                            .map(line ->
                                    (Object[]) line.substring(kind.length() + 1).split(" ", columns))
                            .toList()
                            .stream();
        }
    }
}
