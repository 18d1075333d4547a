package mesh.testnet.wan;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import mesh.testnet.Needs;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes that speak only IPv6, each of which moves to another address while they are connected. */
class RoamingIT {
    @TempDir
    Path folder;

    private final Opened open = new Opened();

    @AfterEach
    void end() throws Exception {
        open.close();
    }

    @Test
    void nodeThatMovesIsHeardAgainAtOnceWhoeverDialled() throws Exception {
        Needs.that(Files.exists(Path.of("/proc/net/if_inet6")), "this kernel has no IPv6");
        Lab lab = open.keep(Lab.open());
        Lab.Space net = lab.hub("net");
        Lab.Space one = lab.space("one");
        lab.plug(one, "eth", "fd00:6d:0:0:0:0:0:1/64", net);
        Lab.Space two = lab.space("two");
        lab.plug(two, "eth", "fd00:6d:0:0:0:0:0:2/64", net);
        WanNode founder = open.keep(WanNode.start(one, folder, "founder"));
        WanNode joiner = open.keep(
                WanNode.start(two, folder, "joiner", "--join", founder.node().invite()));
        joiner.node().await("mesh.joined");
        founder.await("joiner", WanNode.by("lan"));

        Duration dialler = move(two, joiner, "fd00:6d:0:0:0:0:0:2/64", "fd00:6d:0:0:0:0:0:22/64", founder);
        Duration dialled = move(one, founder, "fd00:6d:0:0:0:0:0:1/64", "fd00:6d:0:0:0:0:0:11/64", joiner);

        System.out.println("moved: " + dialler.toMillis() + " ms, who was dialled: " + dialled.toMillis() + " ms");
        assertThat(dialled).isLessThan(Duration.ofSeconds(20));
    }

    /** How long until the other has heard something that the mover said of itself after it moved. */
    private static Duration move(Lab.Space at, WanNode mover, String from, String to, WanNode other) throws Exception {
        long movedNanos = System.nanoTime();
        at.ip("addr", "del", from, "dev", "eth");
        at.address("eth", to);
        mover.node()
                .await("network.changed", e -> e.path("addresses").toString().contains(to.replace("/64", "")));
        other.await(
                mover.name(),
                WanNode.direct()
                        .and(peer -> peer.path("ageMillis").asLong()
                                < TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - movedNanos)));
        return Duration.ofNanos(System.nanoTime() - movedNanos);
    }
}
