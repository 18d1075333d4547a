package mesh.daemon.quic;

import static mesh.daemon.quic.TestNode.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import mesh.core.id.Role;
import mesh.core.wire.StreamType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class QuicEndpointTest {
    @Test
    void newcomerIsAdmittedByInviteAndBothSpeak() throws Exception {
        try (var founder = new TestNode().found();
                var newcomer = new TestNode()) {
            var outcome = newcomer.join(founder.invite(Role.SPLIT));

            assertThat(outcome).isInstanceOf(Dialled.Reached.class);
            assertThat(((Dialled.Reached) outcome).observed()).isEqualTo(Addresses.text(newcomer.endpoint.address()));
            eventually(() -> !founder.up.isEmpty());
            newcomer.peer(founder).post(StreamType.GOSSIP, "one".getBytes(StandardCharsets.UTF_8));
            newcomer.peer(founder).post(StreamType.GOSSIP, "two".getBytes(StandardCharsets.UTF_8));
            founder.peer(newcomer).post(StreamType.GOSSIP, "three".getBytes(StandardCharsets.UTF_8));
            assertThat(founder.messages.poll(10, TimeUnit.SECONDS)).endsWith("GOSSIP one");
            assertThat(founder.messages.poll(10, TimeUnit.SECONDS)).endsWith("GOSSIP two");
            assertThat(newcomer.messages.poll(10, TimeUnit.SECONDS)).endsWith("GOSSIP three");
            assertThat(founder.peer(newcomer).role()).isEqualTo(Role.SPLIT);
        }
    }

    @Test
    void typedStreamCarriesBothWays() throws Exception {
        try (var founder = new TestNode().found();
                var newcomer = new TestNode()) {
            newcomer.join(founder.invite(Role.SPLIT));
            var hearing = new TestNode.Hearing();

            var stream =
                    newcomer.peer(founder).open(StreamType.RPC, hearing).sync().getNow();
            TestNode.say(stream, "hello");

            assertThat(hearing.heard.poll(10, TimeUnit.SECONDS)).isEqualTo("hello");
        }
    }

    @Test
    void membersLetEachOtherInByCertificateAlone() throws Exception {
        try (var founder = new TestNode().found();
                var first = new TestNode();
                var second = new TestNode()) {
            first.join(founder.invite(Role.SERVE));
            second.join(founder.invite(Role.CLIENT));
            founder.endpoint.close();

            var outcome = second.dial(first);

            assertThat(outcome).isInstanceOf(Dialled.Reached.class);
            assertThat(second.peer(first).role()).isEqualTo(Role.SERVE);
        }
    }
}
