package mesh.daemon.nostr;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;

/** BIP-340 against its official vectors, and against itself. */
class SchnorrTest {
    @ParameterizedTest(name = "{0} {7}")
    @CsvFileSource(resources = "/nostr/bip-340.csv", numLinesToSkip = 1)
    void officialVectorsHold(
            int index,
            String secret,
            String publicKey,
            String chance,
            String message,
            String signature,
            boolean isGood,
            String comment) {
        if (secret != null) {
            assertThat(Schnorr.publicKey(bytes(secret))).isEqualTo(bytes(publicKey));
            assertThat(Schnorr.sign(bytes(secret), bytes(message), bytes(chance)))
                    .isEqualTo(bytes(signature));
        }
        assertThat(Schnorr.verify(bytes(publicKey), bytes(message), bytes(signature)))
                .as(comment)
                .isEqualTo(isGood);
    }

    @Test
    void whatIsSignedVerifiesAndAnyChangedByteDoesNot() {
        var random = new Random(7);
        for (int round = 0; round < 20; round++) {
            byte[] secret = drawn(random);
            byte[] message = drawn(random);
            byte[] signature = Schnorr.sign(secret, message, drawn(random));
            byte[] publicKey = Schnorr.publicKey(secret);

            assertThat(Schnorr.verify(publicKey, message, signature)).isTrue();
            signature[random.nextInt(signature.length)] ^= (byte) (1 << random.nextInt(8));
            assertThat(Schnorr.verify(publicKey, message, signature)).isFalse();
        }
    }

    private static byte[] drawn(Random random) {
        byte[] bytes = new byte[32];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex);
    }
}
