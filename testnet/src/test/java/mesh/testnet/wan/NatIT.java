package mesh.testnet.wan;

import static mesh.testnet.wan.WanNode.by;
import static mesh.testnet.wan.WanNode.direct;
import static mesh.testnet.wan.WanNode.via;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two nodes behind different NATs, and members of their mesh on the open network. Where the NATs keep a socket's port for
 * everybody, the two meet at the hole that both punch; where each new address gets a random port, a member carries their
 * packets, and nobody carries anything for longer than there is no other way.
 */
class NatIT {
    private static final Pump.Weather BAD = new Pump.Weather(40, 10, 7);

    @TempDir
    Path folder;

    private final Opened open = new Opened();

    @AfterEach
    void end() throws Exception {
        open.close();
    }

    @Test
    void natsThatKeepTheirPortsAreGoneThrough() throws Exception {
        punched(Optional.empty());
    }

    @Test
    void natsThatKeepTheirPortsAreGoneThroughOverABadLink() throws Exception {
        punched(Optional.of(BAD));
    }

    @Test
    void natsWithRandomPortsAreRelayedUntilThereIsAnotherWay() throws Exception {
        relayed(Optional.empty());
    }

    @Test
    void natsWithRandomPortsAreRelayedOverABadLink() throws Exception {
        relayed(Optional.of(BAD));
    }

    private void punched(Optional<Pump.Weather> weather) throws Exception {
        var homes = Homes.build(open.keep(Lab.open()), "masquerade", weather);
        WanNode founder = open.keep(WanNode.start(homes.first(), folder, "open"));
        String invite = founder.node().invite();
        WanNode ann = open.keep(WanNode.start(homes.ann(), folder, "ann", "--join", invite));
        WanNode bob = open.keep(WanNode.start(homes.bob(), folder, "bob", "--join", invite));
        ann.node().await("mesh.joined");
        bob.node().await("mesh.joined");

        Duration met = ann.await("bob", by("punched"));
        bob.await("ann", by("punched"));

        assertThat(met).isLessThan(Duration.ofSeconds(20));
        assertThat(ann.node().events("peer.lost")).isEmpty();
        report("punched", weather, met);
    }

    private void relayed(Optional<Pump.Weather> weather) throws Exception {
        Lab lab = open.keep(Lab.open());
        var homes = Homes.build(lab, "masquerade random,fully-random", weather);
        WanNode first = open.keep(WanNode.start(homes.first(), folder, "first"));
        String invite = first.node().invite();
        WanNode second = open.keep(WanNode.start(homes.second(), folder, "second", "--join", invite));
        second.node().await("mesh.joined");
        String relay = first.id();
        WanNode ann = open.keep(WanNode.start(homes.ann(), folder, "ann", "--join", invite, "--relay", relay));
        WanNode bob = open.keep(WanNode.start(homes.bob(), folder, "bob", "--join", invite, "--relay", relay));
        ann.node().await("mesh.joined");
        bob.node().await("mesh.joined");

        Duration carried = ann.await("bob", via("first"));
        bob.await("ann", via("first"));
        ann.await("second", direct());
        bob.await("second", direct());

        first.node().handle().destroyForcibly();
        Duration taken = ann.await("bob", via("second"));
        bob.await("ann", via("second"));

        lab.join(homes.ann(), "cable", "10.9.0.1/24", homes.bob(), "cable", "10.9.0.2/24");
        Duration left = ann.await("bob", by("lan"));
        bob.await("ann", by("lan"));

        assertThat(left).isLessThan(Duration.ofSeconds(20));
        report("relayed", weather, carried);
        report("relayed by another", weather, taken);
        report("relay left", weather, left);
    }

    private static void report(String what, Optional<Pump.Weather> weather, Duration after) {
        System.out.println(what + weather.map(bad -> ", " + bad).orElse("") + ": " + after.toMillis() + " ms");
    }

    /** Two homes behind a NAT each, and two machines on the open network between them. */
    private record Homes(Lab.Space first, Lab.Space second, Lab.Space ann, Lab.Space bob) {
        static Homes build(Lab lab, String translation, Optional<Pump.Weather> weather) throws Exception {
            Lab.Space internet = lab.hub("internet");
            // The far end of a slow uplink is a router on the open network.
            internet.ip("addr", "add", "203.0.113.1/24", "dev", "switch");
            internet.forward();
            Lab.Space first = lab.space("first");
            lab.plug(first, "eth", "203.0.113.10/24", internet);
            first.ip("route", "add", "default", "via", "203.0.113.1");
            Lab.Space second = lab.space("second");
            lab.plug(second, "eth", "203.0.113.11/24", internet);
            second.ip("route", "add", "default", "via", "203.0.113.1");
            Lab.Space ann = home(lab, internet, "ann", 1, translation, weather);
            Lab.Space bob = home(lab, internet, "bob", 2, translation, Optional.empty());
            return new Homes(first, second, ann, bob);
        }

        private static Lab.Space home(
                Lab lab,
                Lab.Space internet,
                String name,
                int number,
                String translation,
                Optional<Pump.Weather> weather)
                throws Exception {
            Lab.Space router = lab.space(name + "-nat");
            String outside = "198.51.100." + 4 * number;
            String carrier = "198.51.100." + (4 * number + 1);
            if (weather.isPresent())
                lab.joinSlowly(router, "wan", outside + "/31", internet, "to" + number, carrier + "/31", weather.get());
            else lab.join(router, "wan", outside + "/31", internet, "to" + number, carrier + "/31");
            router.ip("route", "add", "default", "via", carrier);
            router.forward();
            // As home routers do: out for everybody, in for answers only, and silence to strangers.
            router.filter("""
                    table ip nat {
                        chain out {
                            type nat hook postrouting priority srcnat
                            oifname "wan" %s
                        }
                    }
                    table ip filter {
                        chain in {
                            type filter hook input priority filter
                            iifname "wan" ct state new drop
                        }
                        chain through {
                            type filter hook forward priority filter
                            iifname "wan" ct state new drop
                        }
                    }
                    """.formatted(translation));
            Lab.Space home = lab.space(name);
            lab.join(home, "eth", "192.168." + number + ".2/24", router, "lan", "192.168." + number + ".1/24");
            home.ip("route", "add", "default", "via", "192.168." + number + ".1");
            return home;
        }
    }
}
