package mesh.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeMap;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Accusation;
import mesh.core.member.Announcement;
import mesh.core.member.Carried;
import mesh.core.member.Farewell;
import mesh.core.member.Member;
import mesh.core.member.Profile;
import mesh.core.member.Profile.Phase;
import mesh.core.member.Profiles;
import mesh.core.member.Rumor;
import mesh.core.member.Told;
import mesh.core.member.Voice;
import mesh.core.wire.Message;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A client's table in parts, as networks deliver them: in any order, some twice, with news in between. */
final class PassiveTest {
    private static final Tunables TUNABLES = Tunables.lan();
    private static final int HOSTS = 300;
    private static final int WORD_BYTES = 400;
    private static final NodeId SOURCE = id(0);

    private final Map<NodeId, Told> hosts = new TreeMap<>();
    private final Followers source = new Followers(TUNABLES);
    private final Passive client = new Passive(new Trusting(), TUNABLES.passives(), new SplittableRandom(1));

    @BeforeEach
    void aLargeMesh() {
        for (int host = 0; host < HOSTS; host++) says(host, 1);
    }

    @Test
    void partsMayComeInAnyOrderAndTwice() {
        List<Message.RouteTable> parts = new ArrayList<>(pulled());
        assertThat(parts).hasSizeGreaterThan(4);
        parts.addAll(List.copyOf(parts));
        Collections.shuffle(parts, new Random(7));

        for (Message.RouteTable part : parts) client.table(SOURCE, part, 10);

        assertThat(client.hosts(10)).hasSize(HOSTS);
    }

    @Test
    void aTableIsTakenWholeOrNotAtAll() {
        List<Message.RouteTable> parts = pulled();

        for (Message.RouteTable part : parts.subList(1, parts.size())) client.table(SOURCE, part, 10);

        assertThat(client.hosts(10)).isEmpty();
    }

    @Test
    void partsOfTwoTablesAreNotMixed() {
        List<Message.RouteTable> before = pulled();
        says(HOSTS, 1);
        List<Message.RouteTable> after = asked();

        for (Message.RouteTable part : before.subList(1, before.size())) client.table(SOURCE, part, 10);
        client.table(SOURCE, after.getFirst(), 10);
        assertThat(client.hosts(10)).isEmpty();
        for (Message.RouteTable part : after) client.table(SOURCE, part, 10);

        assertThat(client.hosts(10)).hasSize(HOSTS + 1);
    }

    @Test
    void newsBetweenPartsSurvivesTheRest() {
        List<Message.RouteTable> parts = pulled();
        client.table(SOURCE, parts.getFirst(), 10);
        Told newer = says(0, 2);
        Told joined = says(HOSTS, 1);
        NodeId left = ((Announcement) parts.getFirst().hosts().get(1).rumor()).subject();

        client.news(SOURCE, new Message.RouteNews(List.of(newer, joined), List.of(left)), 11);
        for (Message.RouteTable part : parts.subList(1, parts.size())) client.table(SOURCE, part, 12);

        List<Member> known = client.hosts(12);
        assertThat(known).extracting(Member::id).doesNotContain(left).contains(id(HOSTS));
        assertThat(known)
                .filteredOn(member -> member.id().equals(SOURCE))
                .singleElement()
                .satisfies(member -> assertThat(member.said().sequence()).isEqualTo(2));
    }

    private Told says(int host, long sequence) {
        Profile profile =
                Profiles.of(1).serves(new ModelRef("small"), Phase.READY).build();
        var word = new Announcement(id(host), 1, sequence, profile, new Carried(new byte[WORD_BYTES], new byte[64]));
        var told = new Told(word, 0);
        hosts.put(word.subject(), told);
        return told;
    }

    /** What answers the client's first question. */
    private List<Message.RouteTable> pulled() {
        client.admitted(SOURCE, 0, new ArrayList<>());
        return asked();
    }

    private List<Message.RouteTable> asked() {
        var out = new ArrayList<Effect>();
        source.asked(id(-1), 0, hosts, 0, out);
        return out.stream()
                .map(effect -> (Message.RouteTable) ((Effect.Send) effect).message())
                .toList();
    }

    private static NodeId id(int number) {
        byte[] key = new byte[NodeId.BYTES];
        key[0] = (byte) (number >> 8);
        key[1] = (byte) number;
        return NodeId.of(key);
    }

    /** Believes everything; signatures are tested elsewhere. */
    private static final class Trusting implements Voice {
        @Override
        public NodeId id() {
            return PassiveTest.id(-1);
        }

        @Override
        public Announcement announce(long incarnation, long sequence, Profile profile) {
            throw new IllegalStateException("clients announce nothing");
        }

        @Override
        public Accusation accuse(NodeId subject, long incarnation, Accusation.Verdict verdict) {
            throw new IllegalStateException("clients accuse nobody");
        }

        @Override
        public Farewell bidFarewell(long incarnation) {
            throw new IllegalStateException("clients leave without a word");
        }

        @Override
        public boolean isGenuine(Rumor rumor) {
            return true;
        }
    }
}
