package mesh.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import mesh.core.id.ModelRef;
import mesh.core.member.Profile;
import mesh.core.member.Profiles;
import mesh.core.member.Rumor;
import mesh.core.member.Told;
import mesh.core.member.Word;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CodecTest {
    @Test
    void fieldsThatANewerPeerAppendsAreIgnored() {
        byte[] nack = new CborWriter()
                .array(4)
                .number(4)
                .number(300)
                .text("later")
                .array(2)
                .number(1)
                .bytes(new byte[9])
                .end()
                .end()
                .toBytes();

        assertThat(Codec.decode(nack)).isEqualTo(new Decoded.Accepted(new Message.Gossip(new Word.Nack(300))));
    }

    @Test
    void rumoursOfAnUnknownKindArePassedOver() {
        var known = Samples.voice(Samples.id(1)).bidFarewell(3);
        byte[] body = new CborWriter().array(2).number(99).text("news").end().toBytes();
        byte[] spread = new CborWriter()
                .array(2)
                .number(5)
                .array(2)
                .array(3)
                .bytes(body)
                .bytes(new byte[64])
                .number(0)
                .end()
                .array(3)
                .bytes(known.carried().body())
                .bytes(known.carried().signature())
                .number(0)
                .end()
                .end()
                .end()
                .toBytes();

        assertThat(Codec.decode(spread))
                .isEqualTo(new Decoded.Accepted(new Message.Gossip(new Word.Spread(List.of(new Told(known, 0))))));
    }

    @Test
    void unknownMessagesAreRejectedByName() {
        byte[] unknown = new CborWriter().array(1).number(77).end().toBytes();

        assertThat(Codec.decode(unknown)).isEqualTo(new Decoded.Rejected("unknown message"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"turn\u202earound", "line\nbreak", "bell\u0007"})
    void namesThatCouldDeceiveAReaderAreRejected(String name) {
        byte[] body = Bodies.announcement(Samples.id(1), 1, 1, Samples.bare(), new byte[0]);
        byte[] evil = replaceEmptyName(body, name);
        byte[] spread = new CborWriter()
                .array(2)
                .number(5)
                .array(1)
                .array(3)
                .bytes(evil)
                .bytes(new byte[64])
                .number(0)
                .end()
                .end()
                .end()
                .toBytes();

        assertThat(Codec.decode(spread)).isInstanceOf(Decoded.Rejected.class);
    }

    @Test
    void signatureHoldsOverBytesAsCarriedAndInOneMeshOnly() {
        var id = Samples.id(1);
        Rumor word = throughTheWire(Samples.voice(id).announce(5, 6, Samples.bare()));

        assertThat(Samples.voice(Samples.id(9)).isGenuine(word)).isTrue();
        byte[] other = {'o', 't', 'h', 'e', 'r'};
        var elsewhere = new SignedVoice(Samples.signer(id), Samples.verifier(), other, Samples.licence(id.bytes()));
        assertThat(elsewhere.isGenuine(word)).isFalse();
    }

    @Test
    void claimToSplitCountsOnlyWithTheSpeakersOwnCredential() {
        var hearer = Samples.certified(Samples.id(9));
        Rumor certified = Samples.certified(Samples.id(1)).announce(5, 6, Samples.profile());
        Rumor without = Samples.voice(Samples.id(1)).announce(5, 6, Samples.profile());
        Rumor claimsNothing = Samples.voice(Samples.id(1)).announce(5, 6, Samples.bare());

        assertThat(hearer.isGenuine(throughTheWire(certified))).isTrue();
        assertThat(hearer.isGenuine(throughTheWire(without))).isFalse();
        assertThat(hearer.isGenuine(throughTheWire(claimsNothing))).isTrue();
    }

    @Test
    void nodeWithTooMuchToSaySaysTheFirstHalf() {
        var full = Profiles.of(1);
        for (int each = 0; each < Profile.MODELS_MAX; each++) {
            var model = new ModelRef("m".repeat(190) + each);
            full.holds(model, 1L << 33, 40).wants(model, "s".repeat(400), 1L << 33);
        }

        var said = Samples.voice(Samples.id(1)).announce(1, 1, full.build());

        assertThat(said.carried().bytes()).isLessThan(SignedVoice.ANNOUNCEMENT_BYTES_MAX + 100);
        assertThat(said.profile().onDisk())
                .isNotEmpty()
                .isEqualTo(full.onDisk.subList(0, said.profile().onDisk().size()));
    }

    @Test
    void frameLongerThanAnyMessageIsRejectedUnread() {
        assertThat(Codec.decode(new byte[Codec.FRAME_BYTES_MAX + 1])).isEqualTo(new Decoded.Rejected("frame too long"));
    }

    private static Rumor throughTheWire(Rumor said) {
        byte[] bytes = Codec.encode(new Message.Gossip(new Word.Spread(List.of(new Told(said, 0)))));
        var heard = (Decoded.Accepted) Codec.decode(bytes);
        return ((Word.Spread) ((Message.Gossip) heard.message()).word())
                .news()
                .getFirst()
                .rumor();
    }

    /** The bare profile begins with an empty text; another one takes its place. */
    private static byte[] replaceEmptyName(byte[] body, String name) {
        byte[] text = new CborWriter().text(name).toBytes();
        int at = 0;
        while (body[at] != (byte) 0x8e || body[at + 1] != 0x60) at++;
        byte[] evil = Arrays.copyOf(body, body.length - 1 + text.length);
        System.arraycopy(text, 0, evil, at + 1, text.length);
        System.arraycopy(body, at + 2, evil, at + 1 + text.length, body.length - at - 2);
        return evil;
    }
}
