package mesh.daemon.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import mesh.core.id.Invite;
import mesh.core.id.MeshId;
import mesh.core.id.Refusal;
import mesh.core.id.Role;
import mesh.daemon.quic.TestNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a node that was given no invite finds its place: the ways it is shown, one after the other. */
class BelongingTest {
    @TempDir
    Path folder;

    private final BlockingQueue<Unable> unable = new LinkedBlockingQueue<>();

    @Test
    void wayThatLeadsNowhereGivesWayToTheNextOne() throws Exception {
        try (var gone = new TestNode();
                var there = new TestNode()) {
            gone.found();
            there.found();
            var silent = new Finder.Way(gone.invite(Role.SERVE), List.of(new InetSocketAddress("127.0.0.1", 9)));
            var open = new Finder.Way(there.invite(Role.SERVE), List.of(there.endpoint.address()));
            var belonging = belonging(ways(Optional.empty(), silent, open));

            belonging.start();
            try {
                await(() -> mesh(belonging).equals(Optional.of(open.invite().mesh())));
                assertThat(belonging.view().orElseThrow().role()).contains(Role.SERVE);
            } finally {
                belonging.close();
            }
        }
    }

    @Test
    void whoeverNobodyLetsInFoundsAMeshIfItMay() throws Exception {
        try (var gone = new TestNode()) {
            gone.found();
            var silent = new Finder.Way(gone.invite(Role.SERVE), List.of(new InetSocketAddress("127.0.0.1", 9)));
            var belonging = belonging(ways(Optional.empty(), silent));

            belonging.start();
            try {
                await(() -> mesh(belonging).isPresent());
                assertThat(mesh(belonging))
                        .isNotEqualTo(Optional.of(silent.invite().mesh()));
                assertThat(belonging.view().orElseThrow().role()).contains(Role.ADMIN);
            } finally {
                belonging.close();
            }
        }
    }

    @Test
    void whoeverMayNotFoundEndsWithTheReason() throws Exception {
        var belonging = belonging(ways(Optional.of(Unable.of("mesh_not_found", "no mesh to join"))));

        belonging.start();

        assertThat(unable.poll(20, TimeUnit.SECONDS)).extracting(Unable::code).isEqualTo("mesh_not_found");
        belonging.close();
    }

    @Test
    void nodeGoesOverToTheMeshOfAnInviteWhileItRuns() throws Exception {
        try (var there = new TestNode()) {
            there.found();
            var belonging = lasting("node");

            belonging.start();
            try {
                await(() -> mesh(belonging).isPresent());
                assertThat(belonging.isAlone()).isTrue();
                Invite invite = there.invite(Role.SERVE);

                assertThat(belonging.move(invite)).isEqualTo(new Belonging.Move.Done(invite.mesh()));
                assertThat(mesh(belonging)).contains(invite.mesh());
                assertThat(belonging.isAlone()).isFalse();
                await(() -> belonging.connected().contains(there.endpoint.id()));
            } finally {
                belonging.close();
            }
            try (var left = Files.newDirectoryStream(folder.resolve("node"), "mesh-left-*")) {
                assertThat(left).hasSize(1);
            }
        }
    }

    @Test
    void whoeverIsNotLetInStaysWhereItIs() throws Exception {
        try (var there = new TestNode()) {
            there.found();
            Invite usedUp = there.invite(Role.SERVE);
            var first = lasting("first");
            var second = lasting("second");

            first.start();
            second.start();
            try {
                await(() -> mesh(first).isPresent() && mesh(second).isPresent());
                var before = mesh(second);
                first.move(usedUp);

                assertThat(second.move(usedUp)).isEqualTo(new Belonging.Move.Refused(Refusal.USED_UP));
                assertThat(mesh(second)).isEqualTo(before);
                assertThat(second.snapshot()).isPresent();
            } finally {
                first.close();
                second.close();
            }
        }
    }

    private Belonging belonging(Finder finder) {
        return belonging(folder, Optional.of(finder), true);
    }

    private Belonging lasting(String name) throws IOException {
        for (String each : List.of("state", "run")) Files.createDirectories(folder.resolve(name, each));
        return belonging(folder.resolve(name), Optional.empty(), false);
    }

    private Belonging belonging(Path data, Optional<Finder> finder, boolean isEphemeral) {
        var plan = new Belonging.Plan(
                data,
                List.of(),
                finder,
                isEphemeral,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new Reach(List.of(), List.of()),
                line -> {});
        return new Belonging(
                plan, (addresses, role) -> Bystander.profile("newcomer", addresses), new Bystander(), unable::add);
    }

    private static Finder ways(Optional<Unable> unanswered, Finder.Way... ways) {
        return new Finder() {
            @Override
            public Duration patience() {
                return Duration.ofMillis(ways.length > 1 ? 2_000 : 300);
            }

            @Override
            public List<Way> ways(Optional<MeshId> last) {
                return List.of(ways);
            }

            @Override
            public Optional<Unable> unanswered() {
                return unanswered;
            }
        };
    }

    private static Optional<MeshId> mesh(Belonging belonging) {
        return belonging.view().flatMap(Belonging.View::mesh);
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(deadline);
            Thread.sleep(20);
        }
    }
}
