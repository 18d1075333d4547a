package mesh.testnet.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import mesh.core.Event;
import mesh.core.Node;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Accusation.Verdict;
import mesh.core.member.Change;
import mesh.core.member.Member;
import mesh.core.member.Rumor;
import mesh.core.member.Told;
import mesh.core.member.Word;
import mesh.core.wire.Message;
import mesh.core.wire.SignedVoice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A member that lies about others: nobody speaks for another node. */
class ForgerySim {
    private static final int LIAR = 1;
    private static final int VICTIM = 2;
    private static final ModelRef LARGE = new ModelRef("Qwen2.5-72B");

    @Test
    void wordUnderAWrongSignatureChangesNothing() {
        var mesh = mesh();
        var before = mesh.node(0).snapshot().peers();

        announceAsTheVictim(mesh);

        assertThat(mesh.forgeries()).isEqualTo(1);
        assertThat(mesh.node(0).snapshot().peers())
                .extracting(Member::said)
                .containsExactlyElementsOf(before.stream().map(Member::said).toList());
    }

    @Test
    void farewellInAnothersNameEvictsNobody() {
        var mesh = mesh();
        var losses = Losses.seenByAll(mesh);

        say(mesh, otherMesh(mesh.id(VICTIM)).bidFarewell(incarnation(mesh)));

        assertThat(mesh.node(0).snapshot().peers()).hasSize(4);
        assertThat(losses.count()).isZero();
    }

    @Test
    void deathInAnothersNameIsNotBelieved() {
        var mesh = mesh();
        var losses = Losses.seenByAll(mesh);

        say(mesh, otherMesh(mesh.id(3)).accuse(mesh.id(VICTIM), incarnation(mesh), Verdict.DEAD));

        assertThat(losses.count()).isZero();
    }

    @Test
    void liarsOwnVerdictIsAnsweredAtOnce() {
        var mesh = mesh();
        var liar = uncertified(mesh.id(LIAR));

        say(mesh, liar.accuse(mesh.id(VICTIM), incarnation(mesh), Verdict.DEAD));

        mesh.converge(mesh.tunables().expectedSpreadMillis(5));
        assertThat(mesh.node(0).snapshot().peers()).hasSize(4);
    }

    @Test
    void nobodyElseRaisesAnIncarnation() {
        var mesh = mesh();
        var liar = uncertified(mesh.id(LIAR));
        long before = incarnation(mesh);
        int[] refuted = {0};
        mesh.watch((_, _, change) -> {
            if (change instanceof Change.Refuted) refuted[0]++;
        });

        for (int node = 0; node < 5; node++) {
            if (node == LIAR) continue;
            tell(mesh, node, liar.accuse(mesh.id(VICTIM), before + 1_000_000, Verdict.DEAD));
        }
        mesh.run(5_000);

        assertThat(refuted[0]).isZero();
        assertThat(incarnation(mesh)).isEqualTo(before);
    }

    /** With 36 GiB the liar would host the split, with 29 lend to it. */
    @ParameterizedTest
    @ValueSource(ints = {36, 29})
    void whoHasNoCertificateForItIsInNobodysSplit(int memoryGib) {
        var mesh = splitBesideALiar(memoryGib, Node::new);

        mesh.run(20_000);

        assertThat(mesh.engines().part(0, LARGE)).startsWith("hosts over [2]");
        assertThat(mesh.engines().part(2, LARGE)).isEqualTo("lends to 0");
        assertThat(mesh.forgeries()).isPositive();
    }

    static Simulation splitBesideALiar(int memoryGib, NodeMaker maker) {
        var mesh = Simulation.of(3)
                .seed(82)
                .maker((voice, tunables, incarnation, profile, seed, nowMillis) -> {
                    boolean lies = voice.id().equals(HashKeys.id(LIAR));
                    return maker.make(
                            lies ? uncertified(voice.id()) : voice, tunables, incarnation, profile, seed, nowMillis);
                })
                .build();
        long[] memoryBytes = {30 * Machines.GIB, memoryGib * Machines.GIB, 20 * Machines.GIB};
        for (int node = 0; node < 3; node++)
            mesh.start(node, Machines.serving(node, memoryBytes[node], LARGE, 40 * Machines.GIB, false));
        mesh.join(LIAR, 0);
        mesh.join(2, 0);
        return mesh;
    }

    static void announceAsTheVictim(Simulation mesh) {
        say(mesh, otherMesh(mesh.id(VICTIM)).announce(Long.MAX_VALUE >> 2, 1, Machines.plain(9)));
    }

    private static Simulation mesh() {
        return mesh(Node::new);
    }

    static Simulation mesh(NodeMaker maker) {
        var mesh = Simulation.of(5).seed(81).maker(maker).build();
        mesh.startAllThrough(0);
        mesh.converge(10_000);
        return mesh;
    }

    private static void say(Simulation mesh, Rumor rumor) {
        tell(mesh, 0, rumor);
        mesh.run(200);
    }

    private static void tell(Simulation mesh, int node, Rumor rumor) {
        var spread = new Message.Gossip(new Word.Spread(List.of(new Told(rumor, 0))));
        mesh.tell(node, new Event.Received(mesh.id(LIAR), spread));
    }

    private static long incarnation(Simulation mesh) {
        return mesh.node(VICTIM).members().said().incarnation();
    }

    /** Signs, but as one does in another mesh. */
    private static SignedVoice otherMesh(NodeId id) {
        return new SignedVoice(HashKeys.signer(id), HashKeys.verifier(), new byte[] {'o'}, HashKeys.licence(id));
    }

    /** Signs as it should, and shows another's credential. */
    private static SignedVoice uncertified(NodeId id) {
        return new SignedVoice(
                HashKeys.signer(id), HashKeys.verifier(), Simulation.MESH, HashKeys.licence(HashKeys.id(VICTIM)));
    }
}
