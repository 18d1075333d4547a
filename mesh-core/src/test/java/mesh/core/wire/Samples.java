package mesh.core.wire;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32;
import mesh.core.id.Licence;
import mesh.core.id.MeshId;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.id.Revocation;
import mesh.core.id.Signer;
import mesh.core.id.Verifier;
import mesh.core.member.Accusation.Verdict;
import mesh.core.member.Digest;
import mesh.core.member.Profile;
import mesh.core.member.Profile.Assigned;
import mesh.core.member.Profile.Demanded;
import mesh.core.member.Profile.Engine;
import mesh.core.member.Profile.Link;
import mesh.core.member.Profile.OnDisk;
import mesh.core.member.Profile.Phase;
import mesh.core.member.Profile.Role;
import mesh.core.member.Profile.Served;
import mesh.core.member.Profile.Skill;
import mesh.core.member.Profile.Wanted;
import mesh.core.member.Told;
import mesh.core.member.Version;
import mesh.core.member.Word;

/** One message of every kind, with every field in use somewhere, and a cheap voice to sign what is signed. */
final class Samples {
    static final byte[] MESH = {'m', 'e', 's', 'h', '-', '1'};
    private static final ModelRef QWEN = new ModelRef("Qwen3-8B-Q4_K_M");
    private static final ModelRef LLAMA = new ModelRef("org/repo:latest");

    private Samples() {}

    static NodeId id(int first) {
        byte[] key = new byte[NodeId.BYTES];
        for (int at = 0; at < key.length; at++) key[at] = (byte) (first + at);
        return NodeId.of(key);
    }

    static SignedVoice voice(NodeId id) {
        return new SignedVoice(signer(id), verifier(), MESH, licence(new byte[0]));
    }

    static SignedVoice certified(NodeId id) {
        return new SignedVoice(signer(id), verifier(), MESH, licence(id.bytes()));
    }

    /** A node's credential is the bytes of its name. */
    static Licence licence(byte[] own) {
        return new Licence() {
            @Override
            public byte[] own() {
                return own.clone();
            }

            @Override
            public boolean allowsSplits(NodeId speaker, byte[] credential) {
                return Arrays.equals(credential, speaker.bytes());
            }
        };
    }

    static Verifier verifier() {
        return (id, message, signature) -> Arrays.equals(signature, signature(id, message));
    }

    static Map<String, Message> all() {
        var one = voice(id(1));
        var two = voice(id(64));
        var word = new Told(one.announce(1_700_000_000_000L, 7, profile()), 1_500);
        var bare = new Told(two.announce(1, 1, bare()), 0);
        var doubt = new Told(two.accuse(id(1), 1_700_000_000_000L, Verdict.SUSPECT), 20);
        var death = new Told(one.accuse(id(64), 1, Verdict.DEAD), 0);
        var farewell = new Told(two.bidFarewell(1), 0);
        var all = new LinkedHashMap<String, Message>();
        all.put("ping", new Message.Gossip(new Word.Ping(17, List.of())));
        all.put("ping-with-doubt", new Message.Gossip(new Word.Ping(1L << 33, List.of(doubt))));
        all.put("ack", new Message.Gossip(new Word.Ack(17, List.of(word))));
        all.put("help", new Message.Gossip(new Word.Help(300, id(9), List.of())));
        all.put("nack", new Message.Gossip(new Word.Nack(300)));
        all.put("spread", new Message.Gossip(new Word.Spread(List.of(word, bare, death, farewell))));
        var certified = new Told(certified(id(3)).announce(5, 2, profile()), 0);
        all.put("spread-certified", new Message.Gossip(new Word.Spread(List.of(certified))));
        all.put(
                "compare",
                new Message.Gossip(new Word.Compare(new Digest(new long[] {1, -1, Long.MIN_VALUE, 0}), List.of(bare))));
        all.put(
                "versions",
                new Message.Gossip(new Word.Versions(
                        4,
                        List.of(0, 3),
                        List.of(new Version(id(1), 1_700_000_000_000L, 7), new Version(id(64), 1, 1)))));
        all.put("versions-equal", new Message.Gossip(new Word.Versions(1, List.of(), List.of())));
        all.put("supply", new Message.Gossip(new Word.Supply(List.of(bare), List.of(id(2), id(3)))));
        all.put("route-request", new Message.RouteRequest(-5));
        all.put("route-table", new Message.RouteTable(Long.MAX_VALUE, 1, 3, List.of(word)));
        all.put("route-news", new Message.RouteNews(List.of(word), List.of(id(64))));
        all.put("revocation-sum", new Message.RevocationSum(-6));
        all.put("revocation-marks", new Message.RevocationMarks(List.of(7L, Long.MIN_VALUE)));
        all.put("revocations", new Message.Revocations(List.of(revocation(9), revocation(10)), List.of(-8L)));
        return all;
    }

    private static Revocation revocation(int node) {
        var terms = new Revocation.Terms(
                new MeshId(id(64)),
                new Revocation.Target.Node(id(node)),
                Optional.empty(),
                1_700_000_000_000L,
                1_800_000_000_000L);
        return Revocation.issue(signer(id(64)), terms);
    }

    static Profile bare() {
        return new Profile(
                "",
                Role.STANDBY,
                0,
                0,
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                Engine.NONE,
                List.of(),
                List.of(),
                List.of(),
                false,
                0);
    }

    static Profile profile() {
        return new Profile(
                "attic-🦙",
                Role.HOST,
                24L << 30,
                936_000_000_000L,
                List.of(
                        new Served(
                                QWEN,
                                Phase.READY,
                                4,
                                2,
                                48_250,
                                List.of(),
                                32_768,
                                5L << 30,
                                List.of(Skill.CHAT, Skill.TOOLS),
                                false,
                                List.of()),
                        new Served(
                                LLAMA,
                                Phase.LOADING,
                                0,
                                0,
                                0,
                                List.of(id(40), id(41)),
                                0,
                                0,
                                List.of(Skill.EMBED),
                                true,
                                List.of(20, 9, 8))),
                List.of(new OnDisk(QWEN, 5L << 30, 6L << 30, 1L << 29, 36, 3L << 30)),
                List.of(new Wanted(LLAMA, "org/repo/file.gguf", 40L << 30)),
                List.of(new Demanded(QWEN, 12_000)),
                new Engine("b7000", 3, 6, 1),
                List.of("192.168.1.20:41641", "[2001:db8::1]:41641"),
                List.of(new Assigned(LLAMA, 20L << 30, true, List.of(700, 300))),
                List.of(new Link(id(40), 12)),
                true,
                200L << 30);
    }

    static Signer signer(NodeId id) {
        return new Signer() {
            @Override
            public NodeId id() {
                return id;
            }

            @Override
            public byte[] sign(byte[] message) {
                return signature(id, message);
            }
        };
    }

    /** As long as Ed25519's, and as telling as a checksum. */
    private static byte[] signature(NodeId id, byte[] message) {
        var crc = new CRC32();
        crc.update(id.bytes());
        crc.update(message);
        byte[] signature = new byte[64];
        for (int at = 0; at < signature.length; at++) signature[at] = (byte) (crc.getValue() >>> (8 * (at % 4)));
        return signature;
    }
}
